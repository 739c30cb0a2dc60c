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
 * frauds among it as labels say; and what was not approved and has a label, but for the declines that the control group
 * might have had.
 */
export interface WeekFigures {
  readonly outcomes: Record<(typeof outcomes)[number], Sums>
  readonly rules: Record<string, { fired: number; frauds: number; legitimate: number }>
  /** Legitimate by a label, among what was not approved. */
  flaggedLegitimate: number
  /** Of decisions with a score that were approved, or are in the control group at their weight. */
  readonly approved: Bins
  readonly labelled: Bins
  readonly control: ControlFigures
}

/**
 * What the control group let pass that would have been declined, each worth as many as its chance of being drawn says,
 * and what was declined where the draw might have let it pass: both tell of the same declines, so only one counts.
 */
interface ControlFigures {
  decisions: number
  /** Each once. */
  fraudRows: number
  frauds: number
  squares: number
  fraudSquares: number
  readonly bins: Bins
  declinedFrauds: number
  /** Of those that were declined and have a label. */
  readonly declined: Bins
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
    control: {
      ...{ decisions: 0, fraudRows: 0, frauds: 0, squares: 0, fraudSquares: 0, bins: bins() },
      ...{ declinedFrauds: 0, declined: bins() },
    },
  }
}

export function addTo(counts: Record<string, number>, bin: number, by: number): void {
  counts[bin] = (counts[bin] ?? 0) + by
}
