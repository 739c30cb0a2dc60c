import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import type { KeyRing } from '../../access/keys.ts'
import { startWorker } from '../../core/start-worker.ts'
import { workerScript } from '../../core/worker-script.ts'
import { statusOf } from '../error-status.ts'
import type { HttpContext } from '../http-context.ts'
import { Channel } from './channel.ts'
import { EdgeDesk } from './edge-desk.ts'
import {
  type EdgeData,
  type EdgeNotice,
  type EdgeOrder,
  edgeCells,
  type HandOverAddress,
  type ModelOrder,
  refusedCell,
} from './edge-messages.ts'
import type { AskedEdge, EdgeScorers } from './edge-scorers.ts'
import { downLength, writeDown } from './request-bytes.ts'
import { createRing } from './ring.ts'
import { askLength, isOfScore, writeAsk } from './score-bytes.ts'

/** What edges answer for. */
export interface EdgeService {
  readonly context: HttpContext
  readonly keyRing: () => KeyRing
  readonly handOver: HandOverAddress
  /** Undefined where nothing is decided. */
  readonly scorers: EdgeScorers | undefined
}

/** A thread that listens, and its requests. */
export class Edge implements AskedEdge {
  readonly worker: Worker
  /** The port that it listens on; rejects where it can't. */
  readonly listening: Promise<number>
  /** Why it has ended, once it has. */
  readonly ended: Promise<string>
  readonly #cells: Int32Array
  readonly #paths: EdgeData['paths']
  readonly #context: HttpContext
  readonly #refused: number[]
  readonly #desk: EdgeDesk
  readonly #channel: Channel
  readonly #stopped = Promise.withResolvers<void>()

  constructor(
    { context, keyRing, handOver, scorers }: EdgeService,
    address: Pick<EdgeData, 'host' | 'port' | 'limits' | 'paths'>,
  ) {
    const { paths } = address
    this.#context = context
    this.#paths = paths
    this.#refused = paths.map(() => 0)
    this.#cells = new Int32Array(new SharedArrayBuffer(4 * refusedCell(paths.length)))
    const [up, down] = [createRing(), createRing()]
    const workerData: EdgeData = { ...address, up, down, cells: this.#cells, handOver }
    this.worker = startWorker(workerScript('./edge-worker', import.meta.url), { workerData })
    const say = (order: EdgeOrder) => this.#say(order)
    const send = (slot: number, answer: string) =>
      channel.send(downLength(answer), (bytes, at) => writeDown(bytes, at, slot, answer))
    this.#desk = new EdgeDesk(context, keyRing, this.#cells, { send, say })
    const take = (message: Buffer) => {
      if (isOfScore(message)) scorers?.take(this, message)
      else this.#desk.take(message)
    }
    const channel = new Channel(down, up, { say, take })
    this.#channel = channel
    const { promise: listening, resolve, reject } = Promise.withResolvers<number>()
    this.listening = listening
    this.worker.on('message', (notice: EdgeNotice) => {
      if (notice === 'wake' || (notice !== 'stopped' && 'message' in notice)) channel.hear(notice)
      else if (notice === 'stopped') this.#stopped.resolve()
      else if ('scoresBy' in notice) scorers?.ready(this, notice.scoresBy)
      else if ('cannotScore' in notice)
        context.log.warn(
          { reason: notice.cannotScore },
          "an edge can't score by the model; the thread that decides scores its rows",
        )
      else if ('listening' in notice) resolve(notice.listening)
      else if ('failed' in notice) reject(Object.assign(new Error(notice.failed.message), { code: notice.failed.code }))
      else context.metrics.countRequest(notice.unparsed.route, notice.unparsed.status)
    })
    let reason: string | undefined
    this.worker.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error)
    })
    this.ended = once(this.worker, 'exit').then(([code]) => {
      this.#desk.close()
      scorers?.remove(this)
      // Its connections have gone with it.
      Atomics.store(this.#cells, edgeCells.open, 0)
      this.countRefused()
      return reason ?? `code ${code}`
    })
    void this.ended.then((reason) => reject(new Error(`The edge ended at its start (${reason})`)))
    listening.catch(() => {})
    scorers?.add(this)
  }

  /** Counts what it has refused since the last time. */
  countRefused(): void {
    for (const [place, { path }] of this.#paths.entries()) {
      const refused = Atomics.load(this.#cells, refusedCell(place))
      // A count of 32 bits may run over.
      for (let more = (refused - this.#refused[place]) | 0; more > 0; more--)
        this.#context.metrics.countRequest(path, statusOf.OVERLOADED)
      this.#refused[place] = refused
    }
  }

  cell(name: keyof typeof edgeCells): number {
    return Atomics.load(this.#cells, edgeCells[name])
  }

  order(scoreBy: ModelOrder): void {
    this.#say({ scoreBy })
  }

  ask(version: number, number: number, inputs: Uint8Array): void {
    this.#channel.send(askLength(inputs), (bytes, at) => writeAsk(bytes, at, version, number, inputs))
  }

  /** Resolves once it takes no connections any more. */
  async stopListening(): Promise<void> {
    this.tell('stop listening')
    await Promise.race([this.#stopped.promise, this.ended])
  }

  tell(order: Extract<EdgeOrder, string>): void {
    this.#say(order)
  }

  #say(order: EdgeOrder): void {
    this.worker.postMessage(order)
  }
}
