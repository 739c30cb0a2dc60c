// How the default preset was chosen: on day 1 of the ULB rows alone; day 2 is never read. Every configuration below learns
// from the first 50, 60, 70, 80 and 90 % of the day's rows, each time is judged by average precision, weighted, on the
// 10 % that follow, and counts with the mean over these five windows and three seeds.
//
//   node bench/choose-default.ts [path/to/ulb-creditcard-weighted.csv.gz]
import { existsSync } from 'node:fs'
import { numberColumn } from '../src/data/columns.ts'
import { readTable } from '../src/data/read-table.ts'
import { oversample } from '../src/data/resample.ts'
import { averagePrecision } from '../src/evaluation/metrics.ts'
import { trainRandomForest } from '../src/learners/random-forest.ts'
import type { RandomForestOptions } from '../src/learners/tree-options.ts'

interface Configuration {
  readonly oversample: number | null
  readonly weightTraining: boolean
  readonly options: Partial<RandomForestOptions>
}

const forest = (
  options: Partial<RandomForestOptions>,
  ratio: number | null = 1,
  weightTraining = false,
): Configuration => ({
  oversample: ratio,
  weightTraining,
  options: { nEstimators: 100, ...options },
})

const configurations: readonly Configuration[] = [
  forest({}),
  forest({}, 0.1),
  forest({}, 0.01),
  forest({}, null),
  forest({ classWeight: 'balanced' }, null),
  forest({}, 1, true),
  forest({}, null, true),
  forest({ classWeight: 'balanced' }, null, true),
  forest({ maxFeatures: 3 }),
  forest({ maxFeatures: 8 }),
  forest({ maxFeatures: 12 }),
  forest({ maxFeatures: 3 }, 0.1),
  forest({ maxFeatures: 8 }, 0.1),
  forest({ maxFeatures: 8 }, null),
  forest({ maxFeatures: 12 }, null),
  forest({ minSamplesLeaf: 2 }),
  forest({ minSamplesLeaf: 5 }),
  forest({ minSamplesLeaf: 2 }, 0.1),
  forest({ maxDepth: 12 }),
  forest({ maxDepth: 8 }),
  forest({ nEstimators: 300 }),
  forest({ nEstimators: 300, maxFeatures: 3 }),
  forest({ nEstimators: 300, maxFeatures: 8 }),
  forest({ nEstimators: 300 }, 0.1),
]
const seeds = [1, 2, 3]
const dayOneSeconds = 86_400

const path = process.argv[2] ?? '../shared/data/ulb-creditcard-weighted.csv.gz'
if (!existsSync(path)) {
  console.log(`${path} is not there, so nothing can be chosen; name the file`)
  process.exit(0)
}
const { table } = await readTable(path)
const allTimes = numberColumn(table, 'Time').values
const dayOne = Uint32Array.from(allTimes.keys().filter((row) => allTimes[row] < dayOneSeconds))
const take = (name: string, rows: Uint32Array) => {
  const { values } = numberColumn(table, name)
  return Float64Array.from(rows, (row) => values[row])
}
const features = [...Array.from({ length: 28 }, (_, i) => `V${i + 1}`), 'Amount']
const allLabels = Uint8Array.from(numberColumn(table, 'Class').values)

/** The rows of day 1 from one share of them to another, as a learner and the metrics take them. */
function part(from: number, to: number) {
  // The file is in the order of time.
  const rows = dayOne.subarray(Math.round(from * dayOne.length), Math.round(to * dayOne.length))
  const columns = features.map((name) => take(name, rows))
  return { features, columns, labels: Uint8Array.from(rows, (row) => allLabels[row]), weights: take('weight', rows) }
}

const windows = [0.5, 0.6, 0.7, 0.8, 0.9].map((share) => ({ train: part(0, share), test: part(share, share + 0.1) }))

async function judge({ oversample: ratio, weightTraining, options }: Configuration, seed: number): Promise<number[]> {
  const results: number[] = []
  for (const { train, test } of windows) {
    const { weights, ...dataset } = train
    const copies = ratio === null ? undefined : oversample(train.labels, { ratio, seed })
    const { model } = await trainRandomForest(
      { ...dataset, ...(weightTraining && { weights }), ...(copies && { copies }) },
      { ...options, seed },
    )
    const row = new Float64Array(features.length)
    const scores = Float64Array.from(test.labels, (_, i) => {
      for (let feature = 0; feature < row.length; feature++) row[feature] = test.columns[feature][i]
      return model.predictProba(row)
    })
    results.push(averagePrecision(test.labels, scores, test.weights))
  }
  return results
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const frauds = windows.map(({ test }) => test.labels.reduce((sum, label) => sum + label, 0))
console.log(`frauds in the five windows: ${frauds.join(', ')}\n`)
console.log(
  '| average precision | by window | oversample | training weights | options |\n| --- | --- | --- | --- | --- |',
)
for (const configuration of configurations) {
  const bySeed: number[][] = []
  for (const seed of seeds) bySeed.push(await judge(configuration, seed))
  const byWindow = windows.map((_, window) => mean(bySeed.map((results) => results[window])))
  const { oversample: ratio, weightTraining, options } = configuration
  const cells = [mean(byWindow).toFixed(4), byWindow.map((value) => value.toFixed(2)).join(' ')]
  console.log(
    `| ${cells.join(' | ')} | ${ratio ?? 'none'} | ${weightTraining ? 'yes' : 'no'} | ${JSON.stringify(options)} |`,
  )
}
