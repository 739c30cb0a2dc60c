import { isRecord } from '../core/json-value.ts'
import { requireMemory } from '../core/memory-room.ts'
import { estimateTable } from '../data/estimate-table.ts'
import type { LocatedDetector } from '../detector/detector.ts'
import type { FeatureEntry } from '../detector/detector-schema.ts'
import { kindNames } from '../features/declare-features.ts'
import type { LabelledRows } from './labelled-rows.ts'

// Measured from 285,000 to 1,140,000 rows of 31 columns: docs/guides/sizing.md says how.
const ofProcess = 300e6
const perCell = 8
/** A feature's values in the training part, its bins, and where later rows are scored. */
const perFeature = 14
/** Label, time, gradients, scores, and where rows are sorted. */
const perRow = 40
/** A column that grows has room for half as many again, and a row has its time, label, card and amount beside its features. */
const growth = 1.5
const beside = 6

const hint =
  'train on fewer rows (the newest, say), on a machine with more memory, or leave columns out that no feature needs'

/** Refuses a file that would not fit, with what learns from it, before it is read. Where its size can't be told, later. */
export async function requireRoomToTrain(
  file: string,
  located: LocatedDetector | undefined,
  freeBytes?: number,
): Promise<void> {
  const size = await estimateTable(file)
  if (size === undefined) return
  const { rows, columns } = size
  const entries = located?.detector.features
  const isFlat = entries === undefined || entries.every(isColumn)
  const inputs = entries?.reduce((sum, entry) => sum + countFeatures(entry), 0) ?? columns
  const rowBytes = isFlat ? perCell * columns : growth * perCell * (inputs + beside)
  const needBytes = ofProcess + rows * (rowBytes + perFeature * inputs + perRow)
  const what = `To train on ${file}, some ${rows.toLocaleString('en')} rows with ${inputs} inputs,`
  requireMemory(what, { needBytes, hint }, freeBytes)
}

/** The same for rows that are there, before anything learns from them. */
export function requireRoomToLearn({ labels, features }: LabelledRows, freeBytes?: number): void {
  const needBytes = labels.length * (perFeature * features.length + perRow)
  const what = `To learn from ${labels.length.toLocaleString('en')} rows with ${features.length} inputs`
  requireMemory(what, { needBytes, hint }, freeBytes)
}

function isColumn(entry: FeatureEntry): boolean {
  return typeof entry === 'string' ? !kindNames.includes(entry) : Object.hasOwn(entry, 'column')
}

/** One for each window; the features themselves may need what only the rows tell. */
function countFeatures(entry: FeatureEntry): number {
  if (typeof entry === 'string') return 1
  const [parameters] = Object.values(entry)
  return isRecord(parameters) && Array.isArray(parameters.over) ? parameters.over.length : 1
}
