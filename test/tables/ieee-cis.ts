import { createRandom, type Random } from '../../src/core/random.ts'
import {
  burstCount,
  decimals,
  drawAmount,
  drawSecondOfDay,
  type MadeTable,
  numbered,
  pick,
  type TableSize,
  texts,
  wholes,
  writeFloat,
} from './made-table.ts'

const days = 120
const daySeconds = 86_400
const paymentsPerClient = 12
const fraudShare = 0.035
const fraudsPerClient = 7
const firstId = 2_987_000
/** Columns of V that are known or unknown together, as in the original. */
const groupSize = 23
const domains = ['gmail.com', 'yahoo.com', 'hotmail.com', 'anonymous.com', 'aol.com', 'outlook.com', 'icloud.com']

interface Client {
  /** card1 to card6, addr1 and addr2 */
  readonly card: readonly string[]
  readonly domain: string
  readonly scale: number
  readonly firstDay: number
}
interface Payment {
  readonly second: number
  readonly client: Client
  readonly product: string
  readonly amount: number
  readonly isFraud: boolean
}
/** A payment among the client's own. */
interface Placed extends Payment {
  readonly before: number
  readonly withinDay: number
  readonly secondsSince: number
}

/**
 * Card payments as `train_transaction.csv` of IEEE-CIS (Vesta 2019) has them: 394 columns, most of them full of holes,
 * seconds since a day that nobody tells, amounts of product C with three decimals. A stolen card pays some seven times
 * within hours, so fraud shows in the histories of cards; the counts C and V know a part of it, as Vesta's do.
 */
export function makeIeeeCis({ rows, seed }: TableSize): MadeTable {
  const random = createRandom(seed)
  const clients = Array.from({ length: Math.max(40, Math.round(rows / paymentsPerClient)) }, () => drawClient(random))
  const frauds = drawFrauds(rows, clients, random)
  const usual = Array.from({ length: Math.max(0, rows - frauds.length) }, () => drawPayment(clients, random))
  const payments = place([...frauds.slice(0, rows), ...usual].sort((a, b) => a.second - b.second))
  return {
    columns: [
      ...wholes('TransactionID'),
      { name: 'isFraud', kind: 'whole', role: 'label' },
      { name: 'TransactionDT', kind: 'whole', role: 'time' },
      { name: 'TransactionAmt', kind: 'decimal', role: 'amount' },
      ...texts('ProductCD', 'card1'),
      ...decimals('card2', 'card3'),
      ...texts('card4'),
      ...decimals('card5'),
      ...texts('card6'),
      ...decimals('addr1', 'addr2', 'dist1', 'dist2'),
      ...texts('P_emaildomain', 'R_emaildomain'),
      ...decimals(...numbered('C', 14), ...numbered('D', 15)),
      ...texts(...numbered('M', 9)),
      ...decimals(...numbered('V', 339)),
    ],
    rowCount: rows,
    cells: (row) => cellsOf(row, payments[row], createRandom(seed, row + 1)),
  }
}

function drawFrauds(rows: number, clients: readonly Client[], random: Random): Payment[] {
  return Array.from({ length: burstCount(rows, fraudShare, fraudsPerClient) }).flatMap(() => {
    const client = pick(clients, random)
    const start = (1 + random.integer(days - 1)) * daySeconds + random.integer(daySeconds)
    const product = random.uniform() < 0.5 ? 'C' : pick(['W', 'H', 'R', 'S'], random)
    return Array.from({ length: fraudsPerClient - 4 + random.integer(9) }, () => {
      const second = start + random.integer(6 * 3600)
      return { second, client, product, amount: drawProductAmount(product, 1.6, random), isFraud: true }
    })
  })
}

function drawPayment(clients: readonly Client[], random: Random): Payment {
  const client = pick(clients, random)
  const drawn = random.uniform()
  const product = drawn < 0.75 ? 'W' : drawn < 0.87 ? 'C' : drawn < 0.93 ? 'R' : drawn < 0.98 ? 'H' : 'S'
  const second = (1 + random.integer(days)) * daySeconds + drawSecondOfDay(random)
  return { second, client, product, amount: drawProductAmount(product, client.scale, random), isFraud: false }
}

/** Product C is sold in another currency, so its amounts have three decimals. */
function drawProductAmount(product: string, scale: number, random: Random): number {
  if (product !== 'C') return drawAmount(scale * 80, 0.7, random)
  return Math.round(drawAmount(scale * 30, 0.7, random) * 1000 + random.integer(10)) / 1000
}

function drawClient(random: Random): Client {
  const brand = pick(['visa', 'visa', 'mastercard', 'american express', 'discover'], random)
  const card = [
    String(1000 + random.integer(17_000)),
    hole(0.02, random, () => `${100 + random.integer(500)}.0`),
    pick(['150.0', '150.0', '150.0', '185.0'], random),
    brand,
    hole(0.01, random, () => pick(['226.0', '224.0', '166.0', '102.0', '117.0'], random)),
    pick(['debit', 'debit', 'credit'], random),
    hole(0.1, random, () => `${100 + random.integer(440)}.0`),
    hole(0.1, random, () => pick(['87.0', '87.0', '87.0', '60.0'], random)),
  ]
  const scale = Math.exp(0.5 * random.normal())
  return { card, domain: hole(0.16, random, () => pick(domains, random)), scale, firstDay: -random.integer(400) }
}

/** Each payment with what its client did before. */
function place(payments: readonly Payment[]): Placed[] {
  const seconds = new Map<Client, number[]>()
  return payments.map((payment) => {
    const past = seconds.get(payment.client) ?? []
    const withinDay = past.filter((second) => second > payment.second - daySeconds).length
    const secondsSince = payment.second - (past.at(-1) ?? Number.NaN)
    seconds.set(payment.client, [...past.slice(-40), payment.second])
    return { ...payment, before: past.length, withinDay, secondsSince }
  })
}

function cellsOf(row: number, payment: Placed, random: Random): string[] {
  const { second, client, product, amount, isFraud } = payment
  const isNear = product === 'W'
  return [
    String(firstId + row),
    isFraud ? '1' : '0',
    String(second),
    writeFloat(amount),
    product,
    ...client.card,
    hole(isNear ? 0.4 : 1, random, () => `${random.integer(300)}.0`),
    hole(isNear ? 1 : 0.75, random, () => `${random.integer(900)}.0`),
    client.domain,
    isNear ? '' : hole(0.2, random, () => (isFraud ? client.domain : pick(domains, random))),
    ...counts(payment, random),
    ...delays(payment, random),
    ...matches(product, random),
    ...engineered(payment, random),
  ]
}

/** C1 to C14: counts that are never unknown and hint at how busy the client is. */
function counts({ withinDay, before }: Placed, random: Random): string[] {
  return Array.from({ length: 14 }, (_, index) => {
    const known = index % 4 === 0 ? withinDay : index % 4 === 1 ? before : 0
    return `${1 + random.integer(1 + (random.uniform() < 0.6 ? known : 1))}.0`
  })
}

/** D1 to D15: days since something, D1 since the client's first payment. */
function delays({ second, client, secondsSince }: Placed, random: Random): string[] {
  const day = Math.floor(second / daySeconds)
  return Array.from({ length: 15 }, (_, index) => {
    if (index === 0) return `${day - client.firstDay}.0`
    if (index === 2) return Number.isNaN(secondsSince) ? '' : `${Math.floor(secondsSince / daySeconds)}.0`
    if (index === 8) return hole(0.87, random, () => String(Math.round(1e6 * random.uniform()) / 1e6))
    return hole(0.15 + 0.05 * index, random, () => `${random.integer(600)}.0`)
  })
}

/** M1 to M9: whether names and addresses match; M4 has three values. */
function matches(product: string, random: Random): string[] {
  return numbered('M', 9).map((name) =>
    hole(product === 'W' ? 0.3 : 0.8, random, () =>
      name === 'M4' ? `M${random.integer(3)}` : pick(['T', 'T', 'F'], random),
    ),
  )
}

/** V1 to V339: counts, the columns of a group known or unknown together, a few of them of how busy the client is. */
function engineered({ product, withinDay }: Placed, random: Random): string[] {
  const cells: string[] = []
  for (let group = 0; cells.length < 339; group++) {
    const isKnown = random.uniform() > (product === 'W' ? 0.2 : 0.6)
    for (let index = 0; index < groupSize && cells.length < 339; index++) {
      const busy = index === 0 && random.uniform() < 0.4 ? withinDay : 0
      const noise = random.uniform() < 0.2 ? random.integer(4) : 1
      const isAmount = group >= 12 && index % 3 === 0
      cells.push(!isKnown ? '' : isAmount ? `${noise * 25}.${random.integer(10)}` : `${busy + noise}.0`)
    }
  }
  return cells
}

function hole(share: number, random: Random, draw: () => string): string {
  return random.uniform() < share ? '' : draw()
}
