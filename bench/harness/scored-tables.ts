import { fileURLToPath } from 'node:url'
import { quiet } from '../../src/core/progress.ts'
import type { Costs } from '../../src/decisioning/costs.ts'
import type { PolicyDefinition } from '../../src/decisioning/policy-definition.ts'
import { createRowsScorer } from '../../src/scoring/load-predictor.ts'
import type { LabelledRows } from '../../src/training/labelled-rows.ts'
import { planTraining, usualTraining } from '../../src/training/plan-training.ts'
import { readLabelledRows } from '../../src/training/read-labelled-rows.ts'
import { type ScoredRows, scoreRows, withProbabilities } from '../../src/training/scored-rows.ts'
import { runTraining } from '../../src/training/training-run.ts'
import { run } from './child.ts'
import { handbookCsv } from './handbook.ts'
import { quietSession } from './quiet-session.ts'
import { makeOnce, shrikeScript } from './tables.ts'

const dayMs = 86_400_000

/** A table with a model that learned from its beginning, and what the model says of later rows. */
export interface ScoredTable {
  readonly name: string
  readonly rows: LabelledRows
  readonly costs: Costs
  readonly policy: PolicyDefinition
  /** In words. */
  readonly calibration: string
  /** What a policy is chosen on: later than what the model learned from. */
  readonly earlier: ScoredRows
  /** What it is judged on: later than what it was chosen on, and once those labels are known. */
  readonly later: ScoredRows
}

interface Plan {
  readonly name: string
  readonly csv: string
  readonly detector?: string
  readonly costs: Costs
  /** Days from the first row: where training begins, where its test does, and both ends of the two parts. */
  readonly days: Readonly<Record<'trainFrom' | 'testFrom' | 'earlierFrom' | 'earlierTo' | 'laterFrom', number>>
  /** What a day is in the unit of the table's times. */
  readonly day: number
}

const session = quiet(quietSession)

/** The handbook's transactions: 81 days to learn from, five weeks to choose on, three to be judged on. */
export function handbookTable(smoke: boolean): Promise<ScoredTable> | undefined {
  const csv = handbookCsv(smoke)
  if (csv === undefined) return undefined
  const costs = costsOf({ perDay: 40 })
  const days = smoke
    ? { trainFrom: 0, testFrom: 8, earlierFrom: 6.5, earlierTo: 8.7, laterFrom: 8.7 }
    : { trainFrom: 10, testFrom: 91, earlierFrom: 98, earlierTo: 133, laterFrom: 140 }
  return scoreTable({ name: 'handbook', csv, detector: 'handbook', costs, days, day: dayMs })
}

/** A simulated portfolio of 180 days, in which a customer may be asked to confirm a payment. */
export async function portfolioTable(smoke: boolean): Promise<ScoredTable> {
  const size = smoke ? ['300', '600', '40'] : ['3000', '6000', '180']
  const [customers, terminals, days] = size
  const flags = ['--customers', customers, '--terminals', terminals, '--days', days, '--seed', '1']
  const csv = await makeOnce(`policy-portfolio${smoke ? '-smoke' : ''}.csv`, (path) =>
    run(process.execPath, [shrikeScript, 'simulate', '--shape', 'portfolio', ...flags, '--out', path]),
  )
  const costs = { ...costsOf({ perDay: smoke ? 2 : 12 }), challenge: { cost: 0.1, honestLeave: 0.05, stops: 0.7 } }
  const parts = smoke
    ? { trainFrom: 0, testFrom: 33, earlierFrom: 33, earlierTo: 36.5, laterFrom: 36.5 }
    : { trainFrom: 10, testFrom: 125, earlierFrom: 127, earlierTo: 153, laterFrom: 153 }
  return scoreTable({ name: 'portfolio', csv, detector: 'cards', costs, days: parts, day: dayMs })
}

/** The simulated flat table, spread over eight days. */
export async function flatTable(smoke: boolean): Promise<ScoredTable> {
  const [rows, frauds] = smoke ? ['20000', '200'] : ['284807', '492']
  const csv = await makeOnce(`policy-flat${smoke ? '-smoke' : ''}.csv`, (path) =>
    run(process.execPath, [
      ...[shrikeScript, 'simulate', '--shape', 'creditcard', '--rows', rows, '--frauds', frauds],
      ...['--days', '8', '--seed', '1', '--out', path],
    ]),
  )
  const days = { trainFrom: 0, testFrom: 3.5, earlierFrom: 3.5, earlierTo: 6, laterFrom: 6 }
  return scoreTable({ name: 'flat card table', csv, costs: costsOf({ perDay: 15 }), days, day: 86_400 })
}

function costsOf({ perDay }: { readonly perDay: number }): Costs {
  return {
    missedFraud: { share: 1, fixed: 15 },
    wrongDecline: { share: 0.05, fixed: 10 },
    review: { cost: 4, finds: 0.9, perDay },
  }
}

async function scoreTable({ name, csv, detector, costs, days, day }: Plan): Promise<ScoredTable> {
  const path = detector && fileURLToPath(new URL(`../../detectors/${detector}.yaml`, import.meta.url))
  const rows = await readLabelledRows(csv, path === undefined ? {} : { detector: path }, session)
  const { times } = rows
  if (times === undefined) throw new Error(`${csv} has no times`)
  const first = Math.floor(times.reduce((least, time) => Math.min(least, time), Infinity) / day) * day
  const at = (days: number) => first + days * day
  const between = (from: number, to: number) =>
    Uint32Array.from(times.keys().filter((row) => times[row] >= at(from) && times[row] < at(to)))
  // A day is enough for the test that training asks for.
  const learned = pickRows(rows, between(days.trainFrom, days.testFrom + 1))
  const plan = planTraining(usualTraining, rows)
  const { content, parts } = await runTraining(
    learned,
    { ...plan, split: { ...plan.split, testFrom: at(days.testFrom) } },
    session,
  )
  const frauds = parts.calibration?.reduce((sum, row) => sum + learned.labels[row], 0) ?? 0
  const score = createRowsScorer(content)
  const scoredBetween = async (from: number, to: number) =>
    withProbabilities(await scoreRows(rows, between(from, to), score, undefined), content.calibration)
  return {
    ...{ name, rows, costs },
    calibration: `${content.calibration.method}, on ${frauds} frauds`,
    policy: {
      thresholds: { review: 0.2, decline: 0.8 },
      decideBy: 'thresholds',
      whenUnavailable: 'review',
      deadlineMs: 100,
    },
    earlier: await scoredBetween(days.earlierFrom, days.earlierTo),
    later: await scoredBetween(days.laterFrom, Infinity),
  }
}

function pickRows(rows: LabelledRows, part: Uint32Array): LabelledRows {
  const pick = (values: Float64Array) => Float64Array.from(part, (row) => values[row])
  const { times, knownAt, amounts } = rows
  return {
    ...rows,
    columns: rows.columns.map(pick),
    labels: Uint8Array.from(part, (row) => rows.labels[row]),
    ...(times && { times: pick(times) }),
    ...(knownAt && { knownAt: pick(knownAt) }),
    ...(amounts && { amounts: pick(amounts) }),
  }
}
