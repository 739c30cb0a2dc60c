import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads'
import { FraudError } from '../../core/errors.ts'
import { startWorker } from '../../core/start-worker.ts'
import { workerScript } from '../../core/worker-script.ts'

/** How long the caller's thread may stand still for an answer. */
const answerWithinMs = 5000

export type SqlValue = string | number | null | Uint8Array
export type SqlRow = Readonly<Record<string, unknown>>

export interface BlockingQuestion {
  readonly text: string
  readonly values: readonly SqlValue[]
}
export type BlockingAnswer = { readonly rows: readonly SqlRow[] } | { readonly reason: string }

export interface BlockingWorkerData {
  readonly url: string
  readonly port: MessagePort
  /** Turns 1 once an answer is there. */
  readonly signal: Int32Array
}

/** Asks a database and waits, as one asks a file: for what is rarely asked, and whose callers can't wait otherwise. */
export class BlockingClient {
  readonly #url: string
  #opened: { readonly worker: Worker; readonly port: MessagePort; readonly signal: Int32Array } | undefined

  constructor(url: string) {
    this.#url = url
  }

  /** @throws FraudError LOG_UNAVAILABLE where the database does not answer, or refuses. */
  query(text: string, values: readonly SqlValue[] = []): readonly SqlRow[] {
    this.#opened ??= open(this.#url)
    const { port, signal } = this.#opened
    Atomics.store(signal, 0, 0)
    port.postMessage({ text, values } satisfies BlockingQuestion)
    const isAnswered = Atomics.wait(signal, 0, 0, answerWithinMs) !== 'timed-out'
    const received: { readonly message: BlockingAnswer } | undefined = receiveMessageOnPort(port)
    if (!isAnswered || received === undefined) {
      this.close()
      throw unavailable('it does not answer')
    }
    if ('reason' in received.message) throw unavailable(received.message.reason)
    return received.message.rows
  }

  close(): void {
    this.#opened?.port.close()
    void this.#opened?.worker.terminate()
    this.#opened = undefined
  }
}

function open(url: string) {
  const { port1, port2 } = new MessageChannel()
  const signal = new Int32Array(new SharedArrayBuffer(4))
  const workerData: BlockingWorkerData = { url, port: port2, signal }
  const worker = startWorker(workerScript('./blocking-worker', import.meta.url), { workerData, transferList: [port2] })
  worker.unref()
  port1.unref()
  return { worker, port: port1, signal }
}

function unavailable(reason: string): FraudError {
  return new FraudError('LOG_UNAVAILABLE', 'The database could not be asked for users and sessions', {
    cause: new Error(reason),
  })
}
