import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type MadeTransaction, writeDecidedLog } from '../../test/decided-log.ts'
import { oneOf } from '../../test/examples.ts'
import { quietRun } from '../../test/quiet-run.ts'
import type { Progress } from '../core/progress.ts'
import { policySchema } from '../decisioning/policy-definition.ts'
import { encodeBundle } from '../models/bundle.ts'
import { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'
import { largestWeight } from './declined-rows.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { loggedRows } from './logged-rows.ts'
import { planTraining, usualTraining } from './plan-training.ts'
import { runTraining } from './training-run.ts'
import { warningsOf } from './training-warnings.ts'

const matureAfterMs = 7 * 24 * 3_600_000

/** The rows of a log that a policy with such a control group decided, beside all that was decided. */
async function learnFrom(seed: number, share: number, { transactions = 6000, heldLabels = 0 } = {}) {
  const path = mkdtempSync(join(tmpdir(), 'shrike-declined-'))
  const all: (MadeTransaction & { readonly isDeclined: boolean })[] = []
  const controlGroup = { share, upTo: 1_000_000 }
  const policy = policySchema.parse({
    thresholds: { decline: 0.5 },
    whenUnavailable: 'approve',
    ...(share > 0 && { controlGroup }),
  })
  const notes: string[] = []
  const { signal } = new AbortController()
  const run: Progress = { ...quietRun, note: (text) => notes.push(text), signal }
  try {
    await writeDecidedLog({
      ...{ path, transactions, seed, perDay: 100, heldLabels, secret: seed.toString(16).padStart(64, '0') },
      changes: [{ before: 0, change: { kind: 'policy', policy } }],
      onDecided: (made, { outcome }) => all.push({ ...made, isDeclined: outcome === 'decline' }),
    })
    const log = new SqliteLogReader(join(path, 'log.sqlite'))
    try {
      const rows = await loggedRows(log, 'a log', {}, run)
      const newestMs = all.at(-1)?.timestampMs ?? 0
      return { rows, run, notes, mature: all.filter(({ timestampMs }) => timestampMs <= newestMs - matureAfterMs) }
    } finally {
      log.close()
    }
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}

/** The share of frauds among rows, of all or of those with a large amount. */
function fraudShare({ labels, amounts = new Float64Array() }: LabelledRows, weights: Float64Array, from: number) {
  let frauds = 0
  let all = 0
  labels.forEach((label, row) => {
    if (amounts[row] < from) return
    all += weights[row]
    frauds += weights[row] * label
  })
  return frauds / all
}

test('weighed by the control group, shares and precision are nearer to the truth, whatever the seed', async () => {
  const errors = { weighed: 0, unweighed: 0 }
  for (const seed of oneOf(2, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])) {
    const { rows, mature } = await learnFrom(seed, 0.2)
    const { weights, labels } = rows
    assert.ok(weights !== undefined)
    const once = new Float64Array(labels.length).fill(1)
    for (const from of [0, 50]) {
      const meant = mature.filter(({ amount }) => amount >= from)
      const truth = meant.filter(({ isFraud }) => isFraud).length / meant.length
      const weighed = Math.abs(fraudShare(rows, weights, from) - truth)
      const unweighed = Math.abs(fraudShare(rows, once, from) - truth)
      errors.weighed += weighed
      errors.unweighed += unweighed
      assert.ok(weighed < unweighed, `seed ${seed} from ${from}: ${weighed} and ${unweighed} from ${truth}`)
    }
    const stoodFor = weights.reduce((sum, weight) => sum + weight, 0)
    assert.ok(Math.abs(stoodFor - mature.length) < mature.length / 20, `${stoodFor} in place of ${mature.length}`)
  }
  assert.ok(errors.weighed < errors.unweighed / 4, JSON.stringify(errors))
})

test('what was declined is no row: not as legitimate, and not with a label where the control group stands for it', async () => {
  const { rows, mature, notes } = await learnFrom(1, 0.2, { heldLabels: 50 })
  const declined = mature.filter(({ isDeclined }) => isDeclined).length
  assert.equal(rows.labels.length, mature.length - declined)
  assert.equal(rows.declined?.stoodFor, declined)
  assert.equal(rows.declined?.unlabelled, 0)
  assert.deepEqual([...new Set(rows.weights)].sort(), [1, 5])
  assert.match(notes.join('\n'), new RegExp(`${declined.toLocaleString('en')} declined beside the control group`))
})

test('without a control group rows have no weights, and it is said that declined ones are missing', async () => {
  const { rows, run, mature, notes } = await learnFrom(1, 0)
  const declined = mature.filter(({ isDeclined }) => isDeclined).length
  assert.ok(declined > 100)
  assert.equal(rows.weights, undefined)
  assert.equal(rows.declined?.unlabelled, declined)
  assert.match(notes.join('\n'), new RegExp(`${declined.toLocaleString('en')} declined and without a label`))
  const plan = planTraining({ ...usualTraining, nEstimators: 5 }, rows)
  const warnings = warningsOf(rows, await runTraining(rows, plan, run), plan)
  assert.match(
    warnings.join('\n'),
    /declined transactions have no label, so what is learned and all figures are without/,
  )
})

test('no row counts for more than the largest weight, and it is said of how many that holds', async () => {
  const { rows } = await learnFrom(1, 0.008, { transactions: 12_000 })
  assert.ok(rows.declined !== undefined && rows.declined.passed > 0)
  assert.equal(rows.declined.capped, rows.declined.passed)
  assert.equal(Math.max(...(rows.weights ?? [])), largestWeight)
})

test('weights count in training and in the evaluation, and the same log gives the same bytes', async () => {
  const bundles = []
  for (let again = 0; again < 2; again++) {
    const { rows, run } = await learnFrom(3, 0.2)
    const plan = planTraining({ ...usualTraining, nEstimators: 10 }, rows)
    assert.equal(plan.weightUse, 'both')
    const { content, evaluation, test: scored } = await runTraining(rows, plan, run)
    const { tn, fp, fn, tp } = evaluation.confusion
    assert.ok(tn + fp + fn + tp > scored.labels.length)
    bundles.push(Buffer.from(encodeBundle(content).bytes))
    const once = await runTraining({ ...rows, weights: new Float64Array(rows.labels.length).fill(1) }, plan, run)
    assert.notDeepEqual(once.content.model, content.model)
  }
  assert.deepEqual(bundles[0], bundles[1])
})
