import { extent } from '../core/rows.ts'
import { type InputContrast, renderUnlabelled } from '../report/render-unlabelled.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { formatTime } from './read-input.ts'
import type { UnlabelledOutcome } from './unlabelled-run.ts'

const bins = 40

/** The report of a training without labels as a page. */
export function drawUnlabelled(
  rows: LabelledRows,
  outcome: UnlabelledOutcome,
  made: { readonly id: string; readonly version: string; readonly command: string },
): string {
  const { content, held, rawScores, flagFrom, flagged } = outcome
  const { threshold, training, learner, detector } = content
  const period = rows.times && extent(rows.times, Uint32Array.from(rows.labels.keys()))
  const time = (value: number) => formatTime(value, rows.isoTimes)
  return renderUnlabelled({
    title: `${detector.detector}: ${learner}, without labels`,
    bundle: made.id,
    detector: detector.detector,
    learner,
    seed: content.seed,
    rows: training.rows,
    source: rows.source,
    ...(period && { period: { from: time(period.from), to: time(period.to) } }),
    threshold,
    fingerprint: rows.fingerprint,
    command: made.command,
    held: held.length,
    flagged,
    scores: histogram(rawScores, flagFrom),
    inputs: contrasts(rows, held, (at) => rawScores[at] >= flagFrom),
    version: made.version,
  })
}

function histogram(rawScores: Float64Array, threshold: number) {
  const low = rawScores.reduce((least, score) => Math.min(least, score), 1)
  const high = Math.max(
    rawScores.reduce((most, score) => Math.max(most, score), 0),
    low + 1e-6,
  )
  const rows = new Float64Array(bins)
  for (const score of rawScores) rows[Math.min(Math.floor(((score - low) / (high - low)) * bins), bins - 1)]++
  const edges = Float64Array.from({ length: bins + 1 }, (_, edge) => low + ((high - low) * edge) / bins)
  return { edges, rows, threshold }
}

function contrasts(
  { features, columns }: LabelledRows,
  held: Uint32Array,
  isFlagged: (at: number) => boolean,
): InputContrast[] {
  const told = features.map((name, i): InputContrast => {
    const column = columns[i]
    const all = knownOf(held, column)
    const flagged = knownOf(
      held.filter((_, at) => isFlagged(at)),
      column,
    )
    const [low, high] = [quantile(all, 0.25), quantile(all, 0.75)]
    const outside = flagged.filter((value) => value < low || value > high).length
    return {
      name,
      usual: quantile(all, 0.5),
      flagged: quantile(flagged, 0.5),
      outside: flagged.length === 0 ? 0 : outside / flagged.length,
    }
  })
  return told.sort((one, other) => other.outside - one.outside)
}

function knownOf(part: Uint32Array, column: Float64Array): Float64Array {
  return Float64Array.from(part, (row) => column[row])
    .filter((value) => !Number.isNaN(value))
    .sort()
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted.length === 0 ? Number.NaN : sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)]
}
