import type { outcomes } from '../detector/detector-schema.ts'

/** Sums of decisions of one kind, money in minor units. */
interface Sums {
  decisions: number
  frauds: number
  amountMinor: number
  fraudMinor: number
}

/**
 * What decisions of a model in a week came to. `approved` and `labelled` hold rows by bins of the score: what was approved,
 * frauds among it as labels say; and what was not approved and has a label. `control` holds those of the control group that
 * would not have been approved, each worth as many as its chance of being drawn says.
 */
export interface WeekFigures {
  readonly outcomes: Record<(typeof outcomes)[number], Sums>
  readonly rules: Record<string, { fired: number; frauds: number; legitimate: number }>
  /** Legitimate by a label, among what was not approved. */
  flaggedLegitimate: number
  /** Of decisions with a score that were approved, or are in the control group at their weight. */
  readonly approved: Bins
  readonly labelled: Bins
  readonly control: { decisions: number; frauds: number; squares: number; fraudSquares: number; readonly bins: Bins }
}

export interface Bins {
  /** Rows, frauds, and the sum of scores, by the bin of the score. */
  readonly rows: Record<string, number>
  readonly frauds: Record<string, number>
  scores: number
}

export function noFigures(): WeekFigures {
  const sums = (): Sums => ({ decisions: 0, frauds: 0, amountMinor: 0, fraudMinor: 0 })
  const bins = (): Bins => ({ rows: {}, frauds: {}, scores: 0 })
  return {
    outcomes: { approve: sums(), challenge: sums(), review: sums(), decline: sums() },
    rules: {},
    flaggedLegitimate: 0,
    approved: bins(),
    labelled: bins(),
    control: { decisions: 0, frauds: 0, squares: 0, fraudSquares: 0, bins: bins() },
  }
}

export function addTo(counts: Record<string, number>, bin: number, by: number): void {
  counts[bin] = (counts[bin] ?? 0) + by
}
