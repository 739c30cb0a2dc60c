import { FraudError } from '../core/errors.ts'
import { type CostModel, sweepThresholds, type ThresholdOutcome, type ThresholdSweep } from './cost.ts'

/** What a threshold is chosen for. */
export type ThresholdObjective =
  /** The best F1; of equal ones the highest threshold, which raises the fewest alerts. */
  | { readonly kind: 'f1' }
  /** The lowest threshold whose precision is at least this: the most fraud that can be caught at that precision. */
  | { readonly kind: 'precision'; readonly atLeast: number }
  /** The highest threshold whose recall is at least this. */
  | { readonly kind: 'recall'; readonly atLeast: number }
  /** The least cost; of equal ones the highest threshold. To alert on nothing is a choice too. */
  | { readonly kind: 'cost'; readonly cost: CostModel }

/**
 * The threshold that serves the objective best on these rows, and what it reached there. It is meant to be inclusive
 * (`probability >= threshold`) and lies half-way between the lowest probability that it alerts on and the next one
 * below (0 and 1 at the ends), since new rows fall on both sides of the old ones.
 * Throws OPTION_INVALID where a wanted precision can't be reached, with the best that can; DATA_INVALID on one class only.
 */
export function chooseThreshold(
  labels: Uint8Array,
  probabilities: Float64Array,
  weights: Float64Array | undefined,
  objective: ThresholdObjective,
): ThresholdOutcome {
  const cost = objective.kind === 'cost' ? objective.cost : undefined
  const sweep = sweepThresholds(labels, probabilities, weights, cost)
  const groups = chooseGroups(sweep, objective)
  return { threshold: thresholdBelow(sweep.probabilities, groups), ...sweep.outcome(groups) }
}

/**
 * The lowest threshold from `from` up whose precision is at least `atLeast`, as chooseThreshold gives it; undefined where
 * none is. Throws DATA_INVALID on one class only.
 */
export function lowestThresholdAt(
  labels: Uint8Array,
  probabilities: Float64Array,
  weights: Float64Array | undefined,
  { atLeast, from }: { readonly atLeast: number; readonly from: number },
): number | undefined {
  const sweep = sweepThresholds(labels, probabilities, weights)
  const groups = groupsAt(sweep, atLeast, from)
  // Half-way to the next probability below may lie under `from`, which alerts on the same rows.
  return groups === undefined ? undefined : Math.max(thresholdBelow(sweep.probabilities, groups), from)
}

/** How many of the highest distinct probabilities, all from `from` up, can be alerted on at a precision. */
function groupsAt(sweep: ThresholdSweep, atLeast: number, from: number): number | undefined {
  for (let groups = sweep.probabilities.length; groups > 0; groups--) {
    if (sweep.probabilities[groups - 1] >= from && sweep.outcome(groups).precision >= atLeast) return groups
  }
  return undefined
}

/** How many of the highest distinct probabilities to alert on. */
function chooseGroups(sweep: ThresholdSweep, objective: ThresholdObjective): number {
  const all = sweep.probabilities.length
  if (objective.kind === 'f1') {
    return bestOf(1, all, (groups) => {
      const { tp, fp, fn } = sweep.outcome(groups)
      return (2 * tp) / (2 * tp + fp + fn)
    })
  }
  if (objective.kind === 'cost') return bestOf(0, all, (groups) => -(sweep.outcome(groups).cost ?? 0))

  const { kind, atLeast } = objective
  if (!(atLeast > 0 && atLeast <= 1)) {
    throw new FraudError('OPTION_INVALID', `The wanted ${kind} is ${atLeast}; it must be above 0 and at most 1`)
  }
  if (kind === 'recall') return bestOf(1, all, (groups) => (sweep.outcome(groups).recall >= atLeast ? 1 : 0))
  const groups = groupsAt(sweep, atLeast, 0)
  if (groups !== undefined) return groups
  const best = sweep.outcome(bestOf(1, all, (groups) => sweep.outcome(groups).precision))
  throw new FraudError(
    'OPTION_INVALID',
    `A precision of ${atLeast} can't be reached on these rows: the best is ${roundDown(best.precision)}, ` +
      `at a recall of ${roundDown(best.recall)}`,
  )
}

/** The first of the best. */
function bestOf(from: number, to: number, worth: (groups: number) => number): number {
  let best = from
  let most = worth(from)
  for (let groups = from + 1; groups <= to; groups++) {
    const value = worth(groups)
    if (value > most) {
      best = groups
      most = value
    }
  }
  return best
}

/** Rounded down, so that a user who asks for the figure in the message gets it. */
function roundDown(share: number): string {
  return (Math.floor(share * 1e4) / 1e4).toString()
}

/** A number that separates the `groups` highest probabilities, which are at or above it, from the rest. */
function thresholdBelow(descending: Float64Array, groups: number): number {
  const alerted = groups === 0 ? 1 : descending[groups - 1]
  const quiet = groups === descending.length ? 0 : descending[groups]
  // No alert at all where 1 is among the probabilities: the next double above 1 is the only way to say so.
  if (quiet >= alerted) return groups === 0 ? quiet * (1 + Number.EPSILON) : alerted
  const middle = quiet + (alerted - quiet) / 2
  return middle > quiet ? middle : alerted
}
