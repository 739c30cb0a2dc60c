import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Detector, inMemory, parseDetector, parseDetectorFile } from '../src/detector/detector.ts'
import { averagePrecision } from '../src/evaluation/metrics.ts'
import { compileDetector } from '../src/features/feature-set.ts'
import { wholeDetector } from '../src/learners/detector-model.ts'
import { createRowsScorer } from '../src/scoring/load-predictor.ts'
import { fitByPlan } from '../src/training/fit-models.ts'
import type { LabelledRows } from '../src/training/labelled-rows.ts'
import { planTraining, usualTraining } from '../src/training/plan-training.ts'
import { readRowsFor } from '../src/training/read-labelled-rows.ts'
import { scoreRows } from '../src/training/scored-rows.ts'
import { mean } from './harness/measure.ts'
import { type Difference, pairedDifferences } from './harness/paired-bootstrap.ts'
import { quietSession } from './harness/quiet-session.ts'

// What features from history are worth on the e-commerce table: detectors/ecommerce.yaml against the same without the features that
// look at histories. Three windows, each 28 days to learn from, 7 until labels are known, 14 to judge by. They were written down
// before anything was measured on their tests; features were chosen on the days before the first test alone (--choose). A run on the
// tests is written down in bench/test-runs.md.
//
//     node bench/history-gain.ts --choose      # learns from the first 14 days, judges by days 21 to 35
//     node bench/history-gain.ts --seeds 5

const dayMs = 86_400_000
const firstMs = Date.UTC(2009, 0, 1)
/** Days: [from, to) to learn from, then [from, to) to judge by. */
const windows = {
  choose: [[0, 14, 21, 35]],
  test: [0, 10, 21].map((from) => [from, from + 28, from + 35, from + 49]),
}

const { values } = parseArgs({
  options: {
    choose: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '1' },
    threads: { type: 'string', default: String(availableParallelism()) },
    detector: { type: 'string', default: fileURLToPath(new URL('../detectors/ecommerce.yaml', import.meta.url)) },
    model: { type: 'string', default: fileURLToPath(new URL('configurations/average.json', import.meta.url)) },
  },
})
const file = fileURLToPath(new URL('../../shared/data/ucsd-ecommerce.csv.gz', import.meta.url))
if (!existsSync(file)) throw new Error('The e-commerce table (`../shared/data/ucsd-ecommerce.csv.gz`) is not at hand.')
const read = parseDetectorFile(readFileSync(values.detector, 'utf8'), values.detector, wholeDetector)
const model = JSON.parse(readFileSync(values.model, 'utf8'))
const whole = parseDetector({ ...read.detector, model })
const tables: readonly LabelledRows[] = await Promise.all(
  [whole, withoutHistories(whole)].map((detector) =>
    readRowsFor({ detector, locate: inMemory }, file, {}, quietSession),
  ),
)
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i + 1)
const told: string[] = []
const both: { readonly ours: number; readonly without: number; readonly gain: Difference }[] = []
for (const window of values.choose ? windows.choose : windows.test) both.push(await measure(window))
const average = (of: (each: (typeof both)[number]) => number) => mean(both.map(of)).toFixed(4)
const line = `average precision ${average(({ ours }) => ours)}, without histories ${average(({ without }) => without)}, gain ${average(({ gain }) => gain.value)}: ${told.join(', ')}`
console.log(`${both.length} windows: ${line}`)
if (!values.choose) {
  const noted = `- ${new Date().toISOString().slice(0, 16)}Z e-commerce, ${tables[0].features.length} columns, 3 windows, ${seeds.length} seeds: ${line}\n`
  appendFileSync(new URL('test-runs.md', import.meta.url), noted)
}

/** The detector with what a transaction alone says, and no more. */
function withoutHistories(detector: Detector): Detector {
  const looksBack = (entry: Detector['features'][number]) =>
    compileDetector({ ...detector, features: [entry] }).plan.histories.length > 0
  return { ...detector, features: detector.features.filter((entry) => !looksBack(entry)) }
}

async function measure(window: readonly number[]) {
  const [trainFrom, trainTo, testFrom, testTo] = window.map((day) => firstMs + day * dayMs)
  const scored = await Promise.all(
    tables.map(async (table) => {
      const train = within(table, trainFrom, trainTo)
      const test = within(table, testFrom, testTo)
      const scores: Float64Array[] = []
      for (const seed of seeds) scores.push(await trainAndScore(table, train, test, seed))
      return { scores, labels: Uint8Array.from(test, (row) => table.labels[row]), rows: train.length }
    }),
  )
  const [{ scores, labels, rows }, { scores: others }] = scored
  const weights = new Float64Array(labels.length).fill(1)
  const pairs = scores.map((each, i) => [each, others[i]] as const)
  const { mean: gain } = pairedDifferences(labels, weights, pairs, { replicates: 1000, seed: 1 })
  const [ours, without] = [scores, others].map((all) => mean(all.map((each) => averagePrecision(labels, each))))
  const frauds = labels.reduce((sum, label) => sum + label, 0)
  told.push(`${gain.value.toFixed(4)} (${gain.lower.toFixed(4)} to ${gain.upper.toFixed(4)})`)
  console.log(
    `  days ${window.join(', ')}: ${rows} rows to learn from, ${labels.length} with ${frauds} frauds to judge by: average precision ${ours.toFixed(4)}, without histories ${without.toFixed(4)}, gain ${told[told.length - 1]}`,
  )
  return { ours, without, gain }
}

function within({ times = new Float64Array(0) }: LabelledRows, fromMs: number, toMs: number): Uint32Array {
  return Uint32Array.from(times.keys()).filter((row) => times[row] >= fromMs && times[row] < toMs)
}

async function trainAndScore(rows: LabelledRows, train: Uint32Array, test: Uint32Array, seed: number) {
  const plan = planTraining({ ...usualTraining, threads: Number(values.threads) }, rows)
  const { trained, scaling } = await fitByPlan(rows, train, { ...plan, seed }, quietSession)
  const score = createRowsScorer({ model: trained.model, ...(scaling && { scaling }) })
  return (await scoreRows(rows, test, score, undefined)).rawScores
}
