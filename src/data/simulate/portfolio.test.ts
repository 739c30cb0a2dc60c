import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { createRandom } from '../../core/random.ts'
import type { Table } from '../table.ts'
import { formatCsv } from '../write-csv.ts'
import { drawCompromisedTerminals, drawLeakedCustomers } from './portfolio/handbook-frauds.ts'
import { drawReportDelay } from './portfolio/labels.ts'
import { distanceKm } from './portfolio/places.ts'
import { scenario } from './portfolio/scenario.ts'
import { type PortfolioOptions, simulatePortfolio, stream } from './portfolio.ts'

const dayMs = 86_400_000
const hourMs = 3_600_000
const startMs = Date.UTC(2026, 0, 1)

const names = [
  'transaction_id',
  'time',
  'customer_id',
  'card_id',
  'terminal_id',
  'merchant_id',
  'device_id',
  'amount',
  'currency',
  'category',
  'country',
  'card_country',
  'channel',
  'latitude',
  'longitude',
  'is_fraud',
  'label_known_at',
  'scenario',
]

interface Row {
  readonly id: string
  readonly time: number
  readonly day: number
  readonly customer: string
  readonly card: string
  readonly terminal: string
  readonly merchant: string
  readonly device: string
  readonly amount: number
  readonly channel: string
  readonly latitude: number
  readonly longitude: number
  readonly isFraud: number
  readonly knownAt: number
  readonly scenario: number
}

function readRows(tables: Iterable<Table>): Row[] {
  return [...tables].flatMap((table) => {
    const number = (name: string) => {
      const column = table.columns.find((candidate) => candidate.name === name)
      assert.ok(column !== undefined && column.kind !== 'text', name)
      return (row: number) => column.values[row]
    }
    const text = (name: string) => {
      const column = table.columns.find((candidate) => candidate.name === name)
      assert.ok(column !== undefined && column.kind === 'text', name)
      return (row: number) => (column.codes[row] < 0 ? '' : column.dictionary[column.codes[row]])
    }
    const [id, customer, card, terminal] = ['transaction_id', 'customer_id', 'card_id', 'terminal_id'].map(text)
    const [merchant, device, channel] = ['merchant_id', 'device_id', 'channel'].map(text)
    const [time, amount, latitude, longitude] = ['time', 'amount', 'latitude', 'longitude'].map(number)
    const [isFraud, knownAt, kind] = ['is_fraud', 'label_known_at', 'scenario'].map(number)
    return Array.from({ length: table.rowCount }, (_, row) => ({
      id: id(row),
      time: time(row),
      day: Math.floor((time(row) - startMs) / dayMs),
      customer: customer(row),
      card: card(row),
      terminal: terminal(row),
      merchant: merchant(row),
      device: device(row),
      amount: amount(row),
      channel: channel(row),
      latitude: latitude(row),
      longitude: longitude(row),
      isFraud: isFraud(row),
      knownAt: knownAt(row),
      scenario: kind(row),
    }))
  })
}

function groupBy(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  return Map.groupBy(rows, keyOf)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function assertBetween(what: string, value: number, least: number, most: number): void {
  assert.ok(value >= least && value <= most, `${what} is ${value}, not in [${least}, ${most}]`)
}

/** The number in a token, from 0. */
function numberOf(token: string): number {
  return Number(token.slice(2)) - 1
}

function csvOf(options: PortfolioOptions): string {
  return Buffer.concat([...formatCsv(simulatePortfolio(options))]).toString()
}

// Made once, read by all the tests of scenarios and statistics.
const size = { customers: 2500, terminals: 5000, days: 40, seed: 5 }
const rows = readRows(simulatePortfolio(size))
const legitimate = rows.filter((row) => row.scenario === scenario.legitimate)
const ofScenario = (name: keyof typeof scenario) => rows.filter((row) => row.scenario === scenario[name])
/** What customers bought themselves, be it misused afterwards. */
const genuine = rows.filter((row) => row.scenario <= scenario.leakedCard)

test('the same seed gives the same bytes, and another seed others', () => {
  const options = { customers: 60, terminals: 90, days: 5, seed: 2 ** 40 + 1 }
  const text = csvOf(options)
  assert.equal(csvOf(options), text)
  assert.notEqual(csvOf({ ...options, seed: 1 }), text)
})

test('a start whole weeks later shifts every time, and further days leave the earlier ones as they are', () => {
  const options = { customers: 60, terminals: 90, days: 3, seed: 9 }
  const first = readRows(simulatePortfolio(options))
  const longer = readRows(simulatePortfolio({ ...options, days: 5 }))
  assert.deepEqual(longer.slice(0, first.length), first)
  const later = readRows(simulatePortfolio({ ...options, startMs: startMs + 7 * dayMs }))
  assert.deepEqual(
    later.map(({ time }) => time - 7 * dayMs),
    first.map(({ time }) => time),
  )
})

test('any size has sorted rows with rising ids, amounts in cents, and positions and devices where they belong', () => {
  const sizes = fc.record({
    customers: fc.integer({ min: 1, max: 60 }),
    terminals: fc.integer({ min: 1, max: 60 }),
    days: fc.integer({ min: 1, max: 6 }),
    seed: fc.maxSafeNat(),
  })
  fc.assert(
    fc.property(sizes, (options) => {
      const tables = [...simulatePortfolio(options)]
      for (const { columns } of tables) {
        assert.deepEqual(
          columns.map(({ name }) => name),
          names,
        )
      }
      const some = readRows(tables)
      some.forEach((row, i) => {
        assert.equal(row.id, `t-${String(i + 1).padStart(7, '0')}`)
        assert.ok(i === 0 || row.time >= some[i - 1].time)
        assert.ok(row.day >= 0 && row.day < options.days)
        assert.match(String(row.amount), /^\d+(\.\d{1,2})?$/)
        assert.ok(row.amount > 0)
        assert.equal(Number.isNaN(row.latitude) || Number.isNaN(row.longitude), row.channel === 'online')
        assert.equal(row.device === '', row.channel === 'pos')
        assert.equal(row.isFraud, row.scenario === 0 ? 0 : 1)
        assert.ok(row.knownAt >= row.time)
        assert.ok([row.customer, row.card, row.terminal, row.merchant].every((token) => token !== ''))
      })
    }),
    { numRuns: 50 },
  )
})

test('no value looks like the number of a card', () => {
  for (const cell of csvOf({ customers: 300, terminals: 600, days: 10 }).split(/[,\n]/)) {
    assert.ok(!/\d{13}/.test(cell.replaceAll(/[\s-]/g, '')), cell)
  }
})

test('a customer buys about twice a day, and between half a percent and three halves are frauds, from day one', () => {
  assertBetween('purchases per customer and day', rows.length / size.customers / size.days, 1.9, 2.2)
  for (const seed of [5, 6, 7]) {
    const some = seed === size.seed ? rows : readRows(simulatePortfolio({ ...size, days: 12, seed }))
    assertBetween(`fraud rate of seed ${seed}`, mean(some.map(({ isFraud }) => isFraud)), 0.005, 0.015)
  }
  for (const name of Object.values(scenario)) assert.ok(rows.some((row) => row.scenario === name))
})

test('every amount over 220 is a fraud, and few are', () => {
  for (const row of rows) if (row.amount > 220) assert.equal(row.isFraud, 1)
  for (const row of ofScenario('largeAmount')) assert.ok(row.amount > 220)
  assertBetween('share of large amounts', ofScenario('largeAmount').length / rows.length, 0.0002, 0.0015)
})

test('two of 10,000 terminals are compromised a day, and everything there is fraud for 28 days, nothing before or after', () => {
  const terminals = 10_000
  const random = createRandom(1)
  const compromised = drawCompromisedTerminals(terminals, random)
  const days = new Map<number, number>()
  for (let day = 0; day < 100; day++) {
    const drawn = compromised.draw(day)
    assert.equal(drawn.length, 2)
    for (const terminal of drawn) days.set(terminal, day)
    for (const [terminal, since] of days) assert.equal(compromised.isDrawn(terminal, day), day < since + 28)
  }

  const own = drawCompromisedTerminals(size.terminals, createRandom(size.seed, stream.compromisedTerminals))
  let today = -1
  for (const row of rows) {
    while (today < row.day) own.draw(++today)
    const isCompromised = own.isDrawn(numberOf(row.terminal), row.day)
    if (isCompromised) assert.ok(row.scenario >= scenario.compromisedTerminal, row.id)
    if (row.scenario === scenario.compromisedTerminal) assert.ok(isCompromised, row.id)
  }
})

test('of what a customer with leaked cards buys in 14 days a third costs five times as much and is fraud', () => {
  const leaked = drawLeakedCustomers(size.customers, createRandom(size.seed, stream.leakedCustomers))
  let today = -1
  let bought = 0
  for (const row of genuine) {
    while (today < row.day) leaked.draw(++today)
    const isLeaked = leaked.isDrawn(numberOf(row.customer), row.day)
    if (isLeaked) bought++
    if (row.scenario !== scenario.leakedCard) continue
    assert.ok(isLeaked, row.id)
    assert.equal(Math.round(row.amount * 100) % 5, 0)
  }
  assertBetween('share of misuse', ofScenario('leakedCard').length / bought, 0.28, 0.39)
  const usual = mean(legitimate.map(({ amount }) => amount))
  assertBetween('times the usual', mean(ofScenario('leakedCard').map(({ amount }) => amount)) / usual, 3.5, 7)
})

test('card testing comes in bursts: many small payments with as many cards from few devices at one shop in minutes', () => {
  const bursts = groupBy(ofScenario('cardTesting'), ({ day, merchant }) => `${day} ${merchant}`)
  assert.ok(bursts.size >= 3)
  for (const [, burst] of bursts) {
    assertBetween('payments', burst.length, 12, 40)
    assert.equal(new Set(burst.map(({ card }) => card)).size, burst.length)
    assertBetween('devices', new Set(burst.map(({ device }) => device)).size, 1, 3)
    assert.ok(burst[burst.length - 1].time - burst[0].time < hourMs / 4)
    for (const { amount, channel } of burst) {
      assertBetween('amount', amount, 0.5, 2)
      assert.equal(channel, 'online')
    }
  }
  const smallAndFine = legitimate.filter(({ amount, channel }) => channel === 'online' && amount <= 2).length
  assert.ok(smallAndFine > 2 * ofScenario('cardTesting').length, 'a small amount alone says little')
})

test('a clone follows a use at home faster than anybody travels, and customers themselves never do', () => {
  let clones = 0
  for (const [, uses] of groupBy(
    rows.filter(({ channel }) => channel === 'pos'),
    ({ card }) => card,
  )) {
    let last: Row | undefined
    for (const use of uses) {
      const km = last === undefined ? 0 : distanceKm(last, use)
      const kmPerHour = last === undefined ? 0 : (km / (use.time - last.time)) * hourMs
      if (use.scenario === scenario.impossibleTravel) {
        assert.ok(last !== undefined && use.time > last.time && kmPerHour > 900, `${use.id}: ${kmPerHour}`)
        assert.ok(use.time - last.time < 3 * hourMs)
        clones++
      } else if (use.scenario <= scenario.leakedCard) {
        assert.ok(km < 100 || kmPerHour < 900, use.id)
        // A journey ends at ten in the morning, and the night before it is spent at home.
        if (last !== undefined && km > 100 && use.time - last.time < dayMs) {
          assert.ok(use.time % dayMs >= 10 * hourMs, use.id)
        }
        last = use
      }
    }
  }
  assert.equal(clones, ofScenario('impossibleTravel').length)
})

test('a takeover charges cards that never were there, rather at night, somewhat more than is usual', () => {
  // Where few terminals have many customers, trips lead to every one of them.
  const crowded = readRows(simulatePortfolio({ customers: 3000, terminals: 25, days: 30, seed: 5 }))
  for (const some of [rows, crowded]) {
    const visits = new Set<string>()
    for (const row of some) if (row.scenario <= scenario.leakedCard) visits.add(`${row.customer} ${row.merchant}`)
    for (const row of some) {
      if (row.scenario === scenario.merchantTakeover) assert.ok(!visits.has(`${row.customer} ${row.merchant}`), row.id)
    }
  }
  const takeovers = groupBy(ofScenario('merchantTakeover'), ({ merchant }) => merchant)
  const usual = groupBy(genuine, ({ merchant }) => merchant)
  const ratios: number[] = []
  for (const [merchant, charges] of takeovers) {
    const amounts = usual.get(merchant)?.map(({ amount }) => amount) ?? []
    if (amounts.length >= 10) ratios.push(...charges.map(({ amount }) => amount / mean(amounts)))
    assert.ok(charges.length >= 5)
  }
  assertBetween('how much more', mean(ratios), 1.1, 2.2)
  const isNight = ({ time }: Row) => Number(time % dayMs < 6 * hourMs)
  assertBetween('night share of takeovers', mean(ofScenario('merchantTakeover').map(isNight)), 0.4, 0.9)
  assertBetween('night share otherwise', mean(legitimate.map(isNight)), 0.01, 0.1)
})

test('a compromised card is replaced once the fraud is known and the leak is over', () => {
  const lastUse = new Map(genuine.map(({ card, day }) => [card, day]))
  const cards = groupBy(rows, ({ customer }) => customer)
  for (const row of rows) {
    if (row.isFraud === 0) continue
    const reportDay = Math.floor((row.knownAt - startMs) / dayMs)
    assert.ok((lastUse.get(row.card) ?? 0) <= Math.max(reportDay, row.day + 14), row.id)
  }
  const numbers = Array.from(cards.values(), (uses) => new Set(uses.map(({ card }) => card)).size)
  assertBetween('cards per customer', mean(numbers), 1.2, 2)
})

test('a fraud is known after a week in the middle and two months at most, what is legitimate after 30 days', () => {
  for (const row of legitimate) assert.equal(row.knownAt, row.time + 30 * dayMs)
  const random = createRandom(3)
  const days = Array.from({ length: 5000 }, () => drawReportDelay(random) / 86_400).sort((a, b) => a - b)
  assertBetween('median', days[2500], 6.5, 7.5)
  assertBetween('earliest', days[0], 0, 1)
  assertBetween('ninth decile', days[4500], 18, 28)
  assert.equal(days.at(-1), 60)
})

test('no more than a day is made ahead and kept, however many days there are', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  const heap = () => {
    // One collection leaves behind what only another one's finalizers let go.
    for (let round = 0; round < 3; round++) collect()
    return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
  }
  let daysDone = 0
  const batches = simulatePortfolio({
    customers: 1500,
    terminals: 600,
    days: 120,
    onProgress: (done) => {
      daysDone = done
    },
  })
  let batch = 0
  const held: number[] = []
  for (const table of batches) {
    assert.equal(daysDone, batch, 'a day is made when it is asked for')
    assert.ok(table.rowCount <= 20_000)
    batch++
    if (batch === 10 || batch === 120) held.push(heap())
  }
  // The rows of the 110 days between would be 45 MB.
  assert.ok(held[1] - held[0] < 4e6, `${held[1] - held[0]} bytes more`)
})

test('a day that is larger than a batch comes in several', () => {
  const sizes = [...simulatePortfolio({ customers: 14_000, terminals: 100, days: 1 })].map(({ rowCount }) => rowCount)
  assert.equal(sizes.length, 2)
  assert.equal(sizes[0], 20_000)
})

test('impossible options are refused by name, at once', () => {
  for (const [options, name] of [
    [{ customers: 0 }, 'customers'],
    [{ customers: 1.5 }, 'customers'],
    [{ terminals: 0 }, 'terminals'],
    [{ terminals: Number.NaN }, 'terminals'],
    [{ days: 0 }, 'days'],
    [{ seed: -1 }, 'seed'],
    [{ startMs: startMs + 1 }, 'start'],
    [{ startMs: -dayMs }, 'start'],
    [{ startMs: Number.NaN }, 'start'],
  ] as const) {
    assert.throws(() => simulatePortfolio(options), { code: 'OPTION_INVALID', message: new RegExp(`^${name}`) })
  }
})
