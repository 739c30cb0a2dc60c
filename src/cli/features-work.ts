import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { FraudError } from '../core/errors.ts'
import { textReader } from '../data/columns.ts'
import type { Table } from '../data/table.ts'
import { csvFormatter, writeChunks } from '../data/write-csv.ts'
import type { ColumnCounts } from '../deciding/lost-histories.ts'
import type { LocatedDetector } from '../detector/detector.ts'
import { compileFeatures, type FeatureSet } from '../features/feature-set.ts'
import { joinRow, type PartedFeatures, partAlone, partsOf } from '../features/parts.ts'
import type { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'
import type { FileReplay, ReplayedTransaction, ReplayWork } from '../training/file-replay.ts'
import { lastDetector, readDetector } from '../training/find-detector.ts'
import { countColumns, replayLog, warnOfLate, warnOfLosses, warnOfUnread } from '../training/logged-rows.ts'
import { type InputRequest, refuseReading } from '../training/read-input.ts'
import { rejectsOf } from '../training/rejects.ts'
import { type ForceRequest, replaceOutput } from '../training/replace-output.ts'
import { replayFile } from '../training/replay-file.ts'
import { type IdentifiedRow, shuffleFeatures } from '../training/shuffle-features.ts'
import type { Shuffle } from '../training/store-events.ts'
import { openLog } from './log-files.ts'
import { checkOutputs, refuseInFolder } from './output-paths.ts'
import { printChunks } from './print-chunks.ts'
import type { Run } from './run.ts'

export interface FeaturesFlags extends ForceRequest, InputRequest {
  readonly fromLog?: boolean
  readonly data: string
  readonly out?: string
  readonly shuffle?: string
  readonly buckets?: number
  readonly processes?: number
  readonly memory?: number
  readonly part?: string
  readonly joined?: boolean
  readonly json?: boolean
}

/** Writes the row of each transaction of a file, in sequence order: what a model of the detector would be shown. */
export async function writeFeatures(file: string | undefined, flags: FeaturesFlags, run: Run): Promise<void> {
  const { out, detector } = flags
  if (flags.json && out === undefined) {
    throw new FraudError('OPTION_INVALID', '--json needs --out: both would write to standard output')
  }
  if (out !== undefined && !/\.csv(\.gz)?$/i.test(out)) {
    throw new FraudError('OPTION_INVALID', `--out ${out}: its name must end in .csv or .csv.gz`)
  }
  refuseIdle(flags)
  const outputs = { '--out': out, '--rejects': rejectsOf(flags) }
  await checkOutputs(outputs, { FILE: file, '--detector': detector })
  if (flags.shuffle !== undefined) refuseInFolder(outputs, '--shuffle', flags.shuffle)
  if (flags.fromLog === true) {
    if (file !== undefined) throw new FraudError('OPTION_INVALID', `--from-log reads the log, and ${file} is a file`)
    refuseReading(flags)
    return writeLoggedFeatures(flags, run)
  }
  if (file === undefined) throw new FraudError('OPTION_INVALID', 'Name a FILE, or use --from-log')
  if (detector === undefined) throw new FraudError('OPTION_INVALID', 'A file needs --detector')
  const located = await readDetector(detector, flags)
  const features = chosenFeatures(compileFeatures(located), located, flags)
  const id = located.detector.transaction.id
  const counted = { rows: 0 }
  const write = (chunks: AsyncIterable<Uint8Array>) =>
    out === undefined ? printChunks(chunks) : replaceOutput(out, flags, run, (place) => writeChunks(chunks, out, place))
  const replay: FileReplay = { located, features, file, isPart: flags.part !== undefined }
  if (flags.joined === true) {
    const parted = partsOf(features)
    const kinds = Object.fromEntries(partNames(parted).map((name) => [name, 'number' as const]))
    const joining: FileReplay = { ...replay, kinds, makesRows: false, isOrdered: false }
    await replayFile(joining, flags, run, (groups) =>
      write(formatRows(identifyRows(joinedGroups(groups, parted), id), features.names, counted)),
    )
  } else if (flags.shuffle === undefined) {
    const work: ReplayWork<void> = (groups) => {
      counted.rows = 0
      return write(formatRows(identifyRows(groups, id), features.names, counted))
    }
    await replayFile(replay, flags, run, work, { isSpeculative: out !== undefined })
  } else {
    await shuffleFeatures(replay, flags, run, shuffleOf(flags, flags.shuffle), (groups) =>
      write(formatRows(groups, features.names, counted)),
    )
  }
  if (out !== undefined) run.terminal.say(`${counted.rows.toLocaleString('en')} rows: ${out}`)
  run.terminal.result({ rows: counted.rows, features: features.names, out })
}

/** A flag that says nothing of what is done would seem to have been followed. */
function refuseIdle({ fromLog, shuffle, joined, part, buckets, processes, memory }: FeaturesFlags): void {
  const refuse = (reason: string, given: Readonly<Record<string, unknown>>) => {
    const idle = Object.keys(given).find((name) => given[name] !== undefined)
    if (idle !== undefined) throw new FraudError('OPTION_INVALID', `--${idle} ${reason}`)
  }
  if (fromLog === true) refuse('is only for files, and --from-log reads the log', { part, joined, shuffle })
  if (shuffle === undefined) refuse('goes with --shuffle', { buckets, processes, memory })
  if (joined === true) refuse('and --joined do not go together', { part, shuffle })
}

/** Memory is what a shuffle is to save, so what V8 keeps for young objects stays as small as it begins. */
function shuffleOf({ buckets, processes, memory = 100 }: FeaturesFlags, folder: string): Shuffle {
  setFlagsFromString('--semi-space-growth-factor=1')
  const nodeFlags = ['--max-semi-space-size=2']
  return { folder, buckets, processes: processes ?? availableParallelism(), memoryMb: memory, nodeFlags }
}

/** All features, or those of one key's history. */
function chosenFeatures(features: FeatureSet, { detector }: LocatedDetector, { part }: FeaturesFlags): FeatureSet {
  if (part === undefined) return features
  if (detector.transaction.id === undefined) {
    throw new FraudError('OPTION_INVALID', '--part needs the id of transactions: what the parts are joined by')
  }
  const parted = partsOf(features)
  const found = parted.parts.find(({ by, at }) => by === part && at.length > 0)
  if (found !== undefined) return partAlone(parted, found)
  const keys = parted.parts.filter(({ at }) => at.length > 0).map(({ by }) => by)
  throw new FraudError(
    'OPTION_INVALID',
    `--part ${part}: no feature reads a history by that key, but by ${keys.join(', ')}`,
  )
}

function partNames({ whole, parts }: PartedFeatures): readonly string[] {
  return parts.flatMap(({ at }) => at.map((place) => whole.names[place]))
}

/** Rows of a file that has the features of all parts as columns, by their names. */
async function* joinedGroups(
  groups: AsyncIterable<Iterable<ReplayedTransaction>>,
  parted: PartedFeatures,
): AsyncGenerator<Iterable<ReplayedTransaction>> {
  const row = new Float64Array(parted.whole.names.length)
  const joinedRows = function* (group: Iterable<ReplayedTransaction>): Generator<ReplayedTransaction> {
    let columns: readonly (readonly ((index: number) => number)[])[] | undefined
    for (const each of group) {
      columns ??= parted.parts.map(({ at }) => at.map((place) => numberReader(each.table, parted.whole.names[place])))
      const values = columns.map((readers) => readers.map((read) => read(each.index)))
      yield { ...each, row: joinRow(parted, each.transaction, values, row) }
    }
  }
  for await (const group of groups) yield joinedRows(group)
}

function numberReader(table: Table, name: string): (index: number) => number {
  const column = table.columns.find((each) => each.name === name)
  if (column?.kind !== 'number') {
    throw new FraudError('DATA_INVALID', `A file that is joined needs the column "${name}", which --part writes`)
  }
  return (index) => column.values[index]
}

/** The same of the transactions that a log holds, in the order of their numbers: what they were decided on. */
async function writeLoggedFeatures(flags: FeaturesFlags, run: Run): Promise<void> {
  const { out } = flags
  const reader = openLog(flags)
  try {
    const { detector } = flags
    const located = detector === undefined ? lastDetector(reader) : await readDetector(detector, flags)
    const features = compileFeatures(located)
    const counted = { rows: 0, late: 0 }
    const progress = run.terminal.begin('replay the log')
    const columns = countColumns(located, features, reader)
    const chunks = formatLogged(located, features, { reader, columns, counted }, run)
    if (out === undefined) await printChunks(chunks)
    else await replaceOutput(out, flags, run, (place) => writeChunks(chunks, out, place))
    progress.end(`${counted.rows.toLocaleString('en')} transactions`)
    warnOfUnread(reader.unread, run)
    warnOfLosses(columns, run)
    warnOfLate(counted.late, 'they are not rows to learn from', run)
    const left = columns.total - counted.rows
    if (left > 0)
      run.terminal.warn(`${left.toLocaleString('en')} transactions without amount or currency were left out`)
    run.terminal.result({ rows: counted.rows, features: features.names, out })
  } finally {
    reader.close()
  }
}

function* formatLogged(
  located: LocatedDetector,
  features: FeatureSet,
  {
    reader,
    columns,
    counted,
  }: {
    readonly reader: SqliteLogReader
    readonly columns: ColumnCounts
    readonly counted: { rows: number; late: number }
  },
  { signal }: Run,
): Generator<Uint8Array> {
  const format = csvFormatter()
  yield* format(
    tableOf(
      [],
      features.names,
      features.names.map(() => []),
    ),
  )
  for (const group of replayLog(located, features, reader, { usesStored: () => false, counts: columns, signal })) {
    const ids = group.map(({ record }) => record.id)
    counted.rows += ids.length
    counted.late += group.filter(({ isLate }) => isLate).length
    yield* format(
      tableOf(
        ids,
        features.names,
        features.names.map((_, i) => group.map(({ row }) => row[i])),
      ),
    )
  }
}

/** Rows of a file, with the ids that they are shown by; each is valid until the next one. */
async function* identifyRows(
  groups: AsyncIterable<Iterable<ReplayedTransaction>>,
  id: string | undefined,
): AsyncGenerator<Iterable<IdentifiedRow>> {
  const identify = function* (group: Iterable<ReplayedTransaction>): Generator<IdentifiedRow> {
    let textOf: ((index: number) => string | undefined) | undefined
    for (const { row, table, index, fileRow } of group) {
      textOf ??= id === undefined ? () => undefined : textReader(table, id)
      yield { id: textOf(index) ?? String(fileRow), row }
    }
  }
  for await (const group of groups) yield identify(group)
}

async function* formatRows(
  groups: AsyncIterable<Iterable<IdentifiedRow>>,
  names: readonly string[],
  counted: { rows: number },
): AsyncGenerator<Uint8Array> {
  const format = csvFormatter()
  for await (const group of groups) {
    const ids: string[] = []
    const columns: number[][] = names.map(() => [])
    for (const { id, row } of group) {
      ids.push(id)
      for (let feature = 0; feature < row.length; feature++) columns[feature].push(row[feature])
    }
    counted.rows += ids.length
    yield* format(tableOf(ids, names, columns))
  }
  // The header, where there was no group to bring it.
  yield* format(
    tableOf(
      [],
      names,
      names.map(() => []),
    ),
  )
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
