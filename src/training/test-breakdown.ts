import { everyRow, pickNumbers, rowsWhere } from '../core/rows.ts'
import { type SegmentFigures, segmentFigures } from '../evaluation/segment-figures.ts'
import type { PredictionThreshold } from '../models/prediction-threshold.ts'
import type { LabelledRows } from './labelled-rows.ts'
import type { ScoredRows } from './scored-rows.ts'
import { dividePeriods, driftOf, type PeriodDrift, type PeriodUnit } from './test-periods.ts'
import { divide } from './test-segments.ts'
import { timesInMs } from './times-in-ms.ts'
import { isDated } from './training-histograms.ts'

/** What the model is worth on parts of the test rows. */
export interface TestBreakdown {
  readonly segments: readonly { readonly by: string; readonly groups: readonly SegmentFigures[] }[]
  /** By time, where rows have times that are more than three hours apart. */
  readonly periods?: {
    readonly unit: PeriodUnit
    readonly groups: readonly (SegmentFigures & { readonly drift?: PeriodDrift })[]
  }
}

/**
 * The test rows by segment and by time.
 *
 * @param training rows that drift is measured from, and that cards were seen on; undefined where these are not at hand.
 * @param isLater whether the test rows came after those of the training.
 */
export function breakDown(
  rows: LabelledRows,
  test: ScoredRows,
  threshold: PredictionThreshold,
  { training, isLater }: { readonly training?: Uint32Array; readonly isLater: boolean },
): TestBreakdown {
  const input = { ...test, threshold }
  const tested = new Uint8Array(rows.labels.length)
  for (const row of test.rows) tested[row] = 1
  const before = isLater ? rowsWhere(everyRow(rows.labels.length), (row) => tested[row] === 0) : undefined
  const segments = divide(rows, test.rows, before).map(({ by, segments: each }) => {
    return { by, groups: segmentFigures(input, each) }
  })
  const { times } = rows
  const periods = times && dividePeriods(timesInMs(rows, pickNumbers(times, test.rows)), isDated(rows))
  if (periods === undefined) return { segments }
  const drift = training && driftOf(rows, training, test, periods)
  const groups = segmentFigures(input, periods.segments).map((figures, i) => {
    return { ...figures, ...(drift && { drift: drift[i] }) }
  })
  return { segments, periods: { unit: periods.unit, groups } }
}
