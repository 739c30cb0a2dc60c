import { pipeline } from 'node:stream/promises'
import { FraudError } from '../core/errors.ts'
import { numberColumn } from '../data/columns.ts'
import type { Column, Table } from '../data/table.ts'
import { formatCsv, writeCsv } from '../data/write-csv.ts'
import { checkWritable } from '../data/write-file.ts'
import { createPredictor, readBundle } from '../scoring/load-predictor.ts'
import { type InputFlags, readFileTable } from './read-input.ts'
import { type Run, throwIfInterrupted } from './run.ts'

export interface ScoreFlags extends InputFlags {
  readonly out?: string
  readonly json?: boolean
}

/** Scores every row of a file, in order, with the function that serves. */
export async function score(bundlePath: string, file: string, flags: ScoreFlags, run: Run): Promise<void> {
  const { terminal, signal } = run
  if (flags.json && flags.out === undefined) {
    throw new FraudError('OPTION_INVALID', '--json needs --out: both would write to standard output')
  }
  if (flags.out !== undefined) await checkWritable(flags.out)
  const bundle = await readBundle(bundlePath)
  const { table } = await readFileTable(file, flags, run)
  const predictor = createPredictor(bundle)
  const columns = predictor.inputs.map((name) => numberColumn(table, name).values)
  const row = new Float64Array(columns.length)
  const probability = new Float64Array(table.rowCount)
  const prediction = new Float64Array(table.rowCount)
  for (let index = 0; index < table.rowCount; index++) {
    for (let feature = 0; feature < row.length; feature++) row[feature] = columns[feature][index]
    const answer = predictor.predict(row)
    probability[index] = answer.probability
    prediction[index] = answer.isFraud ? 1 : 0
  }
  throwIfInterrupted(signal)
  const scored: Table = {
    rowCount: table.rowCount,
    columns: [
      idColumn(table, bundle.detector.transaction.id),
      { kind: 'number', name: 'probability', values: probability },
      { kind: 'number', name: 'prediction', values: prediction },
    ],
  }
  if (flags.out === undefined) await print(formatCsv(scored))
  else await writeCsv(scored, flags.out)
  const frauds = prediction.reduce((sum, value) => sum + value, 0)
  if (flags.out !== undefined) terminal.say(`${table.rowCount} rows scored, ${frauds} predicted as fraud: ${flags.out}`)
  terminal.result({ rows: table.rowCount, predictedFrauds: frauds, model: bundle.id, out: flags.out })
}

/** At the reader's pace. One that has seen enough, as `head` has, is no failure. */
async function print(chunks: Iterable<Uint8Array>): Promise<void> {
  try {
    await pipeline(chunks, process.stdout, { end: false })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error
  }
}

function idColumn(table: Table, id: string | undefined): Column {
  const own = id === undefined ? undefined : table.columns.find((column) => column.name === id)
  if (own !== undefined) return { ...own, name: 'id' }
  return { kind: 'number', name: 'id', values: Float64Array.from({ length: table.rowCount }, (_, row) => row) }
}
