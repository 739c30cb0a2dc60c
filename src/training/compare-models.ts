import { FraudError } from '../core/errors.ts'
import type { Progress } from '../core/progress.ts'
import { inMemory } from '../detector/detector.ts'
import { type PairedDifference, pairedPrecision } from '../evaluation/paired-difference.ts'
import type { LogReading } from '../log/decision-log.ts'
import type { Bundle } from '../models/bundle.ts'
import { createRowsScorer } from '../scoring/load-predictor.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { loggedRows } from './logged-rows.ts'
import { trainingPartOf } from './training-part.ts'
import { scoreRows } from './training-run.ts'

/** How a model that was just trained does beside the one that decides, on rows that neither learned from. */
export interface Comparison extends PairedDifference {
  readonly rows: number
  readonly frauds: number
}

/**
 * On the rows of the newcomer's test part that the champion did not learn from either, each by its own features.
 *
 * @returns why they can't be compared, where they can't
 */
export async function compareOnLog(
  log: LogReading,
  champion: Bundle,
  newcomer: Bundle,
  run: Progress,
): Promise<Comparison | string> {
  const { split } = newcomer.training
  if (split.by !== 'time' || split.testFrom === undefined) return 'the new model was not tested on later rows'
  const { testFrom } = split
  const rowsOf = ({ detector }: Bundle) =>
    loggedRows(log, 'the log', { acceptLostHistories: true }, run, { detector, locate: inMemory })
  const own = await rowsOf(newcomer)
  const isSame = JSON.stringify(champion.detector) === JSON.stringify(newcomer.detector)
  const others = isSame ? own : await rowsOf(champion)
  const { times } = own
  if (times === undefined || !areSameRows(own, others))
    return 'their detectors take other transactions, or the log grew meanwhile'
  const learnedBy = trainingPartOf(champion)
  const part = Uint32Array.from(
    times.keys().filter((row) => times[row] >= testFrom && learnedBy(times[row]) === undefined),
  )
  const score = (rows: LabelledRows, bundle: Bundle) => scoreRows(rows, part, createRowsScorer(bundle), own.weights)
  const second = score(own, newcomer)
  const { labels, weights, rawScores } = second
  try {
    const first = score(others, champion).rawScores
    const found = pairedPrecision({ labels, weights, first, second: rawScores }, { seed: newcomer.seed ?? 42 })
    return { ...found, rows: part.length, frauds: labels.reduce((sum, label) => sum + label, 0) }
  } catch (error) {
    if (error instanceof FraudError && error.code === 'DATA_INVALID') return error.message
    throw error
  }
}

function areSameRows(one: LabelledRows, other: LabelledRows): boolean {
  const isEqual = (a: ArrayLike<number> = [], b: ArrayLike<number> = []) =>
    a.length === b.length && Array.prototype.every.call(a, (value: number, i: number) => value === b[i])
  return one === other || (isEqual(one.times, other.times) && isEqual(one.labels, other.labels))
}
