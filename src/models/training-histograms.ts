import { FraudError } from '../core/errors.ts'
import { NumberReader, NumberWriter, type SparseCounts } from '../core/sparse-counts.ts'
import { binCount, binOf, missingBin } from '../core/value-bins.ts'
import { z } from '../core/zod.ts'

const histogram = z.object({
  /** Of all rows, or of those of each weekday from Sunday on: bins and their counts in base64. */
  counts: z.array(z.string().max(20_000)).min(1),
  /** The sums of the values that are not missing. */
  sums: z.array(z.number()).min(1),
  /** What its days differed by; missing without times, or of few days. */
  usual: z.object({ spread: z.number(), shift: z.number() }).optional(),
})

/** How the values of training rows were spread: what drift is measured against. */
export const histogramsSchema = z.object({
  /** As many as the weights of the rows are worth. */
  rows: z.number(),
  /** Whether there is one for each weekday, UTC, so that a Sunday is compared with Sundays. */
  byWeekday: z.boolean(),
  features: z.record(z.string(), histogram),
  /** Of rows that the model has not learned from, since it knows those that it has too well; missing without any. */
  score: histogram.optional(),
})

export type TrainingHistograms = Readonly<z.infer<typeof histogramsSchema>>
type Histogram = Readonly<z.infer<typeof histogram>>

/** Values with what they are counted by. */
export interface Counted {
  readonly values: (row: number) => number
  /** Codes of categories have a bin each, from 1 on. */
  readonly isCategory: boolean
}

export interface CountedRows {
  readonly rows: Uint32Array
  /** Of each of these rows, from Sunday on; undefined where rows have no times. */
  readonly weekdays?: Uint8Array | undefined
  readonly weightOf?: ((row: number) => number) | undefined
}

const dayMs = 86_400_000
export const weekdays = 7

/** The weekday of a time, UTC, from Sunday on. */
export function weekdayOf(timestampMs: number): number {
  const days = Math.floor(timestampMs / dayMs)
  // The first of January 1970 was a Thursday.
  return (((days + 4) % weekdays) + weekdays) % weekdays
}

/** Weights count as much as rows of equal weight that tell as much (Kish, 1965). */
export function effectiveScale({ rows, weightOf }: CountedRows): number {
  if (weightOf === undefined) return 1
  let [sum, squares] = [0, 0]
  for (const row of rows) {
    sum += weightOf(row)
    squares += weightOf(row) ** 2
  }
  return squares === 0 ? 1 : sum / squares
}

export function histogramOf(counted: Counted, given: CountedRows): Histogram {
  const { rows, weekdays: weekdayAt, weightOf } = given
  const parts = weekdayAt === undefined ? 1 : weekdays
  const counts = Array.from({ length: parts }, () => new Float64Array(binCount))
  const sums = new Array<number>(parts).fill(0)
  const scale = effectiveScale(given)
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]
    const value = counted.values(row)
    const weight = scale * (weightOf?.(row) ?? 1)
    const part = weekdayAt === undefined ? 0 : weekdayAt[at]
    counts[part][counted.isCategory ? binOfCode(value) : binOf(value)] += weight
    if (Number.isFinite(value)) sums[part] += weight * value
  }
  return { counts: counts.map(encode), sums }
}

function binOfCode(code: number): number {
  return Number.isNaN(code) ? missingBin : Math.min(code + 1, binCount - 1)
}

function encode(counts: Float64Array): string {
  const writer = new NumberWriter()
  const bins = Array.from(counts.keys()).filter((bin) => Math.round(counts[bin]) > 0)
  writer.writeCounts({ bins, counts: bins.map((bin) => Math.round(counts[bin])) })
  return Buffer.from(writer.bytes()).toString('base64')
}

/** @throws FraudError BUNDLE_INVALID */
export function countsOf(encoded: string): SparseCounts {
  try {
    return new NumberReader(Buffer.from(encoded, 'base64')).readCounts(binCount)
  } catch (cause) {
    throw new FraudError('BUNDLE_INVALID', "The histograms of a bundle's training rows are damaged", { cause })
  }
}
