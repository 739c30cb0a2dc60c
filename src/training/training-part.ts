import type { Bundle } from '../models/bundle.ts'

/**
 * What a row was to a bundle's training: learned from, or in the gap before the test, where labels were not known in
 * time.
 */
export type TrainingPart = 'training' | 'labelGap'

/**
 * Tells by a row's time, in the unit of the training's split; undefined for a row that training had nothing to do with.
 */
export function trainingPartOf({ training: { split } }: Pick<Bundle, 'training'>) {
  const { from, to } = { from: undefined, to: undefined, ...split }
  const { testFrom = 0, unknownThen = 0 } = split.by === 'time' ? split : {}
  return (time: number): TrainingPart | undefined => {
    if (from === undefined || to === undefined || time < from) return undefined
    if (time <= to) return 'training'
    return unknownThen > 0 && time < testFrom ? 'labelGap' : undefined
  }
}

/** Warns of a bundle whose training did not record its gap although labels come late: an older Shrike wrote it. */
export function warnOfUnknownGap({ training: { split, refit }, detector }: Bundle): string | undefined {
  const { delay, knownAt } = detector.transaction.label
  if (split.by !== 'time' || split.testFrom !== undefined || refit || (delay ?? knownAt) === undefined) return undefined
  return (
    'The bundle does not say when its test began, because an older Shrike wrote it: rows right after its training period, ' +
    'whose labels were known too late for training, are included in the evaluation'
  )
}
