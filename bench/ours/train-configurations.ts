// Shrike's side of comparisons of configurations: TRAIN.npy TEST.npy SCORES.npy CONFIGURATIONS SEEDS, both of these JSON. A
// configuration is what a detector's `model` may say. Writes a column of the later rows' scores for each configuration and
// seed, the seeds of one configuration beside each other.

import { availableParallelism } from 'node:os'
import type { Dataset } from '../../src/data/dataset.ts'
import { oversample } from '../../src/data/resample.ts'
import { chooseWeights } from '../../src/evaluation/choose-weights.ts'
import { learn, optionsOf } from '../../src/learners/learn.ts'
import type { Learner, LearnerOptions, Member } from '../../src/learners/model-choice.ts'
import { createAverage } from '../../src/models/average.ts'
import type { LearnedModel } from '../../src/models/learned-model.ts'
import { readColumns, writeNpy } from '../harness/npy.ts'

interface Configuration extends LearnerOptions {
  readonly learner: Learner
  readonly average?: readonly Learner[]
  /** In place of `learner`, as the default preset has them: averaged in log-odds, each with its own options. */
  readonly members?: readonly Member[]
  readonly oversample?: number | null
}

const [trainPath, testPath, scoresPath, configurations, seeds] = process.argv.slice(2)
const train = readRows(trainPath)
const test = readRows(testPath)
const scores: Float64Array[] = []
for (const configuration of JSON.parse(configurations)) {
  for (const seed of JSON.parse(seeds)) {
    scores.push(scoreRows(await trainAll(train, configuration, seed), test))
    process.stderr.write('.')
  }
}
process.stderr.write('\n')
writeNpy(scoresPath, scores)

/** As `shrike train --average --refit`: weights are chosen on the last fifth, then every model learns from all rows. */
async function trainAll(rows: Rows, configuration: Configuration, seed: number): Promise<LearnedModel> {
  const { members } = configuration
  if (members !== undefined) {
    const each: LearnedModel[] = []
    for (const { learner, options } of members)
      each.push(...(await trainEach(rows, [learner], { ...options, learner }, seed)))
    return createAverage(rows.features, each, new Float64Array(each.length).fill(1 / each.length), 'log-odds')
  }
  const learners = [configuration.learner, ...(configuration.average ?? [])]
  const models = await trainEach(rows, learners, configuration, seed)
  if (models.length === 1) return models[0]
  const held = Math.floor(rows.labels.length * 0.8)
  const [earlier, later] = [pick(rows, 0, held), pick(rows, held)]
  const tried = await trainEach(earlier, learners, configuration, seed)
  const laterScores = tried.map((model) => scoreRows(model, later))
  return createAverage(rows.features, models, chooseWeights(later.labels, laterScores, later.rowWeights))
}

async function trainEach(
  { rowWeights: _, ...dataset }: Rows,
  learners: readonly Learner[],
  { learner: _first, average: _others, oversample: ratio, ...options }: Configuration,
  seed: number,
): Promise<LearnedModel[]> {
  const copies = ratio == null ? undefined : oversample(dataset.labels, { ratio, seed })
  const models: LearnedModel[] = []
  for (const learner of learners) {
    const own = Object.entries(options).filter(([name]) => learners.length === 1 || optionsOf(learner).includes(name))
    const rows = { ...dataset, ...(copies && { copies }) }
    models.push(
      (await learn(learner, rows, { ...Object.fromEntries(own), seed }, { threads: availableParallelism() })).model,
    )
  }
  return models
}

interface Rows extends Dataset {
  /** For judging only. */
  readonly rowWeights: Float64Array
}

function readRows(path: string): Rows {
  const all = readColumns(path)
  const columns = all.slice(0, -2)
  return {
    features: columns.map((_, i) => `x${i}`),
    columns,
    labels: Uint8Array.from(all[columns.length]),
    rowWeights: all[columns.length + 1],
  }
}

function pick({ features, columns, labels, rowWeights }: Rows, from: number, to?: number): Rows {
  return {
    features,
    columns: columns.map((column) => column.slice(from, to)),
    labels: labels.slice(from, to),
    rowWeights: rowWeights.slice(from, to),
  }
}

function scoreRows(model: LearnedModel, { columns, labels }: Rows): Float64Array {
  const row = new Float64Array(columns.length)
  return Float64Array.from(labels, (_, index) => model.predictProba(row.map((_, input) => columns[input][index])))
}
