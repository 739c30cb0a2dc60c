import { FraudError } from '../core/errors.ts'
import { throwIfInterrupted } from '../core/progress.ts'
import { numberColumn, textReader } from '../data/columns.ts'
import type { Column, Table } from '../data/table.ts'
import { formatCsv, writeCsv } from '../data/write-csv.ts'
import { type Detector, inMemory } from '../detector/detector.ts'
import { compileDetector, type FeatureSet } from '../features/feature-set.ts'
import type { Bundle } from '../models/bundle.ts'
import { createPredictor, decodeBundleOf, readBundleBytes } from '../scoring/load-predictor.ts'
import type { Predictor } from '../scoring/predictor.ts'
import { scoreColumns } from '../scoring/score-columns.ts'
import { readFlatTable } from '../training/flat-table.ts'
import type { InputRequest } from '../training/read-input.ts'
import { rejectsOf, writeRejects } from '../training/rejects.ts'
import { warnOfRepeats } from '../training/repeated-ids.ts'
import { type ForceRequest, replaceOutput } from '../training/replace-output.ts'
import { replayFile } from '../training/replay-file.ts'
import { refuseIdleHistory, tellCold } from './cold-histories.ts'
import { checkOutputs } from './output-paths.ts'
import { printChunks } from './print-chunks.ts'
import type { Run } from './run.ts'

export interface ScoreFlags extends ForceRequest, InputRequest {
  readonly out?: string
  readonly json?: boolean
}

/** Scores every row of a file, in order, with the function that serves. */
export async function score(bundlePath: string, file: string, flags: ScoreFlags, run: Run): Promise<void> {
  const { terminal, signal } = run
  if (flags.json && flags.out === undefined) {
    throw new FraudError('OPTION_INVALID', '--json needs --out: both would write to standard output')
  }
  await checkOutputs(
    { '--out': flags.out, '--rejects': rejectsOf(flags) },
    { BUNDLE: bundlePath, FILE: file, '--history': flags.history },
  )
  const bytes = await readBundleBytes(bundlePath)
  const bundle = decodeBundleOf(bundlePath, bytes)
  const features = compileDetector(bundle.detector)
  refuseIdleHistory(flags.history, features.plan)
  const scores =
    features.columns === undefined
      ? await scoreTransactions(file, bundle.detector, features, createPredictor(bundle), flags, run)
      : await scoreFlatRows(file, bundle, features, bytes, flags, run)
  const { ids, probability, prediction } = scores
  throwIfInterrupted(signal)
  const scored: Table = {
    rowCount: probability.length,
    columns: [
      ids,
      { kind: 'number', name: 'probability', values: probability },
      { kind: 'number', name: 'prediction', values: prediction },
    ],
  }
  if (flags.out === undefined) await printChunks(formatCsv(scored))
  else {
    const { out } = flags
    await replaceOutput(out, flags, run, (place) => writeCsv(scored, out, place))
  }
  const frauds = prediction.reduce((sum, value) => sum + value, 0)
  if (flags.out !== undefined)
    terminal.say(`${probability.length} rows scored, ${frauds} predicted as fraud: ${flags.out}`)
  terminal.result({ rows: probability.length, predictedFrauds: frauds, model: bundle.id, out: flags.out })
}

interface Scores {
  readonly ids: Column
  readonly probability: Float64Array
  readonly prediction: Float64Array
}

interface Answer {
  readonly fileRow: number
  readonly id: string
  readonly probability: number
  readonly isFraud: boolean
  readonly timestampMs: number
}

const answeredAgain = 'they get the same answer again, as from a service'

/** Rows that repeat an earlier one have its answer. */
function inFileOrder(
  answers: readonly Answer[],
  repeats: readonly { readonly fileRow: number; readonly first: number }[],
): readonly Answer[] {
  const again = repeats.length === 0 ? undefined : new Map(answers.map((answer) => [answer.fileRow, answer]))
  const copies = repeats.flatMap(({ fileRow, first }) => {
    const answer = again?.get(first)
    return answer === undefined ? [] : [{ ...answer, fileRow }]
  })
  return [...answers, ...copies].sort((one, other) => one.fileRow - other.fileRow)
}

/** Where the model's inputs are columns. */
async function scoreFlatRows(
  file: string,
  { detector, model }: Bundle,
  features: FeatureSet,
  bytes: Uint8Array,
  flags: ScoreFlags,
  run: Run,
): Promise<Scores> {
  const { table, badRows, repeats } = await readFlatTable(file, detector, features, flags, run)
  await writeRejects(file, badRows.first, flags, run)
  warnOfRepeats(repeats, detector.transaction, answeredAgain, run)
  const columns = model.features.map((name) => numberColumn(table, name).values)
  const { probability, prediction } = await scoreColumns(bytes, columns, { signal: run.signal })
  return { ids: idColumn(table, detector.transaction.id), probability, prediction }
}

/**
 * Scores rows in the order of their times, each with the history of the file until then, and returns them in the order
 * of the file.
 */
async function scoreTransactions(
  file: string,
  detector: Detector,
  features: FeatureSet,
  predictor: Predictor,
  flags: ScoreFlags,
  run: Run,
): Promise<Scores> {
  const { id } = detector.transaction
  const located = { detector, locate: inMemory }
  let repeats: { fileRow: number; first: number }[] = []
  const onRepeat = (fileRow: number, first: number) => repeats.push({ fileRow, first })
  const replay = { located, features, file, onRepeat, repeatsAre: answeredAgain }
  const { result } = await replayFile(replay, flags, run, async (groups) => {
    repeats = []
    const answers: Answer[] = []
    for await (const group of groups) {
      let textOf: ((index: number) => string | undefined) | undefined
      for (const { row, transaction, table, index, fileRow } of group) {
        textOf ??= id === undefined ? () => undefined : textReader(table, id)
        const { timestampMs } = transaction
        answers.push({ fileRow, id: textOf(index) ?? String(fileRow), timestampMs, ...predictor.predict(row) })
      }
    }
    return inFileOrder(answers, repeats)
  })
  const times = Float64Array.from(result, ({ timestampMs }) => timestampMs)
  const firstMs = times.reduce((least, time) => Math.min(least, time), Infinity)
  const cold = tellCold(times, firstMs, features.plan, flags.history)
  if (cold !== undefined) run.terminal.warn(cold)
  return {
    ids: {
      kind: 'text',
      name: 'id',
      codes: Int32Array.from(result.keys()),
      dictionary: result.map((answer) => answer.id),
    },
    probability: Float64Array.from(result, ({ probability }) => probability),
    prediction: Float64Array.from(result, ({ isFraud }) => (isFraud ? 1 : 0)),
  }
}

function idColumn(table: Table, id: string | undefined): Column {
  const own = id === undefined ? undefined : table.columns.find((column) => column.name === id)
  if (own !== undefined) return { ...own, name: 'id' }
  const { rowCount, placeOf = (row: number) => row } = table
  return { kind: 'number', name: 'id', values: Float64Array.from({ length: rowCount }, (_, row) => placeOf(row)) }
}
