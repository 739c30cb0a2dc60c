import { everyRow, pickKnown } from '../core/rows.ts'
import { numbersAt } from '../core/sort-numbers.ts'
import { z95 } from '../core/wilson-interval.ts'
import type { Segment } from '../evaluation/segment-figures.ts'
import { type Divergence, divergence } from '../monitoring/divergence.ts'
import type { LabelledRows } from './labelled-rows.ts'

const hourMs = 3_600_000
const units = [
  ['13 weeks', 2184 * hourMs],
  ['4 weeks', 672 * hourMs],
  ['week', 168 * hourMs],
  ['day', 24 * hourMs],
  ['6 hours', 6 * hourMs],
  ['hour', hourMs],
] as const

/** So many periods at least show a course. */
const fewestPeriods = 4

export type PeriodUnit = (typeof units)[number][0]

export interface Periods {
  readonly unit: PeriodUnit
  readonly segments: readonly Segment[]
}

/**
 * The rows of a part by the longest unit of which it has four, counted from the midnight, or the full hour, before its
 * first row; undefined where they all came within three hours.
 *
 * @param timesMs of the part's rows, by their places.
 */
export function dividePeriods(timesMs: Float64Array, isDated: boolean): Periods | undefined {
  const first = timesMs.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY)
  const last = timesMs.reduce((most, time) => Math.max(most, time), Number.NEGATIVE_INFINITY)
  for (const [unit, lengthMs] of units) {
    const grid = lengthMs < 24 * hourMs ? hourMs : 24 * hourMs
    const start = Math.floor(first / grid) * grid
    const count = Math.floor((last - start) / lengthMs) + 1
    if (!(count >= fewestPeriods)) continue
    const places = Array.from({ length: count }, (): number[] => [])
    timesMs.forEach((time, place) => {
      places[Math.floor((time - start) / lengthMs)].push(place)
    })
    const nameOf = (i: number) => nameStart(start + i * lengthMs, grid, isDated)
    return { unit, segments: places.map((each, i) => ({ name: nameOf(i), places: Uint32Array.from(each) })) }
  }
  return undefined
}

function nameStart(startMs: number, grid: number, isDated: boolean): string {
  if (isDated)
    return new Date(startMs)
      .toISOString()
      .slice(0, grid === hourMs ? 16 : 10)
      .replace('T', ' ')
  const day = Math.floor(startMs / (24 * hourMs))
  const hour = String((startMs / hourMs) % 24).padStart(2, '0')
  return grid === hourMs ? `day ${day}, ${hour}:00` : `day ${day}`
}

/** How far a column is from where it was: PSI with its interval, and what chance alone brings. */
interface Drift extends Pick<Divergence, 'psi'> {
  /** Undefined for the score. */
  readonly feature?: string
}

export interface PeriodDrift {
  readonly score: Drift
  /** Those that moved furthest beyond chance. */
  readonly features: readonly Drift[]
}

const mostFeatures = 3

/**
 * How far the score and the features of each period are from what they were: the features from the training rows, the score
 * from the other periods of the test, since of rows that it learned from a model gives other scores. Groups are tenths of
 * the reference, or its values where they are few, and what is missing.
 */
export function driftOf(
  { features, columns }: LabelledRows,
  training: Uint32Array,
  test: { readonly rows: Uint32Array; readonly probabilities: Float64Array },
  { segments }: Periods,
): readonly PeriodDrift[] {
  const groupings = columns.map((column) => groupValues(column, training))
  const places = everyRow(test.rows.length)
  const scores = groupValues(test.probabilities, places)
  return segments.map(({ places: within }) => {
    const rows = Uint32Array.from(within, (place) => test.rows[place])
    const current = scores.count(within)
    const others = scores.reference.map((count, group) => count - current[group])
    const moved = features.map((feature, i) => ({
      feature,
      ...distance(groupings[i].reference, groupings[i].count(rows)),
    }))
    return {
      score: distance(others, current),
      features: moved.sort((a, b) => b.psi.lower - a.psi.lower || b.psi.value - a.psi.value).slice(0, mostFeatures),
    }
  })
}

function distance(reference: readonly number[], current: readonly number[]): Pick<Divergence, 'psi'> {
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)
  const nothing = { value: 0, lower: 0, upper: 0, noise: 0 }
  if (sum(reference) === 0 || sum(current) === 0) return { psi: nothing }
  const used = reference.flatMap((count, group) => (count + current[group] > 0 ? [group] : []))
  const only = (counts: readonly number[]) => used.map((group) => counts[group])
  return { psi: divergence({ reference: only(reference), current: only(current) }, 1, z95).psi }
}

const tenths = 10

/** Groups by the edges of a column's tenths, the missing values in the last. */
function groupValues(column: Float64Array, rows: Uint32Array) {
  const known = pickKnown(column, rows)
  const places = Array.from({ length: tenths }, (_, tenth) => Math.floor((tenth * known.length) / tenths))
  const [least, ...candidates] = known.length === 0 ? [] : numbersAt(known, places)
  const edges: number[] = []
  for (const edge of candidates) if (edge !== edges.at(-1) && edge > least) edges.push(edge)
  const groupOf = (value: number) => {
    if (Number.isNaN(value)) return edges.length + 1
    let group = 0
    while (group < edges.length && value >= edges[group]) group++
    return group
  }
  const count = (counted: Uint32Array) => {
    const counts = new Array<number>(edges.length + 2).fill(0)
    for (let i = 0; i < counted.length; i++) counts[groupOf(column[counted[i]])]++
    return counts
  }
  return { reference: count(rows), count }
}
