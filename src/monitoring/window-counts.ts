import { binCount, missingBin } from '../core/value-bins.ts'
import type { HourlyCounts } from './hourly-counts.ts'

/** What was observed of one slot over several hours. */
export interface Sample {
  readonly counts: Float64Array
  readonly rows: number
  /** Of the values that are not missing. */
  readonly sum: number
}

/** Adds up what hours observed, by slot. */
export class WindowCounts {
  readonly #samples = new Map<number, { counts: Float64Array; rows: number; sum: number }>()

  add(hours: HourlyCounts, hour: number, isWanted: (slot: number) => boolean): void {
    for (const [slot, { bins, counts, sum }] of hours.observed(hour)) {
      if (!isWanted(slot)) continue
      const sample = this.#of(slot)
      for (const [i, bin] of bins.entries()) {
        sample.counts[bin] += counts[i]
        sample.rows += counts[i]
      }
      sample.sum += sum
    }
  }

  of(slot: number): Sample | undefined {
    return this.#samples.get(slot)
  }

  #of(slot: number) {
    const known = this.#samples.get(slot)
    if (known !== undefined) return known
    const sample = { counts: new Float64Array(binCount), rows: 0, sum: 0 }
    this.#samples.set(slot, sample)
    return sample
  }
}

export function addSamples(samples: readonly (Sample | undefined)[]): Sample | undefined {
  const all = samples.filter((sample) => sample !== undefined)
  if (all.length === 0) return undefined
  const counts = new Float64Array(binCount)
  for (const sample of all) for (let bin = 0; bin < binCount; bin++) counts[bin] += sample.counts[bin]
  return {
    counts,
    rows: all.reduce((sum, { rows }) => sum + rows, 0),
    sum: all.reduce((total, { sum }) => total + sum, 0),
  }
}

/** Of a sample with rows. */
export function missingShare({ counts, rows }: Sample): number {
  return counts[missingBin] / rows
}

export function meanOf({ counts, rows, sum }: Sample): number | null {
  const known = rows - counts[missingBin]
  return known === 0 ? null : sum / known
}
