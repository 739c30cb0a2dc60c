import { pickBytes, pickNumbers } from '../core/rows.ts'
import type { Detector } from '../detector/detector.ts'
import { countFrauds, fewestForLabels, fewestForOneFigure } from '../evaluation/held-choice.ts'
import type { BundleContent } from '../models/bundle.ts'
import type { LabelledRows } from './labelled-rows.ts'
import type { Parts } from './split-rows.ts'
import type { TrainingPlan } from './training-plan.ts'

type Chosen = Pick<BundleContent, 'threshold' | 'calibration'> & { readonly detector: Pick<Detector, 'policy'> }

/** What few frauds to learn from, to calibrate with and to choose a threshold on mean, for people. */
export function warnOfFewFrauds(
  rows: Pick<LabelledRows, 'labels' | 'weights'>,
  { fit, calibration }: Pick<Parts, 'fit' | 'calibration'>,
  content: Chosen,
  plan: Pick<TrainingPlan, 'threshold' | 'weightUse'>,
): string[] {
  const { weightUse } = plan
  const learned = countIn(rows, fit, weightUse !== 'evaluation')
  const warnings = learned < fewestForOneFigure ? [tellLearning(learned)] : []
  if (calibration !== undefined) {
    const frauds = countIn(rows, calibration, weightUse !== 'training')
    if (frauds < fewestForOneFigure) warnings.push(...tellHeld(frauds, content, plan))
  }
  return warnings
}

/** Of unequal weights as many as of equal weight would tell as much. */
function countIn(
  { labels, weights }: Pick<LabelledRows, 'labels' | 'weights'>,
  part: Uint32Array,
  isWeighted: boolean,
) {
  const pick = weights && isWeighted ? pickNumbers(weights, part) : undefined
  return countFrauds({ labels: pickBytes(labels, part), weights: pick })
}

function tellLearning(frauds: number): string {
  const counted = count(frauds)
  if (frauds < 10) {
    return (
      `The model learned from ${counted} alone: it finds what looks like these, and other fraud only by luck. Keep rules ` +
      `in force beside it, use its score for reviews alone, and train again as labels come`
    )
  }
  if (frauds < 50) {
    return (
      `The model learned from ${counted}: which patterns it knows depends on which frauds happened to be labelled, and a ` +
      `model of another month may rank otherwise. Train again as labels come`
    )
  }
  return `The model learned from ${counted}, few enough for each fifty more to show`
}

function tellHeld(frauds: number, { threshold, calibration, detector }: Chosen, plan: Pick<TrainingPlan, 'threshold'>) {
  const told: string[] = []
  const few = frauds < fewestForLabels
  if (few && calibration.method === 'platt') {
    const surest = ((frauds + 1) / (frauds + 2)).toFixed(2)
    told.push(
      `Only ${count(frauds)} to calibrate with: probabilities are uncertain, and Platt's prior keeps those of rows like ` +
        `them at about ${surest} at most`,
    )
  }
  if (plan.threshold === undefined) {
    const { value, interval, chosenBy } = threshold
    const between =
      interval === undefined
        ? ''
        : `; other such rows would have led to one from ${show(interval.lower)} to ${show(interval.upper)}`
    const only = few ? 'Only ' : ''
    told.push(
      `${only}${count(frauds)} to choose the threshold ${show(value)} on, ${chosenBy}${between}` +
        (few && interval === undefined ? ': it is uncertain' : ''),
    )
  }
  if (few && detector.policy?.decline === undefined && detector.policy?.review !== undefined) {
    told.push(
      'So few frauds support no threshold from which to decline without a review, so nothing is declined by score',
    )
  }
  return told
}

function count(frauds: number): string {
  return frauds === 1 ? '1 fraud' : `${frauds} frauds`
}

function show(probability: number): string {
  return String(Number(probability.toPrecision(3)))
}
