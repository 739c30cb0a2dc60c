import { FraudError } from '../core/errors.ts'
import { lastPart, splitByTime, splitRandom } from '../data/split.ts'
import type { LabelledRows } from './read-input.ts'

export interface SplitPlan {
  readonly by: 'time' | 'random'
  /** In the time column's own unit; rows from here on are for the test. Wins over the share. */
  readonly testFrom?: number
  readonly testShare: number
  readonly seed: number
}

/** Row numbers, ascending. */
export interface Parts {
  /** All training rows: those to fit on and those held out for calibration. */
  readonly train: Uint32Array
  readonly fit: Uint32Array
  readonly calibration?: Uint32Array
  readonly test: Uint32Array
  /** The time from which on rows are for the test; none in a random split. */
  readonly boundary?: number
}

/** The share of the training period, its end, that the model is not trained on but calibrated with. */
const calibrationShare = 0.2

/** By time where there is one; the test rows are the last, and the calibration rows the last before them. */
export function splitRows({ times, labels }: LabelledRows, plan: SplitPlan, holdsOut: boolean): Parts {
  if (plan.by === 'random' || times === undefined) {
    if (plan.testFrom !== undefined) {
      throw new FraudError('OPTION_INVALID', '--test-from needs a split by time, and this one is random')
    }
    const { train, test } = splitRandom(labels, plan)
    return { train, test, ...holdOut(train, labels, undefined, plan, holdsOut) }
  }
  const { testFrom, testShare } = plan
  const { train, test, boundary } = splitByTime(times, labels, testFrom === undefined ? { testShare } : { testFrom })
  return { train, test, boundary, ...holdOut(train, labels, times, plan, holdsOut) }
}

function holdOut(
  train: Uint32Array,
  labels: Uint8Array,
  times: Float64Array | undefined,
  { seed }: SplitPlan,
  holdsOut: boolean,
): Pick<Parts, 'fit' | 'calibration'> {
  if (!holdsOut) return { fit: train }
  const { first, last } = lastPart(train, labels, times, { share: calibrationShare, seed })
  return { fit: first, calibration: last }
}
