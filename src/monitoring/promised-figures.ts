import { isRecord } from '../core/json-value.ts'
import type { Thresholds } from '../decisioning/thresholds.ts'

/** What an evaluation found: with an interval, where the bundle has one. */
interface PromisedFigure {
  readonly value: number
  readonly lower?: number
  readonly upper?: number
}

/**
 * What a bundle says of the rows that its model was not trained on; null of what it does not say. Precision and recall
 * are those of what is not approved, so they are promised only where the score from which on that is so was measured.
 *
 * @param thresholds those in force; undefined where something else decides, too.
 */
export function promisedFigures(metrics: Readonly<Record<string, unknown>>, thresholds: Thresholds | undefined) {
  const { averagePrecision, calibrationRatio, intervals } = metrics
  const interval = isRecord(intervals) ? intervals : {}
  return {
    ...(thresholds === undefined ? notMeasured : stoppedFrom(metrics, lowestOf(thresholds))),
    averagePrecision: figureOf({ ...recordOf(interval.averagePrecision), value: averagePrecision }),
    calibration: figureOf({ ...recordOf(interval.calibrationRatio), value: calibrationRatio }),
  }
}

const notMeasured = { precision: null, recall: null }

/** By the policy of the detector, or by the model's own threshold, which is all that older bundles know. */
function stoppedFrom({ policy, threshold, confusion }: Readonly<Record<string, unknown>>, lowest: number) {
  if (isRecord(policy) && lowestOf(recordOf(policy.thresholds)) === lowest)
    return { precision: figureOf(policy.precision), recall: figureOf(policy.recall) }
  if (threshold !== lowest) return notMeasured
  const { tp, fp, fn } = recordOf(confusion)
  const share = (part: unknown, rest: unknown) => figureOf({ value: Number(part) / (Number(part) + Number(rest)) })
  return { precision: share(tp, fp), recall: share(tp, fn) }
}

/** The score from which on something is not approved; infinite where nothing is. */
function lowestOf(thresholds: Readonly<Record<string, unknown>> | Thresholds): number {
  const { challenge, review, decline } = thresholds
  return Math.min(...[challenge, review, decline].filter((each) => typeof each === 'number'))
}

const recordOf = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {})

function figureOf(value: unknown): PromisedFigure | null {
  const { value: figure, lower, upper } = recordOf(value)
  if (typeof figure !== 'number' || !Number.isFinite(figure)) return null
  return { value: figure, ...(typeof lower === 'number' && typeof upper === 'number' && { lower, upper }) }
}
