import assert from 'node:assert/strict'
import { Histogram, type Registry } from 'prom-client'

interface BucketHistogramOptions {
  readonly name: string
  readonly help: string
  /** The most that is within each bucket, in rising order. */
  readonly buckets: readonly number[]
  readonly label?: string
}

/** Adds an observation. */
export type Observe = (value: number) => void

/** What was observed of one value of the label. */
interface Series {
  readonly labels: Readonly<Record<string, string>>
  /** How many are within each bucket and not within the one before it. */
  readonly within: Float64Array
  count: number
  sum: number
}

/**
 * A histogram as prom-client tells it, to the byte, in which an observation is an addition: prom-client itself hashes
 * labels and makes a text of a bucket's bound for each.
 */
export class BucketHistogram extends Histogram {
  readonly #options: BucketHistogramOptions
  /** In the order in which they are told. */
  readonly #told: Series[] = []

  constructor(registry: Registry, options: BucketHistogramOptions) {
    const { name, help, buckets, label } = options
    super({ name, help, buckets: [...buckets], labelNames: label === undefined ? [] : [label], registers: [registry] })
    this.#options = options
  }

  /** Of a histogram without a label, which is told from the start. */
  whole(): Observe {
    const series = this.#create({})
    this.#told.push(series)
    return (value) => this.#add(series, value)
  }

  /** Of one value of the label, which is told once something was observed. */
  of(value: string): Observe {
    const { label } = this.#options
    assert(label !== undefined, 'a histogram with values has a label')
    const series = this.#create({ [label]: value })
    return (observed) => {
      this.#add(series, observed)
      if (series.count === 1) this.#told.push(series)
    }
  }

  #create(labels: Series['labels']): Series {
    return { labels, within: new Float64Array(this.#options.buckets.length), count: 0, sum: 0 }
  }

  #add(series: Series, value: number): void {
    assert(Number.isFinite(value), 'what is observed is a number')
    const { buckets } = this.#options
    let bucket = 0
    while (bucket < buckets.length && value > buckets[bucket]) bucket++
    if (bucket < buckets.length) series.within[bucket] += 1
    series.count += 1
    series.sum += value
  }

  /** Prom-client asks this of each metric, for itself as well. */
  async getForPromString() {
    const { name, help } = this.#options
    return { name, help, type: 'histogram', aggregator: 'sum', values: this.#told.flatMap((each) => this.#tell(each)) }
  }

  #tell({ labels: sharedLabels, within, count, sum }: Series) {
    const { name, buckets } = this.#options
    const entry = (metricName: string, labels: object, value: number) => ({ metricName, labels, sharedLabels, value })
    let through = 0
    return [
      ...buckets.map((le, bucket) => {
        through += within[bucket]
        return entry(`${name}_bucket`, { le }, through)
      }),
      entry(`${name}_bucket`, { le: '+Inf' }, count),
      entry(`${name}_sum`, {}, sum),
      entry(`${name}_count`, {}, count),
    ]
  }
}
