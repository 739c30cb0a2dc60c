// How the default preset was chosen: every configuration below learns from the first four fifths of day 1 of the ULB
// rows and is judged by average precision, weighted, on the last fifth. Day 2 is never read. The mean of 5 seeds counts;
// where the best are closer to each other than their interval, the cheapest of them is the preset.
//
//   node bench/choose-default.ts [path/to/ulb-creditcard-weighted.csv.gz]
import { existsSync } from 'node:fs'
import { numberColumn } from '../src/data/columns.ts'
import { readTable } from '../src/data/read-table.ts'
import { oversample } from '../src/data/resample.ts'
import { lastPart } from '../src/data/split.ts'
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
const seeds = [1, 2, 3, 4, 5]
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
const { first, last } = lastPart(dayOne, allLabels, allTimes, { share: 0.2, seed: 0 })
const columns = features.map((name) => take(name, first))
const labels = Uint8Array.from(first, (row) => allLabels[row])
const weights = take('weight', first)
const lastColumns = features.map((name) => take(name, last))
const lastLabels = Uint8Array.from(last, (row) => allLabels[row])
const lastWeights = take('weight', last)

async function judge(configuration: Configuration, seed: number): Promise<number> {
  const copies =
    configuration.oversample === null ? undefined : oversample(labels, { ratio: configuration.oversample, seed })
  const { model } = await trainRandomForest(
    { features, columns, labels, ...(configuration.weightTraining && { weights }), ...(copies && { copies }) },
    { ...configuration.options, seed },
  )
  const row = new Float64Array(features.length)
  const scores = Float64Array.from(last, (_, i) => {
    for (let feature = 0; feature < row.length; feature++) row[feature] = lastColumns[feature][i]
    return model.predictProba(row)
  })
  return averagePrecision(lastLabels, scores, lastWeights)
}

const frauds = (part: Uint8Array) => part.reduce((sum, label) => sum + label, 0)
console.log(
  `trained on ${labels.length} rows with ${frauds(labels)} frauds, judged on ${last.length} with ${frauds(lastLabels)}\n`,
)
console.log(
  '| average precision | from | to | oversample | training weights | options |\n| --- | --- | --- | --- | --- | --- |',
)
for (const configuration of configurations) {
  const results: number[] = []
  for (const seed of seeds) results.push(await judge(configuration, seed))
  const mean = results.reduce((sum, value) => sum + value, 0) / results.length
  const cells = [mean, Math.min(...results), Math.max(...results)].map((value) => value.toFixed(4))
  const { oversample: ratio, weightTraining, options } = configuration
  console.log(
    `| ${cells.join(' | ')} | ${ratio ?? 'none'} | ${weightTraining ? 'yes' : 'no'} | ${JSON.stringify(options)} |`,
  )
}
