import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { backtestLog } from '../../src/backtest/backtest-log.ts'
import type { SetFigures } from '../../src/backtest/result.ts'
import { createRandom } from '../../src/core/random.ts'
import type { SingleChange } from '../../src/decisioning/change.ts'
import { policySchema } from '../../src/decisioning/policy-definition.ts'
import { ruleSchema } from '../../src/decisioning/rule-definition.ts'
import { outcomes } from '../../src/detector/detector-schema.ts'
import { loadModel } from '../../src/scoring/load-predictor.ts'
import {
  type BrutePolicy,
  BruteSet,
  bruteCosts,
  costBrute,
  drawBruteRule,
  type ExportedRow,
  judgeBrute,
  truthOf,
} from '../brute-backtest.ts'
import { readRows } from '../csv-rows.ts'
import { writeDecidedLog } from '../decided-log.ts'
import { quietRun } from '../quiet-run.ts'
import { runIn, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-backtest-'))
const path = join(folder, 'data')
const transactions = 4000
const dayMs = 86_400_000
const secret = Buffer.from('07'.repeat(32), 'hex')
const devices = (from: number) => Array.from({ length: 4 }, (_, i) => `d${from + i}`)
const list = { name: 'devices', of: 'device', effect: 'block' as const }
// Entries come and go while the log grows.
const entries: { readonly before: number; readonly change: Extract<SingleChange, { kind: 'entries' }> }[] = [
  { before: 1000, change: { kind: 'entries', list: 'devices', add: devices(0).map((value) => ({ value })) } },
  { before: 2000, change: { kind: 'entries', list: 'devices', add: [{ value: 'd9' }], remove: ['d1'] } },
  { before: 3000, change: { kind: 'entries', list: 'devices', add: devices(20).map((value) => ({ value })) } },
]
let rows: readonly ExportedRow[] = []
/** What is on the list at each row. */
let listed: readonly ReadonlySet<string>[] = []
let matureMs = 0

before(async () => {
  const policy = policySchema.parse({
    thresholds: { review: 0.4, decline: 0.7 },
    controlGroup: { share: 0.2, upTo: 50 },
  })
  const changes = [
    {
      before: 0,
      change: {
        kind: 'together' as const,
        changes: [
          { kind: 'list' as const, list },
          { kind: 'policy' as const, policy },
        ],
      },
    },
    ...entries,
  ]
  await writeDecidedLog({ path, transactions, seed: 3, perDay: 200, legitimateLabels: 5, heldLabels: 30, changes })
  await succeedIn(folder, ['log', 'export', '--data', path, '--out', 'export.csv'])
  rows = readRows(join(folder, 'export.csv'))
  matureMs = Math.max(...rows.map(({ timestamp }) => Date.parse(timestamp))) - 7 * dayMs
  const held = new Set<string>()
  listed = rows.map((_, i) => {
    for (const { before: at, change } of entries) {
      if (at !== i) continue
      for (const value of change.remove ?? []) held.delete(value)
      for (const { value } of change.add ?? []) held.add(value)
    }
    return new Set(held)
  })
})
after(() => rmSync(folder, { recursive: true, force: true }))

const log = { path: join(path, 'log.sqlite'), source: path }

function sameSet(figures: SetFigures | undefined, set: BruteSet | undefined, what: string): void {
  const { counts, cents } = set ?? new BruteSet()
  const { frauds = 0, legitimate = 0, unknown = 0, young = 0, value } = figures ?? {}
  assert.deepEqual({ fraud: frauds, legitimate, unknown, young }, counts, what)
  const bounds = {
    caughtAtMost: (cents.fraud + cents.unknown) / 100,
    lostAtMost: (cents.legitimate + cents.unknown) / 100,
  }
  const told = { caught: cents.fraud / 100, lost: cents.legitimate / 100, unknown: cents.unknown / 100, ...bounds }
  const { caughtEstimate = null, ...known } = value ?? {
    caught: 0,
    lost: 0,
    unknown: 0,
    caughtAtMost: 0,
    lostAtMost: 0,
  }
  assert.deepEqual(known, told, what)
  // Without a control group nobody stands for what has no label.
  assert.equal(caughtEstimate, null)
}

function drawPolicy(seed: number): BrutePolicy {
  const random = createRandom(seed)
  const rules = Array.from({ length: 1 + random.integer(6) }, (_, i) => drawBruteRule(random, `r${i}`))
  return {
    review: 0.3 + random.uniform() / 3,
    decline: 0.65 + random.uniform() / 3,
    rules,
    blocks: random.integer(2) === 0,
  }
}

function requestOf({ review, decline, rules, blocks }: BrutePolicy) {
  const policy = policySchema.parse({ thresholds: { review, decline }, costs: bruteCosts })
  const written = rules.map(({ test: _, ...rule }) => ruleSchema.parse(JSON.parse(JSON.stringify(rule))))
  return {
    policy: { policy, rules: written, lists: [{ ...list, effect: blocks ? ('block' as const) : ('none' as const) }] },
  }
}

describe('a backtest of a log has the figures that a script over its export has', () => {
  for (let seed = 1; seed <= 12; seed++) {
    test(`of the policy ${seed}`, async () => {
      const policy = drawPolicy(seed)
      const random = createRandom(seed, 7)
      const [fromMs, toMs] =
        seed % 3 === 0 ? [matureMs - 5 * dayMs, matureMs + random.integer(5) * dayMs] : [undefined, undefined]
      const { sides, changes, days, overlap, all } = await backtestLog(
        log,
        { ...requestOf(policy), fromMs, toMs },
        undefined,
        quietRun,
      )
      const sets = new Map<string, BruteSet>()
      const counts = new Map<string, number>()
      const cost = { known: 0, least: 0, most: 0 }
      rows.forEach((row, i) => {
        const timestampMs = Date.parse(row.timestamp)
        if (timestampMs < (fromMs ?? 0) || timestampMs >= (toMs ?? Number.POSITIVE_INFINITY)) return
        const truth = truthOf(row, matureMs)
        const held = new Map([['devices', listed[i]]])
        const judged = judgeBrute(policy, row, held, secret)
        const now = judgeBrute({ review: 0.4, decline: 0.7, rules: [], blocks: true }, row, held, secret).outcome
        const add = (key: string) => {
          const set = sets.get(key) ?? new BruteSet()
          sets.set(key, set)
          set.add(row, truth)
        }
        for (const key of ['all', `tested ${judged.outcome}`, `inForce ${now}`, `${now} -> ${judged.outcome}`]) add(key)
        add(`day ${row.timestamp.slice(0, 10)}`)
        for (const id of judged.hits) {
          add(`rule ${id}`)
          for (const other of judged.hits) if (id !== other) bump(`${id} with ${other}`)
        }
        const [honest, fraud] = [false, true].map((isFraud) => costBrute(judged.outcome, isFraud, row))
        if (truth === 'fraud' || truth === 'legitimate') cost.known += truth === 'fraud' ? fraud : honest
        if (truth === 'unknown') cost.least += Math.min(honest, fraud)
        if (truth === 'unknown') cost.most += Math.max(honest, fraud)
        for (const id of judged.undrawn) bump(`undrawn ${id}`)
        for (const id of judged.unknown) bump(`unknown ${id}`)
      })
      function bump(key: string): void {
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
      sameSet(all, sets.get('all'), 'all')
      for (const { name, outcomes: told } of sides) {
        for (const outcome of outcomes) sameSet(told[outcome], sets.get(`${name} ${outcome}`), `${name} ${outcome}`)
      }
      for (const rule of sides.find(({ name }) => name === 'tested')?.rules ?? []) {
        sameSet(rule, sets.get(`rule ${rule.id}`), rule.id)
        assert.equal(rule.undrawn, counts.get(`undrawn ${rule.id}`) ?? 0)
        assert.equal(rule.unknownConditions, counts.get(`unknown ${rule.id}`) ?? 0)
      }
      const told = sides.find(({ name }) => name === 'tested')?.cost
      assert.ok(told?.unpriced === 0)
      assert.ok(Math.abs(told.known - cost.known) < 1e-6)
      assert.ok(Math.abs(told.atLeast - cost.known - cost.least) < 1e-6)
      assert.ok(Math.abs(told.atMost - cost.known - cost.most) < 1e-6)
      const cells = changes.find(({ from }) => from === 'inForce')?.cells ?? []
      for (const one of outcomes) {
        for (const other of outcomes) {
          const cell = cells.find(({ from, to }) => from === one && to === other)
          sameSet(cell, sets.get(`${one} -> ${other}`), `${one} -> ${other}`)
        }
      }
      for (const { rule, other, both } of overlap) assert.equal(both, counts.get(`${rule} with ${other}`))
      assert.equal(overlap.length, [...counts.keys()].filter((key) => key.includes(' with ')).length)
      for (const { day, frauds } of days) assert.equal(frauds, sets.get(`day ${day}`)?.counts.fraud)
    })
  }
})

test('a policy that is the one in force changes nothing, and what happened is what it would do again', async () => {
  const { changes, sides } = await backtestLog(log, { policy: {} }, undefined, quietRun)
  assert.ok(sides[0].focus.transactions > 100)
  for (const { from, cells } of changes) {
    assert.ok(cells.length > 2)
    assert.ok(
      cells.every((cell) => cell.from === cell.to),
      from,
    )
  }
})

describe('shrike backtest', () => {
  test('prints the figures of a rule, and as JSON', async () => {
    const args = ['backtest', '--data', path, '--rule', 'amount > 60.0 && score > 0.3']
    const { stdout } = await succeedIn(folder, args)
    assert.match(stdout, /rule tested\n {2}hits {8}\d+, [\d.]+% of all/)
    const moved = stdout.matchAll(
      /^ +(\d+) {2}\w+ -> \w+: (\d+) frauds?, (\d+) leg\w+, (\d+) without a label, (\d+) too young$/gm,
    )
    const cells = Array.from(moved, ([, ...counts]) => counts.map(Number))
    assert.ok(cells.some((counts) => counts[4] > 0))
    for (const [all, ...parts] of cells) assert.equal(all, parts[0] + parts[1] + parts[2] + parts[3])
    const told = JSON.parse((await succeedIn(folder, [...args, '--json'])).stdout)
    const hits = rows.filter((row) => Number(row.AMOUNT) > 60 && row.score !== '' && Number(row.score) > 0.3)
    assert.equal(told.sides[1].focus.transactions, hits.length)
    assert.equal(told.basis.recomputed, 0)
    assert.ok(told.examples.changed.length > 0)
  })

  test('says where a condition is wrong before it reads anything', async () => {
    const { code, stderr } = await runIn(folder, ['backtest', '--data', path, '--rule', 'amount > 5.0 && amont < 3.0'])
    assert.equal(code, 1)
    assert.match(stderr, /line 1, column 17: The name "amont" is unknown; did you mean amount\?/)
    assert.ok(!stderr.includes('judge the log'))
  })

  test('says what is missing', async () => {
    for (const [args, reason] of [
      [['--data', path], /Say what is to be tested/],
      [['--data', path, '--list', 'device'], /there is no list "device". Did you mean "devices"\?/],
      [['--data', path, '--then', 'review'], /--then says more of --rule/],
      [['--data', path, '--rule', 'true', '--from', '2026-03-01'], /write a time with its offset/],
    ] as const) {
      const { code, stderr } = await runIn(folder, ['backtest', ...args])
      assert.notEqual(code, 0)
      assert.match(stderr, reason)
    }
  })

  test('leaves nothing in the data directory', async () => {
    writeFileSync(join(folder, 'cards.csv'), 'value\nd1\nd2\n')
    const before = readdirSync(path)
    await succeedIn(folder, [
      'backtest',
      '--data',
      path,
      '--list',
      'devices',
      '--entries',
      'cards.csv',
      '--effect',
      'watch',
    ])
    assert.deepEqual(readdirSync(path), before)
  })

  test('judges the transactions of a file, whose detector has a policy', async () => {
    const lines = rows.map(({ id, timestamp, AMOUNT, CARD, COUNTRY }, i) => {
      const label = ['0', '1', ''][i % 3]
      return [id, timestamp, AMOUNT, CARD, COUNTRY, label].join(',')
    })
    writeFileSync(join(folder, 't.csv'), `ID,AT,AMOUNT,CARD,COUNTRY,FRAUD\n${lines.join('\n')}\n`)
    const detector = [
      'detector: file',
      'transaction: { id: ID, time: { field: AT, format: iso }, amount: { field: AMOUNT, digits: 2 }, keys: { card: CARD },',
      '  fields: { country: COUNTRY }, label: { field: FRAUD } }',
      'features: [AMOUNT, { count: { by: card, over: [1d] } }]',
    ]
    writeFileSync(join(folder, 'd.yaml'), detector.join('\n'))
    const condition = 'country == "NG" && amount > 20.0 && card_count_1d < 4'
    const args = [
      'backtest',
      '--file',
      't.csv',
      '--detector',
      'd.yaml',
      '--rule',
      condition,
      '--report',
      'b.html',
      '--json',
    ]
    const { sides, notes } = JSON.parse((await succeedIn(folder, args)).stdout)
    const { focus, outcomes: told } = sides[1]
    assert.deepEqual(notes, ['There is no model, so thresholds and costs say nothing'])
    const hits = rows.flatMap((row, i) => {
      return row.COUNTRY === 'NG' && Number(row.AMOUNT) > 20 && Number(row.card_count_1d) < 4 ? [i % 3] : []
    })
    assert.ok(hits.length > 100)
    const count = (kind: number) => hits.filter((each) => each === kind).length
    assert.deepEqual([focus.legitimate, focus.frauds, focus.unknown], [count(0), count(1), count(2)])
    assert.equal(told.decline.transactions, hits.length)
    assert.match(readFileSync(join(folder, 'b.html'), 'utf8'), /<h1>Backtest: rule tested<\/h1>/)
  })

  test('scores by a model that is tested, from the rows of the log', async () => {
    const model = join(folder, 'm.safetensors')
    await succeedIn(folder, ['train', '--from-log', '--data', path, '--out', model, '--report', 'm.html'])
    const { stdout } = await succeedIn(folder, ['backtest', '--data', path, '--model', model, '--json'])
    const { basis, sides } = JSON.parse(stdout)
    assert.equal(basis.recomputed, 0)
    const { predictor } = await loadModel(model)
    const scores = rows.map((row) => {
      const names = predictor.inputs.map((name) => (name === 'AMOUNT' ? 'AMOUNT_feature' : name))
      const values = names.map((name) => (row[name] === '' ? Number.NaN : Number(row[name])))
      return predictor.predict(Float64Array.from(values)).probability
    })
    const isBlocked = rows.map((row, i) => listed[i].has(row.DEVICE))
    const declined = scores.filter((score, i) => isBlocked[i] || score >= 0.7).length
    const reviewed = scores.filter((score, i) => !isBlocked[i] && score >= 0.4 && score < 0.7).length
    assert.deepEqual(
      [sides[1].outcomes.decline.transactions, sides[1].outcomes.review.transactions],
      [declined, reviewed],
    )
    assert.notEqual(sides[1].outcomes.review.transactions, sides[0].outcomes.review.transactions)
  })
})
