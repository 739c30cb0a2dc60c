import type { Progress } from '../core/progress.ts'
import { everyRow, pickBytes, pickNumbers, rowsWhere } from '../core/rows.ts'
import { splitRandom, thin } from '../data/split.ts'
import { averagePrecision } from '../evaluation/metrics.ts'
import type { SingleFeature } from '../evaluation/single-features.ts'
import { trainRandomForest } from '../learners/forest/random-forest.ts'
import { createRowsScorer } from '../scoring/load-predictor.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { findSuspicious, warnOfSuspicious } from './refuse-leaks.ts'
import { scoreRows } from './scored-rows.ts'
import type { Parts } from './split-rows.ts'

/** Average precision of a small forest on test rows, and the frauds that it rests on. */
interface Measured {
  readonly averagePrecision: number
  readonly frauds: number
}

/** What a small forest shows, honestly and not. */
export interface LeakCheck {
  /** Trained on rows whose labels were known when the test began. */
  readonly honest?: Measured
  /** Trained and tested on rows drawn at random from the same. */
  readonly randomSplit?: Measured
  /** As if every label had been known at once, in features and in training. */
  readonly undelayedLabel?: Measured
  /** Features that alone separate fraud almost perfectly. */
  readonly suspicious: readonly SingleFeature[]
}

export interface LeakCheckInput {
  readonly rows: LabelledRows
  /** Suspicious features that are trained on nevertheless. */
  readonly suspicious: readonly SingleFeature[]
  /** A split by time; undefined where the rows have none. */
  readonly byTime: Parts | undefined
  /** Whether figures count the rows' weights. */
  readonly isWeighted: boolean
  readonly seed: number
  readonly threads?: number | undefined
}

// Enough for two digits, and a small part of a training run's time.
const trees = 25
const mostTraining = 50_000
const mostTest = 150_000
/** On fewer frauds a figure is chance. */
const fewestFrauds = 20

/**
 * Shows what two usual mistakes would have shown: a random split, and labels known sooner than they are. A small forest
 * on part of the rows tells, since only differences matter.
 */
export async function checkLeaks(input: LeakCheckInput, run: Progress): Promise<LeakCheck> {
  const { rows, byTime, seed } = input
  const progress = run.begin('leak check')
  const figures = { suspicious: input.suspicious }
  if (byTime === undefined || Math.min(frauds(rows, byTime.train), frauds(rows, byTime.test)) < fewestFrauds) {
    progress.end()
    return figures
  }
  const test = thin(byTime.test, mostTest)
  const train = thin(byTime.train, mostTraining)
  const honest = await measureSmallForest(rows, train, test, input, run)
  const drawn = drawRandom(rows, train, test, seed)
  const randomSplit = await measureSmallForest(rows, drawn.train, drawn.test, input, run)
  const undelayedLabel = await measureUndelayed(train.length, test, byTime, input, run)
  progress.end()
  return { ...figures, honest, randomSplit, ...(undelayedLabel && { undelayedLabel }) }
}

async function measureUndelayed(
  trainingRows: number,
  test: Uint32Array,
  { boundary }: Parts,
  input: LeakCheckInput,
  run: Progress,
): Promise<Measured | undefined> {
  const { times, labels, undelayed } = input.rows
  if (undelayed === undefined || boundary === undefined || times === undefined) return undefined
  const before = rowsWhere(everyRow(times.length), (row) => times[row] < boundary)
  const train = thin(before, trainingRows)
  const kept = new Uint8Array(labels.length)
  for (const row of [...train, ...test]) kept[row] = 1
  const places = placesOf(kept)
  const place = (row: number) => places[row]
  return measureSmallForest(await undelayed(kept), train.map(place), test.map(place), input, run)
}

/** The figures as sentences: warnings where the run itself made the mistake, else what it would have shown. */
export function describeLeaks(
  { honest, randomSplit, undelayedLabel, suspicious }: LeakCheck,
  isRandom: boolean,
  by = 'a small forest',
): { readonly warnings: readonly string[]; readonly notes: readonly string[] } {
  const show = (value: number) => value.toFixed(3)
  const warnings = suspicious.map(warnOfSuspicious)
  const notes: string[] = []
  const compare = (what: string, figure: Measured | undefined) => {
    if (honest === undefined || figure === undefined || !flatters(figure, honest)) return
    const figures = `average precision ${show(figure.averagePrecision)} instead of ${show(honest.averagePrecision)}`
    notes.push(`${what}: ${by} shows ${figures}`)
  }
  compare(isRandom ? 'This random split is optimistic' : 'A random split would be optimistic', randomSplit)
  compare('Labels without delay would be optimistic', undelayedLabel)
  return isRandom ? { warnings: [...warnings, ...notes], notes: [] } : { warnings, notes }
}

/**
 * A figure is optimistic by more than two standard errors of the difference, treated as shares of the frauds, and by an
 * amount that matters.
 */
function flatters(figure: Measured, honest: Measured): boolean {
  const variance = ({ averagePrecision: p, frauds: n }: Measured) => (p * (1 - p)) / Math.max(1, n)
  const error = Math.sqrt(variance(figure) + variance(honest))
  return figure.averagePrecision - honest.averagePrecision > Math.max(0.02, 2 * error)
}

async function measureSmallForest(
  rows: LabelledRows,
  train: Uint32Array,
  test: Uint32Array,
  { isWeighted, seed, threads }: LeakCheckInput,
  { signal }: Progress,
): Promise<Measured> {
  const columns = rows.columns.map((column) => pickNumbers(column, train))
  const labels = pickBytes(rows.labels, train)
  const { model } = await trainRandomForest(
    { features: rows.features, columns, labels },
    { nEstimators: trees, seed },
    { signal, ...(threads !== undefined && { threads }) },
  )
  const scored = await scoreRows(rows, test, createRowsScorer({ model }), isWeighted ? rows.weights : undefined)
  return {
    averagePrecision: averagePrecision(scored.labels, scored.rawScores, scored.weights),
    frauds: frauds(rows, test),
  }
}

function frauds({ labels }: LabelledRows, part: Uint32Array): number {
  return part.reduce((sum, row) => sum + labels[row], 0)
}

/**
 * The same for a bundle that is evaluated: features that know too much, and what its own model would have shown had
 * labels been known at once.
 */
export async function checkEvaluation(
  rows: LabelledRows,
  part: Uint32Array,
  score: (rows: Float64Array) => Float64Array,
  honestPrecision: number,
): Promise<LeakCheck> {
  const figures = { suspicious: findSuspicious(rows, part, true) }
  if (rows.undelayed === undefined) return figures
  const kept = new Uint8Array(rows.labels.length)
  for (const row of part) kept[row] = 1
  const undelayed = await rows.undelayed(kept)
  const scored = await scoreRows(undelayed, everyRow(undelayed.labels.length), score, undelayed.weights)
  const count = frauds(rows, part)
  return {
    ...figures,
    honest: { averagePrecision: honestPrecision, frauds: count },
    undelayedLabel: {
      averagePrecision: averagePrecision(scored.labels, scored.rawScores, scored.weights),
      frauds: count,
    },
  }
}

/** Where each kept row stands among those kept. */
function placesOf(kept: Uint8Array): Uint32Array {
  const places = new Uint32Array(kept.length)
  let place = 0
  for (let row = 0; row < kept.length; row++) {
    places[row] = place
    place += kept[row]
  }
  return places
}

/** The same numbers of rows, drawn at random from both parts. */
function drawRandom({ labels }: LabelledRows, train: Uint32Array, test: Uint32Array, seed: number) {
  const pool = Uint32Array.from([...train, ...test])
  const testShare = test.length / pool.length
  const drawn = splitRandom(pickBytes(labels, pool), { testShare, seed })
  return { train: drawn.train.map((i) => pool[i]), test: drawn.test.map((i) => pool[i]) }
}
