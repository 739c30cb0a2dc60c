import cluster, { type Worker } from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import { FraudError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { MetricsReports } from './metrics-reports.ts'
import type { Notice, Order } from './worker-link.ts'

export interface WorkerPoolOptions {
  readonly count: number
  /** The command line of a worker; without it, that of this process. */
  readonly args?: readonly string[] | undefined
  readonly log: Logger
  readonly graceMs: number
  /** Ends the start: the workers are told to end, and no pool comes of it. */
  readonly signal: AbortSignal
}

export interface WorkerPool {
  readonly url: string
  readonly modelId: string | null
  /** The models that its workers serve. */
  served(): readonly (string | null)[]
  reload(): void
  close(): Promise<void>
  /** Settles when the last worker has ended: rejects with WORKERS_FAILED where nobody asked for that. */
  readonly closed: Promise<void>
}

const shortestBackOffMs = 100
const longestBackOffMs = 10_000
// A worker that has run for so long did not fail for the reason that ended the one before it.
const provenMs = 10_000
const failuresInARow = 6
/** A signal to the whole group of processes may end a worker before this process hears of its own. */
const signalSpreadsMs = 200

/**
 * Starts `count` processes that share one port and keeps them running: one that ends is started again, later each time
 * while they fail in a row. Resolves once all listen, or with undefined once all have ended because the start was
 * interrupted; throws the reason of the first that can't.
 */
export async function startWorkers(options: WorkerPoolOptions): Promise<WorkerPool | undefined> {
  const { count, args, log, graceMs, signal } = options
  if (args !== undefined) cluster.setupPrimary({ args: [...args] })
  const pool = new Supervision(log)
  cluster.on('message', (worker, message: Notice) => pool.hear(worker, message))
  cluster.on('exit', (worker, code, signal) => pool.bury(worker, signal ?? `code ${code}`))
  for (let index = 0; index < count; index += 1) pool.start()
  const listening = await pool.listening(count, signal).catch(async (error: unknown) => {
    await pool.close(0)
    throw error
  })
  if (listening === undefined) {
    await pool.close(graceMs + 1000)
    return undefined
  }
  const { url, modelId } = listening
  return {
    url,
    modelId,
    served: () => pool.served,
    reload: () => pool.tellAll({ order: 'reload' }),
    // A little longer than each worker allows itself.
    close: () => pool.close(graceMs + 1000),
    closed: pool.closed,
  }
}

function runningWorkers(): readonly Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
}

type Listening = Pick<Extract<Notice, { notice: 'listening' }>, 'url' | 'modelId'>

class Supervision {
  readonly closed: Promise<void>
  readonly #log: Logger
  readonly #listening = new Map<number, Listening>()
  readonly #startedAt = new Map<number, number>()
  readonly #reports: MetricsReports
  #failures = 0
  #hasStarted = false
  #isClosing = false
  #settleClosed: (error?: FraudError) => void = () => {}
  #settleStart: (failure?: FraudError) => void = () => {}

  constructor(log: Logger) {
    this.#log = log
    this.#reports = new MetricsReports()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.closed = promise
    this.#settleClosed = (error) => (error === undefined ? resolve() : reject(error))
    // The log tells those who never ask for `closed`.
    promise.catch(() => {})
  }

  start(): void {
    const worker = cluster.fork()
    this.#startedAt.set(worker.id, performance.now())
    // Raised where a message meets a worker that is just ending; without a listener it would end this process, too.
    worker.on('error', (error) => this.#log.warn({ worker: worker.id, err: error }, 'a worker could not be reached'))
  }

  /** Resolves with the shared address when `count` workers listen, or with undefined once the signal is given. */
  async listening(count: number, signal: AbortSignal): Promise<Listening | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<Listening | undefined>()
    const stop = () => {
      // What ends from now on was asked to.
      this.#isClosing = true
      resolve(undefined)
    }
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    this.#settleStart = (failure) => {
      const [first] = this.#listening.values()
      if (failure !== undefined) reject(failure)
      else if (first !== undefined && this.#listening.size === count) resolve(first)
    }
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', stop)
      this.#hasStarted = true
    }
  }

  hear(worker: Worker, message: Notice): void {
    switch (message.notice) {
      case 'listening':
        this.#listening.set(worker.id, message)
        this.#settleStart()
        break
      case 'loaded': {
        const listening = this.#listening.get(worker.id)
        if (listening !== undefined) this.#listening.set(worker.id, { ...listening, modelId: message.modelId })
        break
      }
      case 'failed':
        this.#log.error({ worker: worker.id, code: message.code, reason: message.message }, 'a worker could not start')
        this.#settleStart(new FraudError(message.code, message.message))
        break
      case 'report':
        this.#reports.add(message.id, message.metrics)
        break
      case 'metrics wanted':
        void this.#reports.collect(runningWorkers().filter((each) => each.isConnected())).then((text) => {
          const order: Order = { order: 'metrics', id: message.id, text }
          if (worker.isConnected()) worker.send(order)
        })
        break
    }
  }

  get served(): readonly (string | null)[] {
    return [...this.#listening.values()].map(({ modelId }) => modelId)
  }

  /** A worker has ended: on the way out that is all; otherwise another takes its place, after a while. */
  bury(worker: Worker, reason: string): void {
    const ranMs = performance.now() - (this.#startedAt.get(worker.id) ?? 0)
    this.#listening.delete(worker.id)
    this.#startedAt.delete(worker.id)
    if (this.#isClosing) {
      if (this.#startedAt.size === 0) this.#settleClosed()
      return
    }
    const failure = new FraudError('WORKERS_FAILED', `A worker ended right after its start (${reason})`)
    if (!this.#hasStarted) {
      setTimeout(() => this.#settleStart(failure), signalSpreadsMs)
      return
    }
    this.#failures = ranMs > provenMs ? 0 : this.#failures + 1
    this.#log.error({ worker: worker.id, reason, failures: this.#failures }, 'a worker ended')
    if (this.#listening.size === 0 && this.#failures >= failuresInARow) {
      this.#isClosing = true
      this.#settleClosed(failure)
      this.tellAll({ order: 'close' })
      return
    }
    const backOffMs = Math.min(longestBackOffMs, shortestBackOffMs * 2 ** this.#failures)
    setTimeout(() => {
      if (!this.#isClosing) this.start()
    }, backOffMs)
  }

  tellAll(order: Order): void {
    for (const worker of runningWorkers()) if (worker.isConnected()) worker.send(order)
  }

  /** Asks all workers to end, and ends by force those that have not done so in time. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true
    if (this.#startedAt.size === 0) this.#settleClosed()
    this.tellAll({ order: 'close' })
    const late = new AbortController()
    const force = sleep(graceMs, undefined, { signal: late.signal, ref: false }).then(() => {
      for (const worker of runningWorkers()) worker.process.kill('SIGKILL')
    })
    force.catch(() => {})
    await this.closed
    late.abort()
  }
}
