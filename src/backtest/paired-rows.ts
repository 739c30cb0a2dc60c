import type { Outcome } from '../detector/detector-schema.ts'
import { largestWeight } from '../training/declined-rows.ts'
import type { Truth } from './case.ts'
import type { OnJudged } from './plan.ts'

/** What a model, and the policy by its score, makes of a transaction. */
export interface JudgedRow {
  /** The number of its record; of a file its place in the order of times, from 1. */
  readonly sequence: number
  readonly timestampMs: number
  /** In minor units; NaN where there is none. */
  readonly amount: number
  readonly truth: Truth
  /**
   * What it counts for in metrics: 1, or as many as the control group let it pass for; 0 where it was declined beside
   * that group, which stands for it.
   */
  readonly weight: number
  readonly segment: string | undefined
  /** NaN where the model gave none. */
  readonly score: number
  readonly outcome: Outcome
}

/** What two models make of the same transaction. */
export interface PairedRow extends Omit<JudgedRow, 'score' | 'outcome'> {
  readonly scores: readonly [number, number]
  readonly outcomes: readonly [Outcome, Outcome]
}

/** Keeps what the tested side makes of each transaction. */
export function keepJudged(): { readonly rows: readonly JudgedRow[]; readonly onJudged: OnJudged } {
  const rows: JudgedRow[] = []
  const onJudged: OnJudged = ({ sequence, timestampMs, amount, truth, passed, testedScore }, judged, segment) => {
    const { outcome, trace } = judged[1]
    const settled = trace.control?.wouldBe ?? outcome
    const weight = Number.isNaN(passed) ? 1 : passed === 0 ? 0 : Math.min(1 / passed, largestWeight)
    const score = testedScore ?? Number.NaN
    rows.push({ sequence, timestampMs, amount, truth, weight, segment, score, outcome: settled })
  }
  return { rows, onJudged }
}

/** The rows that both have, in the order of the first, and how many only one has. */
export function pairRows(a: readonly JudgedRow[], b: readonly JudgedRow[]) {
  const others = new Map(b.map((row) => [row.sequence, row]))
  const rows = a.flatMap(({ score, outcome, ...row }): PairedRow[] => {
    const other = others.get(row.sequence)
    return other === undefined ? [] : [{ ...row, scores: [score, other.score], outcomes: [outcome, other.outcome] }]
  })
  return { rows, unpaired: a.length + b.length - 2 * rows.length }
}
