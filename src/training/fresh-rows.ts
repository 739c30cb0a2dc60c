import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import type { Progress } from '../core/progress.ts'
import { splitRandom } from '../data/split.ts'
import type { Bundle } from '../models/bundle.ts'
import type { LabelledRows } from './labelled-rows.ts'
import type { Choice } from './measure-policy.ts'
import { type TrainingPart, trainingPartOf, warnOfUnknownGap } from './training-part.ts'

/** Rows that a bundle can be measured on, and how many it had to do without. */
interface FreshRows extends Choice {
  readonly part: Uint32Array
  readonly leftOut: LeftOut
  readonly includesTraining: boolean
}

/**
 * Leaves out what the bundle learned from, by time or by repeating the random split of the same table, and the rows of
 * the gap that late labels left between training and test.
 */
export function chooseFreshRows(
  rows: LabelledRows,
  bundle: Bundle,
  { includeTraining = false }: { readonly includeTraining?: boolean },
  { note, warn }: Progress,
): FreshRows {
  const every = Uint32Array.from(rows.labels.keys())
  const unlearned = freshRows(rows, bundle, every, warn)
  const partOf = trainingPartOf(bundle)
  const { times } = rows
  const fresh = times === undefined ? unlearned : unlearned.filter((row) => partOf(times[row]) !== 'labelGap')
  const leftOut = { training: every.length - unlearned.length, labelGap: unlearned.length - fresh.length }
  const none = { training: 0, labelGap: 0 }
  if (includeTraining || fresh.length === every.length) {
    const includesTraining = leftOut.training > 0
    if (includesTraining) warn(`${leftOut.training} rows are from the bundle's training: all figures are optimistic`)
    return { part: every, leftOut: none, includesTraining, isSample: false }
  }
  if (fresh.length === 0) throw noneLeft(leftOut)
  const unknown = leftOut.training > 0 ? warnOfUnknownGap(bundle) : undefined
  if (unknown !== undefined) warn(unknown)
  tellLeftOut(leftOut, note)
  const { split, fingerprint } = bundle.training
  const isSample = split.by === 'random' && rows.fingerprint === fingerprint
  const { from, to } = { from: undefined, to: undefined, ...split }
  const until = split.by === 'time' && leftOut.labelGap > 0 ? split.testFrom : to
  const gap = isSample || from === undefined || until === undefined ? undefined : { from, to: until }
  return { part: fresh, leftOut, includesTraining: false, isSample, gap }
}

export type LeftOut = Readonly<Record<TrainingPart, number>>

function tellLeftOut({ training, labelGap }: LeftOut, note: Progress['note']): void {
  if (training > 0) note(`  ${training.toLocaleString('en')} rows of the bundle's training period were left out`)
  if (labelGap > 0) {
    note(
      `  ${labelGap.toLocaleString('en')} rows of the label gap were left out: they are between training and test, because their ` +
        'labels were not known when the test began',
    )
  }
}

function noneLeft({ training, labelGap }: LeftOut): FraudError {
  const all = training + labelGap
  const gap = labelGap > 0 ? `, or in its label gap, between training and test (${labelGap})` : ''
  return new FraudError(
    'DATA_INVALID',
    `All ${all} rows are from the bundle's training${gap}, so there are none left to evaluate (${option('includeTraining')} overrides)`,
  )
}

function freshRows(
  { times, labels, fingerprint, detector }: LabelledRows,
  { training }: Bundle,
  every: Uint32Array,
  warn: (text: string) => void,
): Uint32Array {
  const { split, refit } = training
  if (split.by === 'time') {
    if (times === undefined)
      throw new FraudError('DATA_INVALID', `The file has no column ${detector.transaction.time?.field}`)
    return every.filter((row) => times[row] < split.from || times[row] > split.to)
  }
  if (split.by === 'elsewhere') {
    warn(
      'The model was trained elsewhere: if this file holds any of the rows that it learned from, all figures are optimistic',
    )
    return every
  }
  if (fingerprint === training.fingerprint)
    return refit || split.by === 'none' ? new Uint32Array(0) : splitRandom(labels, split).test
  // In another table it is unknown which rows training drew, so none of its period is evaluated.
  const { from, to } = split
  if (times !== undefined && from !== undefined && to !== undefined) {
    return every.filter((row) => times[row] < from || times[row] > to)
  }
  warn('The bundle was trained on rows without a time: if this file holds any of them, all figures are optimistic')
  return every
}
