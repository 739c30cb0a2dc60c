import { availableParallelism } from 'node:os'
import { shared } from '../core/shared-memory.ts'
import { ThreadPool } from '../core/thread-pool.ts'
import { workerScript } from '../core/worker-script.ts'
import type { Detector } from '../detector/detector.ts'
import type { Transaction } from '../detector/transaction.ts'
import { ChunkTexts } from './chunk-texts.ts'
import { type ComputeValues, compileValues } from './compute-values.ts'
import { computeDerived, type FeatureSet } from './feature-set.ts'
import type { History } from './history.ts'
import { type OpenTransaction, ReplayChunk } from './replay-chunk.ts'
import { type LanePlan, openLanes, planLanes, planUndelayed } from './replay-lanes.ts'
import { type LaneTask, replayLanes, type ThreadData } from './replay-thread.ts'
import { undelayedPlaces } from './undelayed.ts'

const fewestRows = 131_072
const mostRows = 1_048_576
/** What is carried from chunk to chunk is moved with each of them; with so many events for a row it stays cheap. */
const carriedPerRow = 8
const noHistories: readonly History[] = []

export interface ChunkReplayOptions {
  /** How many rows a chunk has; as many as what is carried from one to the next asks for by default. */
  readonly rows?: number
  /** As many as there are cores by default; of 1, all is done where it is asked for. */
  readonly threads?: number
  /** That there are many chunks, so that threads can begin at once; else they begin where the first chunk is full. */
  readonly isLong?: boolean
  /** That rows are also asked for as they would be if labels were known at once (`readUndelayed`). */
  readonly isUndelayed?: boolean
  readonly signal: AbortSignal
}

/** Lanes of one thread, by their places among all; it takes one chunk after the other. */
interface Team {
  readonly lanes: readonly number[]
  readonly run: (task: LaneTask) => Promise<number>
}

/** Rows to be replayed, and what came of them. */
export interface ReplayedChunk {
  readonly input: ReplayChunk
  /** The values of each lane's features, row by row. */
  readonly outs: readonly Float64Array[]
}

/**
 * Replays a file's transactions, which come in the order of their times, in chunks: the histories apart from each other, and
 * key by key where the features allow it. The rows are those of a `Replay`, for any number of threads.
 */
export class ChunkReplay {
  readonly #features: FeatureSet
  readonly #detector: Detector
  readonly #plans: readonly LanePlan[]
  /** How many of them take labels as they become known; behind those are the others. */
  readonly #delayed: number
  /** Where in the row the values of each lane's features are. */
  readonly #placesOf: readonly Uint32Array[]
  /** The same of the features that look at no history. */
  readonly #plainPlaces: Uint32Array
  readonly #computePlain: ComputeValues
  readonly #plain: Float64Array
  readonly #undelayedPlaces: Uint32Array
  readonly #undelayed: Float64Array
  readonly #options: ChunkReplayOptions
  readonly #pools: ThreadPool<LaneTask, number>[] = []
  #teams: readonly Team[] | undefined
  #start = 0
  #rows: number
  /** Of this chunk and those before, until they are more than a chunk's rows. */
  #texts: ChunkTexts
  #free: ReplayedChunk[] = []

  /** @param detector the one that the features are of. */
  constructor(features: FeatureSet, detector: Detector, options: ChunkReplayOptions) {
    this.#features = features
    this.#detector = detector
    const plans = planLanes(features)
    this.#delayed = plans.length
    this.#plans = options.isUndelayed === true ? [...plans, ...planUndelayed(features)] : plans
    const placesOf = (some: readonly number[]) => Uint32Array.from(some, (own) => features.ownAt[own])
    const plain = [...features.own.keys()].filter((own) => features.ownHistories[own].length === 0)
    this.#placesOf = this.#plans.map((plan) => placesOf(plan.features))
    this.#plainPlaces = placesOf(plain)
    this.#computePlain = compileValues(plain.map((own) => features.own[own]))
    this.#plain = new Float64Array(plain.length)
    this.#undelayedPlaces = undelayedPlaces(features)
    this.#undelayed = new Float64Array(features.names.length)
    this.#options = options
    this.#rows = options.rows ?? fewestRows
    this.#texts = new ChunkTexts(features.layout)
    if (options.isLong === true) this.#teams = this.#openTeams(true)
  }

  /** A chunk to fill. */
  open(): ReplayedChunk {
    const free = this.#free.pop()
    const chunk = free !== undefined && free.input.capacity >= this.#rows ? free : this.#makeChunk()
    if (this.#texts.dictionaries.some(({ length }) => length > this.#rows))
      this.#texts = new ChunkTexts(this.#features.layout)
    chunk.input.open(this.#texts)
    return chunk
  }

  /** Computes a chunk's rows. Chunks come one behind the other; the next may be given before this one is done. */
  async replay({ input, outs }: ReplayedChunk): Promise<void> {
    this.#teams ??= this.#openTeams(input.isFull)
    const chunk = input.toSend(this.#start)
    this.#start += chunk.rowCount
    const tasks = this.#teams.map(({ lanes, run }) => run({ chunk, outs: lanes.map((lane) => outs[lane]) }))
    const carried = Math.max(0, ...(await Promise.all(tasks)))
    if (this.#options.rows !== undefined) return
    this.#rows = Math.min(mostRows, Math.max(this.#rows, Math.ceil(carried / carriedPerRow)))
  }

  /** Reads a row of a chunk that was replayed, and its transaction. */
  read({ input, outs }: ReplayedChunk, at: number, transaction: OpenTransaction, row: Float64Array): void {
    input.read(at, transaction)
    this.#scatter(outs, at, row, 0, this.#delayed)
    this.#computePlain(transaction, noHistories, this.#plain, 0)
    scatter(this.#plain, 0, this.#plainPlaces, row)
    computeDerived(this.#features, transaction, noHistories, row)
  }

  /** Writes into `into` what of the row that was read last would be otherwise if labels were known at once (`undelayedPlaces`). */
  readUndelayed({ outs }: ReplayedChunk, at: number, transaction: Transaction, row: Float64Array, into: Float64Array) {
    const undelayed = this.#undelayed
    undelayed.set(row)
    this.#scatter(outs, at, undelayed, this.#delayed, outs.length)
    computeDerived(this.#features, transaction, noHistories, undelayed)
    for (let i = 0; i < into.length; i++) into[i] = undelayed[this.#undelayedPlaces[i]]
  }

  #scatter(outs: ReplayedChunk['outs'], at: number, row: Float64Array, first: number, end: number): void {
    for (let lane = first; lane < end; lane++) {
      const places = this.#placesOf[lane]
      scatter(outs[lane], at * places.length, places, row)
    }
  }

  /** Takes back a chunk that nobody reads any longer. */
  release(chunk: ReplayedChunk): void {
    this.#free.push(chunk)
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.close()))
  }

  #makeChunk(): ReplayedChunk {
    const rows = this.#rows
    return {
      input: new ReplayChunk(this.#features.layout, rows),
      outs: this.#plans.map(({ features }) => shared(Float64Array, rows * features.length)),
    }
  }

  /** A file of less than one chunk is done before a thread could begin. */
  #openTeams(isLong: boolean): readonly Team[] {
    const { threads = isLong ? availableParallelism() : 1, signal } = this.#options
    const all = [...this.#plans.keys()]
    if (threads === 1) {
      const replay = replayLanes(openLanes(this.#features, this.#detector, this.#plans))
      return [{ lanes: all, run: async (task) => replay(task) }]
    }
    const count = Math.min(threads, all.length)
    return Array.from({ length: count }, (_, thread) => {
      const lanes = all.filter((lane) => lane % count === thread)
      const data = { detector: this.#detector, lanes: lanes.map((lane) => this.#plans[lane]) }
      const script = workerScript('./replay-worker', import.meta.url)
      const pool = new ThreadPool<LaneTask, number>(script, data satisfies ThreadData, { threads: 1, signal })
      this.#pools.push(pool)
      let last: Promise<unknown> = Promise.resolve()
      const run = (task: LaneTask) => {
        const carried = last.then(() => pool.run([task])).then(([most]) => most)
        last = carried
        return carried
      }
      return { lanes, run }
    })
  }
}

/** Writes values that are side by side, from a place on, to their places in a row. */
function scatter(values: Float64Array, from: number, places: Uint32Array, row: Float64Array): void {
  for (let i = 0; i < places.length; i++) row[places[i]] = values[from + i]
}
