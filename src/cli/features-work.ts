import { FraudError } from '../core/errors.ts'
import { textReader } from '../data/columns.ts'
import type { Table } from '../data/table.ts'
import { csvFormatter, writeChunks } from '../data/write-csv.ts'
import { checkWritable } from '../data/write-file.ts'
import { compileFeatures } from '../features/feature-set.ts'
import { readDetector } from './find-detector.ts'
import { printChunks } from './print-chunks.ts'
import type { InputFlags } from './read-input.ts'
import { type FileReplay, type ReplayedTransaction, type ReplayWork, replayFile } from './replay-file.ts'
import type { Run } from './run.ts'

export interface FeaturesFlags extends InputFlags {
  readonly detector: string
  readonly out?: string
  readonly json?: boolean
}

/** Writes the row of each transaction of a file, in sequence order: what a model of the detector would be shown. */
export async function writeFeatures(file: string, flags: FeaturesFlags, run: Run): Promise<void> {
  const { out } = flags
  if (flags.json && out === undefined) {
    throw new FraudError('OPTION_INVALID', '--json needs --out: both would write to standard output')
  }
  if (out !== undefined && !/\.csv(\.gz)?$/i.test(out)) {
    throw new FraudError('OPTION_INVALID', `--out ${out}: its name must end in .csv or .csv.gz`)
  }
  if (out !== undefined) await checkWritable(out)
  const located = await readDetector(flags.detector, flags)
  const features = compileFeatures(located)
  const id = located.detector.transaction.id
  const kinds = id === undefined ? {} : { [id]: 'text' as const }
  const counted = { rows: 0 }
  const write = (chunks: AsyncIterable<Uint8Array>) =>
    out === undefined ? printChunks(chunks) : writeChunks(chunks, out)
  const work: ReplayWork<void> = (groups) => {
    counted.rows = 0
    return write(formatGroups(groups, id, features.names, counted))
  }
  const replay: FileReplay = { located, features, file, kinds }
  await replayFile(replay, flags, run, work, { isSpeculative: out !== undefined })
  if (out !== undefined) run.terminal.say(`${counted.rows.toLocaleString('en')} rows: ${out}`)
  run.terminal.result({ rows: counted.rows, features: features.names, out })
}

async function* formatGroups(
  groups: AsyncIterable<Iterable<ReplayedTransaction>>,
  id: string | undefined,
  names: readonly string[],
  counted: { rows: number },
): AsyncGenerator<Uint8Array> {
  const format = csvFormatter()
  for await (const group of groups) {
    const ids: string[] = []
    const columns: number[][] = names.map(() => [])
    let textOf: ((index: number) => string | undefined) | undefined
    for (const { row, table, index, fileRow } of group) {
      textOf ??= id === undefined ? () => undefined : textReader(table, id)
      ids.push(textOf(index) ?? String(fileRow))
      for (let feature = 0; feature < row.length; feature++) columns[feature].push(row[feature])
    }
    counted.rows += ids.length
    yield* format(tableOf(ids, names, columns))
  }
}

function tableOf(ids: readonly string[], names: readonly string[], columns: readonly (readonly number[])[]): Table {
  return {
    rowCount: ids.length,
    columns: [
      { kind: 'text', name: 'id', codes: Int32Array.from(ids.keys()), dictionary: ids },
      ...names.map((name, i) => ({ kind: 'number' as const, name, values: Float64Array.from(columns[i]) })),
    ],
  }
}
