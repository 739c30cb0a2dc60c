import { FraudError } from '../core/errors.ts'
import { optionInvalid } from '../core/option.ts'
import { lastPart, splitByTime, splitRandom, type TimeSplit } from '../data/split.ts'
import { knownThen } from '../evaluation/known-labels.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { timesInMs } from './times-in-ms.ts'

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
  /** Rows before the test whose labels nobody knew when it began: they are in no part. */
  readonly unknownThen: number
}

/** The share of the training period, its end, that the model is not trained on but calibrated with. */
export const calibrationShare = 0.2

/**
 * By time where there is one; the test rows are the last, and the calibration rows the last before them. Where labels come
 * late, rows whose label was not known yet when the test began are left out: nobody could have learned from them.
 */
export function splitRows(rows: LabelledRows, plan: SplitPlan, holdsOut: boolean): Parts {
  const { times, labels } = rows
  if (labels.length > 0 && labels.every((label) => label === 1)) {
    throw new FraudError(
      'OPTION_INVALID',
      `All ${labels.length} rows are fraud, but training and test need both classes`,
    )
  }
  if (plan.by === 'random' || times === undefined) {
    if (plan.testFrom !== undefined) {
      throw optionInvalid('testFrom', 'needs a split by time, and this one is random')
    }
    const { train, test } = splitRandom(labels, plan)
    return { train, test, unknownThen: 0, ...holdOut(train, labels, undefined, plan, holdsOut) }
  }
  const { testFrom, testShare } = plan
  const split = splitByTime(times, labels, testFrom === undefined ? { testShare } : { testFrom })
  const { test, boundary } = split
  const train = knownAtBoundary(rows, times, split)
  if (!train.some((row) => labels[row] === 1)) {
    throw new FraudError('OPTION_INVALID', 'No fraud before the test was known when it began; begin the test later')
  }
  const unknownThen = split.train.length - train.length
  return { train, test, boundary, unknownThen, ...holdOut(train, labels, times, plan, holdsOut) }
}

function knownAtBoundary(rows: LabelledRows, times: Float64Array, { train, boundary }: TimeSplit): Uint32Array {
  const { labels, knownAt } = rows
  if (knownAt === undefined) return train
  const [boundaryMs] = timesInMs(rows, Float64Array.of(boundary))
  return knownThen(train, { times: timesInMs(rows, times), labels, knownAt }, boundaryMs)
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
