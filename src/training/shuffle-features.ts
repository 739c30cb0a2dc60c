import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import { type Progress, throwIfInterrupted } from '../core/progress.ts'
import { workerScript } from '../core/worker-script.ts'
import { type FoundRepeats, type OrderedEvent, readOrdered } from '../data/shuffled-events.ts'
import { unwritable } from '../data/write-file.ts'
import { type FeaturePart, joinRow, type PartedFeatures, partsOf } from '../features/parts.ts'
import type { FileReplay } from './file-replay.ts'
import { type PartTask, partFile } from './part-task.ts'
import { PartReader } from './part-values.ts'
import type { InputRequest } from './read-input.ts'
import { type Shuffle, storeEvents } from './store-events.ts'

/** A transaction of the file with its row, valid until the next one. */
export interface IdentifiedRow {
  readonly id: string
  readonly row: Float64Array
}

const eventsPerBucket = 250_000
/** How many values of all buckets are held in memory while they are joined. */
const valuesAtOnce = 2_000_000

/**
 * The rows that a replay of a file makes, in the same order and with the same bits, of files that are larger than memory. Since
 * each feature reads the history of one key, the events are divided by each key into buckets on disk; a process replays a bucket
 * with that key's histories alone; and what they computed is joined again.
 */
export async function shuffleFeatures<Result>(
  replay: FileReplay,
  request: InputRequest,
  run: Progress,
  shuffle: Shuffle,
  work: (rows: AsyncIterable<Iterable<IdentifiedRow>>) => Promise<Result>,
): Promise<Result> {
  if (request.history !== undefined) {
    throw new FraudError(
      'OPTION_INVALID',
      `${option('history')} and ${option('shuffle')} don't go together: put both files into one`,
    )
  }
  const parted = partsOf(replay.features)
  const { folder, memoryMb } = shuffle
  await makeFolder(folder)
  try {
    const detectorFile = join(folder, 'detector.json')
    await writeFile(detectorFile, JSON.stringify(replay.located.detector), { mode: 0o600 })
    const place = { folder, detectorFile, memoryMb }
    const count = await storeEvents(replay, request, run, shuffle, async (mostExamples) => {
      const task: PartTask = { ...place, stage: 'find repeats', mostExamples }
      const [found] = await runTasks('look for repeated ids', [task], { ...shuffle, processes: 1 }, run)
      return found
    })
    const buckets = shuffle.buckets ?? Math.max(1, Math.ceil(count / eventsPerBucket))
    const parts = parted.parts.filter(({ at }) => at.length > 0)
    await computeParts(parts, buckets, place, shuffle, run)
    const { texts, numbers } = parted.whole.layout
    const shape = { texts: texts.length, numbers: numbers.length }
    const events = readOrdered(folder, { shape, texts: parts.length, memoryMb: memoryMb / 4 })
    return await work(joinRows({ ...parted, parts }, events, { folder, count, buckets }, run))
  } catch (cause) {
    throw unwritable(cause, folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function partName(part: number): string {
  return `part-${part}`
}

/** @throws FraudError OPTION_INVALID where something is in it. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const there = await readdir(folder)
    if (there.length === 0) return
    const words = `${folder} holds ${there[0]}; the folder of a shuffle has to be empty or not there, since it is removed at the end`
    throw new FraudError('OPTION_INVALID', words)
  } catch (cause) {
    throw unwritable(cause, folder)
  }
}

/** Has each bucket of each part replayed, by so many processes at a time. */
async function computeParts(
  parts: readonly FeaturePart[],
  buckets: number,
  place: Pick<PartTask, 'folder' | 'detectorFile' | 'memoryMb'>,
  { processes, nodeFlags }: Shuffle,
  run: Progress,
): Promise<void> {
  const ofKey = ({ by }: FeaturePart, part: number) => ({ ...place, name: partName(part), by })
  const dividing = parts.map((part, i): PartTask => ({ ...ofKey(part, i), stage: 'divide', buckets }))
  const ordering: PartTask = { ...place, stage: 'order', texts: parts.map(keyOf), buckets }
  // DuckDB lends its file to one process at a time.
  const alone = { processes: 1, nodeFlags }
  await runTasks(`order, and divide by ${parts.map(({ by }) => by).join(', ')}`, [ordering, ...dividing], alone, run)
  const bucketNumbers = Array.from({ length: buckets }, (_, bucket) => bucket)
  const replaying = parts.flatMap((part, i) =>
    bucketNumbers.map((bucket): PartTask => ({ ...ofKey(part, i), stage: 'replay', bucket })),
  )
  await runTasks(`replay ${buckets} buckets each`, replaying, { processes, nodeFlags }, run)
}

async function runTasks(
  what: string,
  tasks: readonly PartTask[],
  { processes, nodeFlags }: Pick<Shuffle, 'processes' | 'nodeFlags'>,
  run: Progress,
): Promise<readonly FoundRepeats[]> {
  const progress = run.begin(what)
  const results: FoundRepeats[] = []
  const stopping = new AbortController()
  const signal = AbortSignal.any([run.signal, stopping.signal])
  const waiting = tasks.values()
  let done = 0
  const one = async () => {
    for (const task of waiting) {
      const result = await runTask(task, nodeFlags, signal)
      if (result !== undefined) results.push(result)
      progress.update(++done, tasks.length)
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(processes, tasks.length) }, one))
  } finally {
    // The first that fails ends the others.
    stopping.abort()
  }
  progress.end(`${tasks.length} processes, ${Math.min(processes, tasks.length)} at a time`)
  return results
}

interface Said {
  readonly result?: FoundRepeats
  readonly refusal?: Pick<FraudError, 'code' | 'message'>
}

async function runTask(
  task: PartTask,
  nodeFlags: readonly string[],
  signal: AbortSignal,
): Promise<FoundRepeats | undefined> {
  throwIfInterrupted(signal)
  const script = fileURLToPath(workerScript('./part-process', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, ...nodeFlags, script, JSON.stringify(task)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const stop = () => child.kill('SIGKILL')
  signal.addEventListener('abort', stop, { once: true })
  let said: Said = {}
  let words = ''
  child.on('message', (message: Said) => {
    said = message
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words += text
  })
  const [code, killed] = await once(child, 'close').finally(() => signal.removeEventListener('abort', stop))
  throwIfInterrupted(signal)
  if (said.refusal !== undefined) throw new FraudError(said.refusal.code, said.refusal.message)
  if (code === 0) return said.result
  const why =
    words.trim() || (killed === null ? `exit code ${code}` : `${killed}; it may have needed more memory than there is`)
  throw new FraudError('WORKERS_FAILED', `The process of a shuffle that was to ${wordsOf(task)} ended: ${why}`)
}

function wordsOf(task: PartTask): string {
  if (task.stage === 'divide') return `divide by ${task.by}`
  if (task.stage === 'replay') return `replay bucket ${task.bucket} by ${task.by}`
  return task.stage
}

async function* joinRows(
  parted: PartedFeatures,
  events: AsyncIterable<readonly OrderedEvent[]>,
  { folder, count, buckets }: { readonly folder: string; readonly count: number; readonly buckets: number },
  run: Progress,
): AsyncGenerator<Iterable<IdentifiedRow>> {
  const progress = run.begin('join')
  const { parts } = parted
  const rowsAtOnce = Math.max(16, Math.ceil(valuesAtOnce / buckets / parted.whole.names.length))
  const readers = parts.map(({ at }, part) =>
    Array.from({ length: buckets }, (_, bucket) => {
      const path = partFile(folder, { name: partName(part), bucket })
      return new PartReader(path, at.length, rowsAtOnce)
    }),
  )
  const row = new Float64Array(parted.whole.names.length)
  const rowsOf = function* (group: readonly OrderedEvent[]): Generator<IdentifiedRow> {
    for (const event of group) {
      const values = event.buckets.map((bucket, part) => readers[part][bucket].next(event.row))
      joinRow(parted, event, values, row)
      yield { id: event.id ?? String(event.row), row }
    }
  }
  let done = 0
  for await (const group of events) {
    throwIfInterrupted(run.signal)
    yield rowsOf(group)
    done += group.length
    progress.update(done, count)
  }
  progress.end(`${count.toLocaleString('en')} transactions, ${row.length} features`)
}

/** Where the key of a part's history stands among texts. */
function keyOf({ plan }: FeaturePart): number {
  return plan.histories[0].text
}
