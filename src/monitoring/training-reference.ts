import { binCount } from '../core/value-bins.ts'
import { countsOf, type TrainingHistograms, weekdays } from '../models/training-histograms.ts'
import { otherBin } from './monitored-features.ts'
import { ofRows, type Usual } from './usual-differences.ts'
import type { Sample } from './window-counts.ts'

/** What a bundle says of the rows that its model learned from. */
export class TrainingReference {
  readonly #histograms: TrainingHistograms
  readonly #categories: Readonly<Record<string, readonly string[]>>

  /** @param categories the texts of the model's categories, by the codes that its rows have. */
  constructor(histograms: TrainingHistograms, categories: Readonly<Record<string, readonly string[]>>) {
    this.#histograms = histograms
    this.#categories = categories
  }

  get byWeekday(): boolean {
    return this.#histograms.byWeekday
  }

  /** @param weekday of rows that are meant, where there are such; all by default. */
  feature(name: string, texts: readonly string[] | undefined, weekday: number | undefined): Sample | undefined {
    const { features } = this.#histograms
    if (!Object.hasOwn(features, name)) return undefined
    const sample = sampleOf(features[name], weekday)
    if (!Object.hasOwn(this.#categories, name)) return sample
    return { ...sample, counts: byText(sample.counts, this.#categories[name], texts ?? []), sum: Number.NaN }
  }

  /** @param name null of the score. */
  usual(name: string | null): Usual {
    const { features, score } = this.#histograms
    const histogram = name === null ? score : Object.hasOwn(features, name) ? features[name] : undefined
    return histogram?.usual ?? ofRows
  }

  score(weekday: number | undefined): Sample | undefined {
    const { score } = this.#histograms
    return score && sampleOf(score, weekday)
  }
}

function sampleOf({ counts, sums }: NonNullable<TrainingHistograms['score']>, weekday: number | undefined): Sample {
  const isChosen = (part: number) => weekday === undefined || counts.length < weekdays || part === weekday
  const dense = new Float64Array(binCount)
  let [rows, sum] = [0, 0]
  for (const [part, encoded] of counts.entries()) {
    if (!isChosen(part)) continue
    const { bins, counts: found } = countsOf(encoded)
    for (const [i, bin] of bins.entries()) {
      dense[bin] += found[i]
      rows += found[i]
    }
    sum += sums[part] ?? 0
  }
  return { counts: dense, rows, sum }
}

/** From the bins of a model's codes to those of the texts as they are known here. */
function byText(counts: Float64Array, listed: readonly string[], texts: readonly string[]): Float64Array {
  const placed = new Float64Array(binCount)
  for (let bin = 0; bin < binCount; bin++) {
    if (counts[bin] === 0) continue
    const place = bin === 0 ? -1 : texts.indexOf(listed[bin - 1])
    placed[bin === 0 ? 0 : place < 0 ? otherBin : place + 1] += counts[bin]
  }
  return placed
}
