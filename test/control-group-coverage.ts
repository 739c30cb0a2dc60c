// How often the estimates of a backtest cover the truth, on logs with a control group whose truth is known:
// `node test/control-group-coverage.ts [SEEDS] [TRANSACTIONS]` prints a line of JSON.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { backtestLog } from '../src/backtest/backtest-log.ts'
import type { Share } from '../src/backtest/shares.ts'
import { policySchema } from '../src/decisioning/policy-definition.ts'
import { ruleSchema } from '../src/decisioning/rule-definition.ts'
import { writeDecidedLog } from './decided-log.ts'
import { isMain } from './is-main.ts'
import { quietRun } from './quiet-run.ts'

const thresholds = { decline: 0.5 }
const share = 0.2

/** What was estimated on one log, and what is true of it. */
interface Estimated {
  readonly precision: Share
  readonly recall: Share
  readonly truePrecision: number
  readonly trueRecall: number
}

/** Decides transactions by a policy with a control group, then tests a rule most of whose hits were declined. */
async function estimate(seed: number, transactions: number): Promise<Estimated> {
  const path = mkdtempSync(join(tmpdir(), 'shrike-coverage-'))
  const truth = { hits: 0, hitFrauds: 0, frauds: 0 }
  const policy = policySchema.parse({ thresholds, controlGroup: { share, upTo: 1_000_000 } })
  const all: { readonly isHit: boolean; readonly isFraud: boolean; readonly timestampMs: number }[] = []
  try {
    await writeDecidedLog({
      ...{ path, transactions, seed, perDay: 400, changes: [{ before: 0, change: { kind: 'policy', policy } }] },
      // Another secret for each log, so that other transactions are drawn.
      secret: seed.toString(16).padStart(64, '0'),
      onDecided: ({ score, isFraud, timestampMs }) =>
        all.push({ isHit: score !== null && score > 0.4, isFraud, timestampMs }),
    })
    const rule = ruleSchema.parse({ id: 'tested', when: 'score > 0.4', then: 'decline' })
    const result = await backtestLog(
      { path: join(path, 'log.sqlite'), source: '' },
      { rules: [rule] },
      undefined,
      quietRun,
    )
    const matureMs = Date.parse(result.basis.matureUntil ?? '')
    for (const { isHit, isFraud, timestampMs } of all) {
      if (timestampMs > matureMs) continue
      if (isHit) truth.hits++
      if (isFraud) truth.frauds++
      if (isHit && isFraud) truth.hitFrauds++
    }
    const { precision, recall } = result.sides[1].focus
    return {
      ...{ precision, recall },
      truePrecision: truth.hitFrauds / truth.hits,
      trueRecall: truth.hitFrauds / truth.frauds,
    }
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}

/** How many of so many logs the intervals cover, and how wide they are in the mean. */
export async function measureCoverage(seeds: number, transactions: number) {
  const totals = { seeds, precision: 0, recall: 0, estimated: 0, precisionWidth: 0, recallWidth: 0, bias: 0 }
  for (let seed = 1; seed <= seeds; seed++) {
    const { precision, recall, truePrecision, trueRecall } = await estimate(seed, transactions)
    if (precision.lower <= truePrecision && truePrecision <= precision.upper) totals.precision++
    if (recall.lower <= trueRecall && trueRecall <= recall.upper) totals.recall++
    if (precision.basis === 'control-group' && precision.value !== null) totals.estimated++
    totals.precisionWidth += (precision.upper - precision.lower) / seeds
    totals.recallWidth += (recall.upper - recall.lower) / seeds
    totals.bias += ((precision.value ?? Number.NaN) - truePrecision) / seeds
  }
  return totals
}

if (isMain(import.meta)) {
  const [seeds = 100, transactions = 4000] = process.argv.slice(2).map(Number)
  process.stdout.write(`${JSON.stringify(await measureCoverage(seeds, transactions))}\n`)
}
