import { isRecord } from '../core/json-value.ts'
import { pickNumbers } from '../core/rows.ts'
import { binCount, binOf, missingBin } from '../core/value-bins.ts'
import type { Detector } from '../detector/detector.ts'
import {
  type Counted,
  type CountedRows,
  effectiveScale,
  histogramOf,
  type TrainingHistograms,
  weekdayOf,
} from '../models/training-histograms.ts'
import { mostTexts, otherBin } from '../monitoring/monitored-features.ts'
import { usualOf } from '../monitoring/usual-differences.ts'
import { addSamples, type Sample } from '../monitoring/window-counts.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { timesInMs } from './times-in-ms.ts'

interface HeldRows {
  readonly rows: Uint32Array
  readonly probabilities: Float64Array
}

const dayMs = 86_400_000
/** More inputs than this would make a bundle large; they are not monitored then, and a report says so. */
const mostFeatures = 256

/**
 * How the inputs of training rows are spread, and how the model scores later ones.
 *
 * @param held rows that the model has not learned from, with their scores; undefined without any.
 */
export function measureRows(given: LabelledRows, part: Uint32Array, held: HeldRows | undefined): TrainingHistograms {
  const { features, columns, detector, weights } = given
  const categories = categoryNames(detector, features)
  const times = isDated(given) && given.times !== undefined ? timesInMs(given, given.times) : undefined
  const weightOf = weights && ((row: number) => weights[row])
  const days = times && daysOf(pickNumbers(times, part))
  const counted = { rows: part, days, weekdays: days?.weekdayAt, weightOf }
  const entries = features.slice(0, mostFeatures).map((name, i) => {
    const column = columns[i]
    return [name, measure({ values: (row) => column[row], isCategory: categories.has(name) }, counted)] as const
  })
  return {
    rows: Math.round(effectiveRows(counted)),
    byWeekday: times !== undefined,
    features: Object.fromEntries(entries),
    ...(held && held.rows.length > 0 && { score: scoreHistogram(held, times, weights) }),
  }
}

function effectiveRows(counted: CountedRows): number {
  const { rows, weightOf } = counted
  if (weightOf === undefined) return rows.length
  return effectiveScale(counted) * rows.reduce((sum, row) => sum + weightOf(row), 0)
}

function scoreHistogram(
  { rows, probabilities }: HeldRows,
  times: Float64Array | undefined,
  weights: Float64Array | undefined,
) {
  const places = Uint32Array.from(rows.keys())
  const days = times && daysOf(pickNumbers(times, rows))
  const weightOf = weights && ((place: number) => weights[rows[place]])
  return measure(
    { values: (place) => probabilities[place], isCategory: false },
    { rows: places, days, weekdays: days?.weekdayAt, weightOf },
  )
}

/** Days, UTC, in the order in which they come: that of each row, by its place, and the weekdays of rows and of days. */
interface Days {
  readonly dayAt: Uint32Array
  readonly weekdayAt: Uint8Array
  readonly weekdays: readonly number[]
}

function daysOf(timesMs: Float64Array): Days {
  const dayAt = new Uint32Array(timesMs.length)
  const weekdayAt = new Uint8Array(timesMs.length)
  const numbers = new Map<number, number>()
  const weekdays: number[] = []
  for (let at = 0; at < timesMs.length; at++) {
    const day = Math.floor(timesMs[at] / dayMs)
    let number = numbers.get(day)
    if (number === undefined) {
      number = weekdays.push(weekdayOf(day * dayMs)) - 1
      numbers.set(day, number)
    }
    dayAt[at] = number
    weekdayAt[at] = weekdays[number]
  }
  return { dayAt, weekdayAt, weekdays }
}

function measure(counted: Counted, rows: CountedRows & { readonly days: Days | undefined }) {
  const usual = rows.days && usualOfDays(counted, rows.rows, rows.days)
  return { ...histogramOf(counted, rows), ...(usual && { usual }) }
}

/** By how much each day differs from the others of its weekday. */
function usualOfDays(counted: Counted, rows: Uint32Array, { dayAt, weekdays }: Days) {
  const samples = weekdays.map(() => ({ counts: new Float64Array(binCount), rows: 0, sum: 0 }))
  for (let at = 0; at < rows.length; at++) {
    const sample = samples[dayAt[at]]
    sample.counts[binOfCounted(counted, rows[at])] += 1
    sample.rows++
  }
  const byWeekday = Map.groupBy(samples.keys(), (day) => weekdays[day])
  const pairs = [...byWeekday.values()].flatMap((same) => {
    const all = addSamples(same.map((day) => samples[day]))
    if (all === undefined || same.length < 2) return []
    return same.map((day) => [without(all, samples[day]), samples[day]] as const)
  })
  return usualOf(pairs, counted.isCategory ? placeholders : undefined)
}

/** Categories by their codes: which texts these are makes no difference to how much days differ. */
const placeholders = Array.from({ length: mostTexts }, (_, code) => String(code))

function binOfCounted({ values, isCategory }: Counted, row: number): number {
  const value = values(row)
  if (!isCategory) return binOf(value)
  return Number.isNaN(value) ? missingBin : Math.min(value + 1, otherBin)
}

function without(all: Sample, part: Sample): Sample {
  const counts = all.counts.map((count, bin) => count - part.counts[bin])
  return { counts, rows: all.rows - part.rows, sum: all.sum - part.sum }
}

/** A time that says which day it is: others count from anywhere. */
export function isDated({ isoTimes, detector }: LabelledRows): boolean {
  const { time } = detector.transaction
  return isoTimes || (time !== undefined && (!time.format.endsWith('-since') || time.start !== undefined))
}

function categoryNames(detector: Detector, features: readonly string[]): ReadonlySet<string> {
  const names = detector.features.flatMap((feature) => {
    const given: unknown = isRecord(feature) ? feature.category : undefined
    if (!isRecord(given)) return []
    return [typeof given.as === 'string' ? given.as : `${given.of}_category`]
  })
  return new Set(names.filter((name) => features.includes(name)))
}
