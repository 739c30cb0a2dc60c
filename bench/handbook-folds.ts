import { appendFileSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { inMemory, parseDetector, parseDetectorFile } from '../src/detector/detector.ts'
import { dayMs, type Fold, makeFold } from '../src/evaluation/protocols/fold.ts'
import { type Figures, meanOf, measureFold, standardDeviationOf } from '../src/evaluation/protocols/measure-fold.ts'
import { wholeDetector } from '../src/learners/detector-model.ts'
import { createRowsScorer } from '../src/scoring/load-predictor.ts'
import { fitByPlan } from '../src/training/fit-models.ts'
import type { LabelledRows } from '../src/training/labelled-rows.ts'
import { planTraining, usualTraining } from '../src/training/plan-training.ts'
import { readRowsFor } from '../src/training/read-labelled-rows.ts'
import { scoreRows } from '../src/training/scored-rows.ts'
import { handbookCsv, withoutHandbook } from './harness/handbook.ts'
import { quietSession } from './harness/quiet-session.ts'

// The handbook's folds by any detector of its transactions: choose on the validation folds, and run the tests once. A run on the
// tests is written down in bench/test-runs.md.
//
//     node bench/handbook-folds.ts detectors/handbook.yaml                              # validation folds, one seed
//     node bench/handbook-folds.ts detectors/handbook-free.yaml --weeks 8 --test --seeds 5

const week = 7 * dayMs
const alertsPerDay = 100
/** Where the trainings of the book's folds begin, the latest first. */
const starts = {
  validation: ['2018-07-11', '2018-07-04', '2018-06-27', '2018-06-20'],
  test: ['2018-08-15', '2018-08-08', '2018-08-01', '2018-07-25'],
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    test: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '1' },
    weeks: { type: 'string', default: '1' },
    threads: { type: 'string', default: String(availableParallelism()) },
    model: { type: 'string', default: fileURLToPath(new URL('configurations/average.json', import.meta.url)) },
  },
})
const csv = handbookCsv(false)
if (csv === undefined) throw new Error(withoutHandbook)
for (const path of positionals) await measure(path, csv)

async function measure(path: string, file: string): Promise<void> {
  const { detector } = parseDetectorFile(readFileSync(path, 'utf8'), path, wholeDetector)
  const model = JSON.parse(readFileSync(values.model, 'utf8'))
  const rows = await readRowsFor(
    { detector: parseDetector({ ...detector, model }), locate: inMemory },
    file,
    {},
    quietSession,
  )
  const { times } = rows
  if (times === undefined) throw new Error(`${path} names no time`)
  const folds: Figures[] = []
  for (const day of starts[values.test ? 'test' : 'validation']) {
    const fold = foldFrom({ ...rows, times }, Date.parse(day))
    const bySeed: Figures[] = []
    for (let seed = 1; seed <= Number(values.seeds); seed++) {
      const scores = await trainAndScore(rows, fold, seed)
      bySeed.push(measureFold({ ...rows, times }, fold, scores, week, alertsPerDay).figures)
    }
    folds.push(meanOf(bySeed))
    console.log(`  ${day}: ${tell(meanOf(bySeed))}`)
  }
  const part = values.test ? 'test' : 'validation'
  const what = `${basename(path)}, ${rows.features.length} columns, ${values.weeks} weeks, ${values.seeds} seeds, ${basename(values.model)}`
  const line = `${what}: ${tell(meanOf(folds))} (mean of 4 ${part} folds; standard deviation ${tell(standardDeviationOf(folds))})`
  console.log(line)
  if (values.test) noteTestRun(`handbook, ${line}`)
}

/** As in the book; with more weeks, the training begins earlier and ends where the book's does. */
function foldFrom(rows: LabelledRows & { readonly times: Float64Array }, startMs: number): Fold {
  const fold = makeFold(rows, startMs, { trainMs: week, delayMs: week, testMs: week, removesKnown: true })
  const endMs = startMs + week
  const fromMs = endMs - Number(values.weeks) * week
  const train = Uint32Array.from(rows.times.keys()).filter(
    (row) => rows.times[row] >= fromMs && rows.times[row] < endMs,
  )
  return { ...fold, train }
}

async function trainAndScore(rows: LabelledRows, { train, test }: Fold, seed: number): Promise<Float64Array> {
  const plan = planTraining({ ...usualTraining, threads: Number(values.threads) }, rows)
  const { trained, scaling } = await fitByPlan(rows, train, { ...plan, seed }, quietSession)
  const score = createRowsScorer({ model: trained.model, ...(scaling && { scaling }) })
  return (await scoreRows(rows, test, score, undefined)).rawScores
}

function tell({ rocAuc, averagePrecision, cardPrecision }: Figures): string {
  const [auc, precision, cards] = [rocAuc, averagePrecision, cardPrecision].map((value) => value.toFixed(4))
  return `average precision ${precision}, card precision@${alertsPerDay} ${cards}, ROC AUC ${auc}`
}

function noteTestRun(line: string): void {
  const day = new Date().toISOString().slice(0, 16)
  appendFileSync(new URL('test-runs.md', import.meta.url), `- ${day}Z ${line}\n`)
}
