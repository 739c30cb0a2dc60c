import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { shopDetector, writeDecidedLog } from '../../test/decided-log.ts'
import { quietRun } from '../../test/quiet-run.ts'
import { createDetectorInForce } from '../deciding/detector-in-force.ts'
import { findPrunable } from '../deciding/prunable.ts'
import { appendDurably } from '../deciding/service-log.ts'
import { policySchema } from '../decisioning/policy-definition.ts'
import { type RuleDefinition, ruleSchema } from '../decisioning/rule-definition.ts'
import { SqliteLog } from '../stores/sqlite/sqlite-log.ts'
import { backtestLog } from './backtest-log.ts'
import type { BacktestResult } from './backtest-result.ts'
import { renderBacktest } from './render-backtest.ts'
import type { BacktestRequest } from './request.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-backtest-'))
const list = { name: 'devices', of: 'device', effect: 'none' as const }
const shadow = ruleSchema.parse({ id: 'large', when: 'amount > 80.0', then: 'review', state: 'shadow' })
const policy = policySchema.parse({ thresholds: { review: 0.4, decline: 0.7 } })

before(async () => {
  await writeDecidedLog({
    ...{ path: folder, transactions: 3000, seed: 5, perDay: 200, legitimateLabels: 5 },
    changes: [
      {
        before: 0,
        change: {
          kind: 'together',
          changes: [
            { kind: 'list', list },
            { kind: 'rule', rule: shadow },
            { kind: 'policy', policy },
          ],
        },
      },
      { before: 1500, change: { kind: 'entries', list: 'devices', add: [{ value: 'd3' }] } },
    ],
  })
})
after(() => rmSync(folder, { recursive: true, force: true }))

function backtest(request: BacktestRequest): Promise<BacktestResult> {
  return backtestLog({ path: join(folder, 'log.sqlite'), source: 'log' }, request, undefined, quietRun)
}

function rule(given: Partial<RuleDefinition>): BacktestRequest {
  return { rules: [ruleSchema.parse({ id: 'tested', when: 'true', then: 'decline', ...given })] }
}

function focusOf({ sides }: BacktestResult) {
  const { focus } = sides.find(({ name }) => name === 'tested') ?? sides[0]
  return focus
}

/** All that is the same however the log was gone through. */
function figures({ basis, notes, ...rest }: BacktestResult) {
  return JSON.stringify(rest)
}

test('rows that the histories make again give the figures of the stored ones', async () => {
  const when = 'card_count_1d > 1 && card_amount_mean_7d > 20.0 || device_count_1h > 1'
  const stored = await backtest(rule({ when }))
  assert.equal(stored.basis.recomputed, 0)
  // The condition is the same, but it names a feature that no row has.
  const again = await backtest(rule({ when: `${when} || card_count_45m < 0` }))
  assert.equal(again.basis.recomputed, 3000)
  assert.deepEqual(again.basis.recomputedFor, ['card_count_45m'])
  assert.ok(focusOf(stored).transactions > 50)
  assert.ok(figures(again) === figures(stored))
})

test('rows of an older detector are made again where they lack what is read, and only there', async () => {
  const [same, older] = ['same', 'older'].map((name) => join(folder, name))
  const made = { transactions: 1000, seed: 8, perDay: 100 }
  await writeDecidedLog({ ...made, path: same })
  await writeDecidedLog({ ...made, path: older, olderUntil: 400 })
  const of = (path: string, when: string, fromMs?: number) =>
    backtestLog({ path: join(path, 'log.sqlite'), source: 'log' }, { ...rule({ when }), fromMs }, undefined, quietRun)
  const when = 'device_count_1d > 1 && amount > 10.0'
  const [expected, found] = await Promise.all([same, older].map((path) => of(path, when)))
  assert.deepEqual([found.basis.recomputed, found.basis.recomputedFor], [400, ['device_count_1d']])
  assert.ok(focusOf(expected).transactions > 20)
  assert.deepEqual(focusOf(found), focusOf(expected))
  assert.equal((await of(older, 'card_count_1d > 1')).basis.recomputed, 0)
  const late = await of(older, when, Date.parse(expected.to ?? '') - 3 * 86_400_000)
  assert.equal(late.basis.recomputed, 0)
  assert.ok(focusOf(late).transactions > 5)
})

test('a feature that no row has is made of the histories', async () => {
  const { basis, ...made } = await backtest(rule({ when: 'card_count_2d > 1' }))
  assert.equal(basis.recomputed, 3000)
  const [day, week] = await Promise.all(
    ['1d', '7d'].map((window) => backtest(rule({ when: `card_count_${window} > 1` }))),
  )
  const hits = focusOf({ basis, ...made }).transactions
  assert.ok(hits > focusOf(day).transactions && hits < focusOf(week).transactions)
})

test('a stopped backtest ends with INTERRUPTED', async () => {
  const stop = new AbortController()
  const stopping = { ...quietRun, signal: stop.signal, begin: () => ({ update: () => stop.abort(), end: () => {} }) }
  const log = { path: join(folder, 'log.sqlite'), source: 'log' }
  for (const threads of [1, 2]) {
    const stopped = backtestLog(log, { ...rule({ when: 'card_count_3d > 1' }), threads }, undefined, stopping)
    await assert.rejects(stopped, { code: 'INTERRUPTED' })
  }
})

test('threads change nothing', async () => {
  const [one, two] = await Promise.all([1, 2].map((threads) => backtest({ ...rule({ when: 'score > 0.3' }), threads })))
  assert.ok(figures(one) === figures(two))
})

test('a cap lets a rule have so many effects in a time', async () => {
  const free = await backtest(rule({ when: 'score > 0.2' }))
  const capped = await backtest(rule({ when: 'score > 0.2', cap: { count: 3, over: '1d' } }))
  assert.ok(capped.basis.inOrder && !free.basis.inOrder)
  assert.ok(focusOf(free).transactions > 200)
  // Some 14 days, and a window that moves on by the hour.
  assert.ok(focusOf(capped).transactions <= 3 * 17, `${focusOf(capped).transactions}`)
  const { fused = 0 } = capped.sides[1].rules.find(({ id }) => id === 'tested') ?? {}
  assert.equal(fused + focusOf(capped).transactions, focusOf(free).transactions)
})

test('a list holds what it held then, what it holds now, or what is given', async () => {
  const of = { name: 'devices', effect: 'block' as const }
  const [then, now, given] = await Promise.all([
    backtest({ list: of }),
    backtest({ list: of, entriesNow: true }),
    backtest({ list: { ...of, entries: [{ value: 'd3' }] } }),
  ])
  const hits = focusOf(then).transactions
  assert.ok(hits > 20 && hits < focusOf(now).transactions)
  assert.ok(figures(now) === figures(given))
})

test('two policies are held against each other', async () => {
  const strict = policySchema.parse({ thresholds: { review: 0.3, decline: 0.6 } })
  const { changes, sides } = await backtest({ policy: { policy: strict }, compare: { policy } })
  const against = changes.find(({ from, to }) => from === 'compared' && to === 'tested')
  const moved = against?.cells.filter(({ from, to }) => from !== to) ?? []
  assert.deepEqual(
    moved.map(({ from, to }) => `${from} ${to}`),
    ['approve review', 'review decline'],
  )
  assert.deepEqual(sides[0].outcomes, sides[2].outcomes)
})

test('costs are put on all sides, with bounds for what is not known', async () => {
  const costs = { missedFraud: { share: 1 }, wrongDecline: { fixed: 5 }, review: { cost: 2, finds: 1 } }
  const priced = policySchema.parse({ thresholds: { decline: 0.7 }, costs })
  const { happened, sides } = await backtest({ policy: { policy: priced } })
  const [before, after] = [happened?.cost, sides[1].cost]
  assert.ok(before && after && before.atLeast < before.atMost)
  // What is reviewed no longer has no label: if it was fraud, its amounts are lost.
  assert.ok(after.known === before.known && after.atMost > before.atMost && after.atLeast < before.atLeast)
  // Nobody pays the price of a review's place.
  const limited = policySchema.parse({ thresholds: { decline: 0.7 }, costs: { ...costs, capacityPrice: 7 } })
  assert.deepEqual((await backtest({ policy: { policy: limited } })).sides[1].cost, after)
})

test('what is known by a time is less', async () => {
  const all = await backtest(rule({}))
  const early = await backtest({ ...rule({}), knownByMs: Date.parse(all.basis.matureUntil ?? '') })
  assert.ok(early.all.young > all.all.young && early.all.frauds < all.all.frauds)
})

test('is refused where there is nothing to tell', async () => {
  const codes = async (request: BacktestRequest) =>
    backtest(request).then(
      () => 'none',
      ({ code }) => code,
    )
  assert.equal(await codes({}), 'OPTION_INVALID')
  assert.equal(await codes({ ...rule({}), fromMs: 2, toMs: 1 }), 'OPTION_INVALID')
  assert.equal(await codes({ ...rule({}), toMs: 1 }), 'DATA_INVALID')
  assert.equal(await codes(rule({ when: 'unheard_of > 1' })), 'INPUT_INVALID')
  assert.equal(await codes({ list: { name: 'devices' } }), 'INPUT_INVALID')
})

test('the page shows the figures, and escapes what it shows', async () => {
  const result = await backtest(rule({ when: 'score > 0.3', then: 'decline' }))
  const page = renderBacktest({ ...result, notes: ['<script>'] })
  assert.match(page, /<h1>Backtest: rule tested<\/h1>/)
  assert.ok(page.includes('&lt;script&gt;') && !page.includes('<script>'))
  assert.ok(page.includes(focusOf(result).transactions.toLocaleString('en')))
  assert.equal(page, renderBacktest({ ...result, notes: ['<script>'] }))
})

/** Lets go of what is older than a time, as a service that retains records for so long does. */
async function letGo(path: string, beforeMs: number): Promise<void> {
  const log = await SqliteLog.open({ path, makeToken: () => 'token' })
  const { reading } = log
  const inForce = createDetectorInForce(shopDetector, undefined)
  const { through, carried } = findPrunable(reading, inForce, beforeMs, reading.lastSequence()) ?? { through: 0 }
  const definitions = Object.fromEntries(
    reading.definitionSequences().map((sequence) => [sequence, reading.definition(sequence)]),
  )
  const hash = Buffer.from(reading.hashAt(through) ?? []).toString('hex')
  assert.ok(through > 500 && carried !== undefined)
  await appendDurably(log, { kind: 'checkpoint', prunedThrough: through, hash, definitions, prunedAtMs: 1, carried })
  log.prune(through)
  while (log.pending > 0) await new Promise((resolve) => setTimeout(resolve, 1))
  await log.close()
}

test('a log that was let go of in part says what it can not see, and counts the rest as before', async () => {
  const path = join(folder, 'pruned')
  await writeDecidedLog({ path, transactions: 2000, seed: 9, perDay: 100 })
  const of = (when: string, fromMs?: number) => {
    const request = { ...rule({ when }), fromMs, examples: 0 }
    return backtestLog({ path: join(path, 'log.sqlite'), source: 'log' }, request, undefined, quietRun)
  }
  const when = 'amount > 30.0 && card_count_1d > 1'
  const whole = await of(when)
  const beforeMs = Date.parse(whole.from ?? '') + 8 * 86_400_000
  const [kept, keptAgain] = [await of(when, beforeMs), await of(`${when} || card_count_45m < 0`, beforeMs)]
  await letGo(join(path, 'log.sqlite'), beforeMs)
  const [pruned, remade] = [await of(when), await of(`${when} || card_count_45m < 0`)]
  assert.ok(pruned.all.transactions < whole.all.transactions - 500)
  assert.ok(Math.abs(pruned.all.transactions - kept.all.transactions) < 20)
  const since = Date.parse(pruned.from ?? '')
  assert.deepEqual(JSON.parse(figures(await of(when, since))), JSON.parse(figures(pruned)))
  assert.ok(pruned.notes.some((note) => note.startsWith(`Records before ${pruned.from} are no longer kept`)))
  assert.ok(kept.notes.every((note) => !note.includes('no longer kept')))
  // Rows that are made again rest on histories that begin with the log.
  assert.ok(remade.notes.some((note) => note.includes('the first of these rows rest on short histories')))
  assert.ok(focusOf(remade).transactions <= focusOf(keptAgain).transactions)
  assert.ok(focusOf(remade).transactions > focusOf(keptAgain).transactions / 2)
})
