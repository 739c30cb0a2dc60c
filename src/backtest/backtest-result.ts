import type { Detector } from '../detector/detector.ts'
import type { Counted } from './counter.ts'
import type { BacktestPlan } from './plan.ts'
import { type BacktestFigures, tellCounted } from './result.ts'

/** What figures rest on. */
interface BacktestBasis {
  readonly source: string
  /** The last record that was there. */
  readonly through: number | null
  /** The version of the policy in force that the tested one is held against. */
  readonly policy: number | null
  /** Transactions after this time are younger than the labels' maturity. */
  readonly matureUntil: string | null
  /** Rows that were made of the histories again, and the features for which that was. */
  readonly recomputed: number
  readonly recomputedFor: readonly string[]
  /** Whether transactions were judged in their order, as caps and fuses ask for. */
  readonly inOrder: boolean
}

export interface BacktestResult extends BacktestFigures {
  readonly basis: BacktestBasis
  readonly notes: readonly string[]
}

/** Figures with what they rest on. */
export function tellBacktest(
  counted: Counted,
  { count, trials, detector }: BacktestPlan,
  about: Pick<BacktestResult, 'basis' | 'notes'>,
): BacktestResult {
  const definitions = trials.map((trial) => trial.definitions)
  return { ...tellCounted(counted, { plan: count, definitions, hasMoney: hasMoney(detector) }), ...about }
}

/** Sums of amounts in several currencies mean nothing. */
export function hasMoney({ transaction: { amount } }: Detector): boolean {
  return amount !== undefined && (typeof amount.currency !== 'object' || amount.conversion !== undefined)
}
