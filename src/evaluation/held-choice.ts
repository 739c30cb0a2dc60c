import { FraudError } from '../core/errors.ts'
import { createRandom, type Random } from '../core/random.ts'
import { chooseThreshold, type ThresholdObjective } from './choose-threshold.ts'
import type { Interval } from './evaluation.ts'
import { expectedLabels } from './expected-labels.ts'
import { weighClass } from './intervals.ts'
import { effectiveRows } from './share-interval.ts'

/** Rows that the model was not trained on, and that its calibration was fitted on. */
export interface HeldRows {
  readonly labels: Uint8Array
  readonly probabilities: Float64Array
  readonly weights?: Float64Array | undefined
}

/**
 * With fewer frauds than this what the labels say of precision and cost is chance, and what the calibrated probabilities
 * lead one to expect comes nearer: measured by bench/few-frauds.ts. The best F1 is as well, or better, found by labels
 * from two frauds up, and a wanted recall always.
 */
export const fewestForLabels = 20

/** With fewer frauds than this a chosen threshold is told with its interval. */
export const fewestForOneFigure = 200

export interface HeldChoice {
  readonly threshold: number
  /** Whether expected counts took the place of the labels. */
  readonly isExpected: boolean
}

/** Chooses as `chooseThreshold` does; where frauds are few and it serves the objective better, by expected counts. */
export function chooseOnHeld(held: HeldRows, objective: ThresholdObjective): HeldChoice {
  const frauds = countFrauds(held)
  const isExpected = frauds < fewestForLabels && (objective.kind === 'precision' || objective.kind === 'cost')
  if (!isExpected) {
    const { threshold } = chooseThreshold(held.labels, held.probabilities, held.weights, objective)
    return { threshold, isExpected }
  }
  const { labels, probabilities, weights } = expectedLabels(held.probabilities, held.weights)
  try {
    const { threshold } = chooseThreshold(labels, probabilities, weights, twice(objective))
    return { threshold, isExpected }
  } catch (error) {
    if (!(error instanceof FraudError) || objective.kind !== 'precision') throw error
    const counted = frauds === 1 ? '1 fraud' : `${frauds} frauds`
    const why = `with ${counted} to choose on, precision is what the calibrated probabilities lead to expect`
    throw new FraudError(error.code, `${error.message}; ${why}`, { cause: error })
  }
}

/** The costs of rows that are there twice. */
function twice(objective: ThresholdObjective): ThresholdObjective {
  if (objective.kind !== 'cost' || typeof objective.cost.falseNegative === 'number') return objective
  const { falsePositive, falseNegative } = objective.cost
  return { kind: 'cost', cost: { falsePositive, falseNegative: Float64Array.of(...falseNegative, ...falseNegative) } }
}

/** How many frauds there are; of unequal weights as many as of equal weight would tell as much. */
export function countFrauds({ labels, weights }: Pick<HeldRows, 'labels' | 'weights'>): number {
  return Math.round(effectiveRows(weighClass(1, labels, weights)))
}

const replicates = 100

/** So many legitimate rows, those with the highest probabilities, are drawn again. */
const mostDrawn = 4000

/** Of those below every so-manieth stands for its neighbours: how often each came hardly moves a choice. */
const stride = 20

/**
 * Between which thresholds the choice falls on rows drawn again: the range of a hundred Poisson bootstrap draws, in which
 * each row comes as often as a Poisson count of mean 1 says (Chamandy et al., "Estimating Uncertainty for Massive Data
 * Streams", 2012). The whole range, since where a maximum lies is found less surely than a bootstrap's middle 95 % says:
 * on simulated tables of 20 frauds that held what many rows would have chosen in seven of ten. Undefined where frauds are enough for it not to matter, or where most draws can't serve the
 * objective or all choose the same. The calibration is not fitted again.
 */
export function thresholdInterval(held: HeldRows, objective: ThresholdObjective, seed: number): Interval | undefined {
  if (countFrauds(held) >= fewestForOneFigure) return undefined
  const random = createRandom(seed)
  const { kept, times } = thinLegitimate(held)
  const given = held.weights
  const rows = {
    labels: Uint8Array.from(kept, (row) => held.labels[row]),
    probabilities: Float64Array.from(kept, (row) => held.probabilities[row]),
  }
  const asked = costsOf(objective, kept)
  const chosen: number[] = []
  for (let replicate = 0; replicate < replicates; replicate++) {
    const weights = times.map((count, i) => (given?.[kept[i]] ?? 1) * (count === 1 ? poisson(random) : count))
    const threshold = chooseOnDraw({ ...rows, weights }, asked)
    if (threshold !== undefined) chosen.push(threshold)
  }
  if (chosen.length < replicates / 2) return undefined
  const [lower, upper] = [Math.min(...chosen), Math.max(...chosen)]
  // Of one fraud all draws say the same, which is not certainty.
  return lower < upper ? { lower, upper } : undefined
}

/** The rows to choose on, and how many each stands for. */
function thinLegitimate({ labels, probabilities }: HeldRows) {
  const order = Uint32Array.from(labels.keys()).sort((a, b) => probabilities[b] - probabilities[a])
  let legitimate = 0
  const placeOf = order.map((row) => (labels[row] === 1 ? 0 : ++legitimate))
  const isKept = (place: number) => place <= mostDrawn || place % stride === 0
  const kept = order.filter((_, i) => isKept(placeOf[i]))
  const times = Float64Array.from(placeOf.filter(isKept), (place) => (place <= mostDrawn ? 1 : stride))
  return { kept, times }
}

function costsOf(objective: ThresholdObjective, kept: Uint32Array): ThresholdObjective {
  if (objective.kind !== 'cost' || typeof objective.cost.falseNegative === 'number') return objective
  const { falsePositive, falseNegative } = objective.cost
  return { kind: 'cost', cost: { falsePositive, falseNegative: Float64Array.from(kept, (row) => falseNegative[row]) } }
}

/** A count of mean 1 (Knuth's method). */
function poisson(random: Random): number {
  const least = Math.exp(-1)
  let count = 0
  for (let product = random.uniform(); product > least; product *= random.uniform()) count++
  return count
}

/** Undefined where the draw has one class only, or can't reach what is wanted. */
function chooseOnDraw(held: HeldRows, objective: ThresholdObjective): number | undefined {
  try {
    return chooseOnHeld(held, objective).threshold
  } catch (error) {
    if (error instanceof FraudError) return undefined
    throw error
  }
}
