import { FraudError } from '../core/errors.ts'
import { type Progress, quiet } from '../core/progress.ts'
import { numberColumn, textReader } from '../data/columns.ts'
import type { Table } from '../data/table.ts'
import { inMemory } from '../detector/detector.ts'
import type { Transaction } from '../detector/transaction.ts'
import { sayValue } from '../features/feature.ts'
import { compileDetector } from '../features/feature-set.ts'
import type { Bundle } from '../models/bundle.ts'
import { outputOf } from '../models/contributions.ts'
import { createExplainer, whyUnexplained } from '../models/explanation.ts'
import { formatGeneral } from '../pages/format.ts'
import { type ExplainedFeature, renderExplanation } from '../pages/render-explanation.ts'
import { createPredictor, readBundle } from '../scoring/load-predictor.ts'
import { readFlatTable } from '../training/flat-table.ts'
import { type ReadingRequest, readingOf } from '../training/read-input.ts'
import { rejectsOf, writeRejects } from '../training/rejects.ts'
import { warnOfRepeats } from '../training/repeated-ids.ts'
import { type ForceRequest, replaceFile } from '../training/replace-output.ts'
import { replayFile } from '../training/replay-file.ts'
import { type TrainingPart, trainingPartOf } from '../training/training-part.ts'
import { refuseIdleHistory, tellCold } from './cold-histories.ts'
import { checkOutputs } from './output-paths.ts'
import type { Run } from './run.ts'

export interface ExplainFlags extends ForceRequest, ReadingRequest {
  readonly id?: string
  readonly row?: number
  readonly history?: string
  readonly out?: string
}

/** How many of the features that say most are shown; the rest stand together. */
const mostShown = 12
const barWidth = 24

/** Explains one row: in the terminal, and as a page. */
export async function explain(bundlePath: string, file: string, flags: ExplainFlags, run: Run): Promise<void> {
  const { terminal } = run
  if ((flags.id === undefined) === (flags.row === undefined)) {
    throw new FraudError('OPTION_INVALID', 'Name the row with --id or --row')
  }
  await checkOutputs(
    { '--out': flags.out, '--rejects': rejectsOf(flags) },
    { BUNDLE: bundlePath, FILE: file, '--history': flags.history },
  )
  const bundle = await readBundle(bundlePath)
  const explainer = createExplainer(bundle.model, bundle.scaling)
  if (explainer === undefined) {
    throw new FraudError('EXPLANATION_UNAVAILABLE', `This bundle can't be explained: ${whyUnexplained(bundle.model)}`)
  }
  const { row, transaction, time, cold } = await findRow(bundle, file, flags, run)
  const { model } = bundle
  const { probability, isFraud } = createPredictor(bundle).predict(row)
  const explanation = explainer.explain(row)
  const { scale, base, contributions, error } = explanation
  const features = new Map(compileDetector(bundle.detector).all.map((feature) => [feature.name, feature]))
  const all = model.features.map((feature, i) => {
    const declared = features.get(feature)
    const category = declared?.categories?.[row[i]]
    const text = declared === undefined ? `${feature} is ${row[i]}` : sayValue(declared, row[i], transaction)
    return { feature, value: row[i], ...(category && { category }), text, contribution: contributions[i] }
  })
  const sorted = all.sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
  const output = outputOf(explanation)
  const parts = sorted.slice(0, mostShown)
  const rest = sorted.slice(mostShown).reduce((sum, { contribution }) => sum + contribution, 0)
  const more = sorted.length > mostShown ? { features: sorted.length - mostShown, contribution: rest } : undefined
  const told = {
    bundle: bundle.id,
    name: flags.id ?? `row ${flags.row}`,
    probability,
    isFraud,
    scale,
    base,
    output,
    error,
    ...toldOfTraining(time === undefined ? undefined : trainingPartOf(bundle)(time), bundle),
  }
  terminal.say(
    `${told.name}: probability ${formatGeneral(probability)}, ${isFraud ? 'fraud' : 'legitimate'} by ${bundle.id}`,
  )
  if (told.note !== undefined) terminal.say(`  ${told.note}`)
  for (const line of drawBars(told, parts, more)) terminal.say(line)
  if (flags.out !== undefined) {
    const { out } = flags
    const notes = [told.note, cold].filter((note) => note !== undefined)
    const note = notes.length > 0 ? notes.join('. ') : undefined
    const picture = renderExplanation({ ...told, ...(note && { note }), parts, ...(more && { more }) })
    await replaceFile(out, picture, flags, run)
    terminal.say(`\npicture  ${flags.out}`)
  }
  terminal.result({ ...told, ...(cold && { cold }), contributions: sorted })
}

/** What keeps a row from showing how the bundle does on new ones, and what its score is not. */
function toldOfTraining(
  part: TrainingPart | undefined,
  { calibration }: Pick<Bundle, 'calibration'>,
): {
  readonly trainingPart?: TrainingPart
  readonly note?: string
} {
  if (calibration.method === 'rank') {
    const note =
      'The bundle learned without labels: its score says how strange the row is, and is not a probability of fraud'
    return { ...(part && { trainingPart: part }), note }
  }
  if (part === undefined) return {}
  const note =
    part === 'training'
      ? 'The row is in the period that the bundle was trained on, so the model may have learned its label'
      : 'The row is in the label gap: its label was not known when the test began, so it is in neither training nor test'
  return { trainingPart: part, note }
}

function drawBars(
  { scale, base, output, error }: { scale: string; base: number; output: number; error: number },
  parts: readonly ExplainedFeature[],
  more: { readonly features: number; readonly contribution: number } | undefined,
): readonly string[] {
  const rows = parts.map(({ text, contribution }) => ({ label: text, contribution }))
  if (more !== undefined) rows.push({ label: `${more.features} others`, contribution: more.contribution })
  const most = Math.max(...rows.map(({ contribution }) => Math.abs(contribution)), Number.MIN_VALUE)
  const width = Math.max(...rows.map(({ label }) => label.length))
  const signed = (value: number) => (value < 0 ? '' : '+') + value.toFixed(4)
  return [
    `  ${'with nothing known'.padEnd(width)}  ${base.toFixed(4).padStart(9)}  (${scale})`,
    ...rows.map(({ label, contribution }) => {
      const bar = (contribution < 0 ? '▒' : '█').repeat(Math.round((Math.abs(contribution) / most) * barWidth))
      return `  ${label.padEnd(width)}  ${signed(contribution).padStart(9)}  ${bar}`
    }),
    `  ${'the model’s answer'.padEnd(width)}  ${output.toFixed(4).padStart(9)}  before calibration`,
    ...(error > 0 ? [`  the parts were off by ${formatGeneral(error)} before the rest was spread over them`] : []),
  ]
}

interface FoundRow {
  /** The row as the model gets it. */
  readonly row: Float64Array
  /** Missing for a flat table. */
  readonly transaction?: Transaction
  /** The time in the unit of the training's split. */
  readonly time?: number | undefined
  /** That windows reach back to before the file. */
  readonly cold?: string | undefined
}

async function findRow(bundle: Bundle, file: string, flags: ExplainFlags, run: Run): Promise<FoundRow> {
  const { detector, model } = bundle
  const { id, row } = flags
  const { history } = flags
  const input = { ...readingOf(flags), ...(history !== undefined && { history }) }
  const features = compileDetector(detector)
  refuseIdleHistory(history, features.plan)
  const idColumn = detector.transaction.id
  if (id !== undefined && idColumn === undefined) {
    throw new FraudError('OPTION_INVALID', "The bundle's detector declares no id: name the row with --row")
  }
  const missing = new FraudError(
    'DATA_INVALID',
    `There is no ${id === undefined ? `row ${row}` : `transaction ${id}`} in ${file}`,
  )
  if (features.columns !== undefined) {
    const { table, badRows, repeats } = await readFlatTable(file, detector, features, input, run, { isIdText: true })
    await writeRejects(file, badRows.first, input, run)
    const rows = rowsOf(table, idColumn, id, row)
    warnOfRepeats(repeats, detector.transaction, 'they have the same explanation', run)
    if (rows.length === 0) throw missing
    sayWhich(
      rows.map((index) => placeIn(table, index)),
      id,
      run,
    )
    const { field, clock } = detector.transaction.time ?? {}
    const time = clock === undefined ? table.columns.find(({ name }) => name === field) : undefined
    return {
      row: Float64Array.from(model.features, (name) => numberColumn(table, name).values[rows[0]]),
      time: time === undefined || time.kind === 'text' ? undefined : time.values[rows[0]],
    }
  }
  const located = { detector, locate: inMemory }
  let wanted = row
  const onRepeat = (fileRow: number, first: number) => {
    if (fileRow === row) wanted = first
  }
  const replay = { located, features, file, onRepeat }
  let firstMs = Number.POSITIVE_INFINITY
  const find = (told: Progress) =>
    replayFile(replay, input, told, async (groups) => {
      const found: { readonly fileRow: number; readonly values: Float64Array; transaction: Transaction }[] = []
      for await (const group of groups) {
        for (const { row: values, transaction, table, index, fileRow } of group) {
          firstMs = Math.min(firstMs, transaction.timestampMs)
          if (id === undefined ? fileRow !== wanted : textReader(table, idColumn ?? '')(index) !== id) continue
          found.push({ fileRow, values: values.slice(), transaction: structuredClone(transaction) })
        }
      }
      return found
    })
  let { result } = await find(run)
  // A row that repeats an earlier one is explained in its place: the earlier one has gone by before the repetition is
  // known.
  if (wanted !== row) result = (await find(quiet(run))).result
  if (result.length === 0) throw missing
  sayWhich(
    result.map(({ fileRow }) => fileRow),
    id,
    run,
  )
  const { values, transaction } = result[0]
  const cold = tellCold(Float64Array.of(transaction.timestampMs), firstMs, features.plan, history)
  if (cold !== undefined) run.terminal.warn(cold)
  return { row: values, transaction, time: transaction.timestampMs, cold }
}

/** The rows of the table that are meant. */
function rowsOf(
  table: Table,
  idColumn: string | undefined,
  id: string | undefined,
  row: number | undefined,
): readonly number[] {
  const indices = Array.from({ length: table.rowCount }, (_, index) => index)
  if (id === undefined || idColumn === undefined) return indices.filter((index) => placeIn(table, index) === row)
  const textOf = textReader(table, idColumn)
  return indices.filter((index) => textOf(index) === id)
}

/** Which of the file's rows it is, from 0. */
function placeIn({ placeOf }: Table, index: number): number {
  return placeOf?.(index) ?? index
}

function sayWhich(rows: readonly number[], id: string | undefined, { terminal }: Run): void {
  if (id === undefined || rows.length === 1) return
  const others = rows.slice(1, 6).join(', ')
  terminal.warn(`${rows.length} rows have this id; row ${rows[0]} is explained. For another one use --row (${others})`)
}
