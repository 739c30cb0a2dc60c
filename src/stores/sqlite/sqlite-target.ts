import { once } from 'node:events'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { FraudError } from '../../core/errors.ts'
import { workerScript } from '../../core/worker-script.ts'
import type { Answered, Batch, CommitAnswer, CommitDone, CommitTarget, Leader } from '../../log/commit-target.ts'
import type { WriterData, WriterOrder } from './writer-messages.ts'

/** A thread that writes elsewhere before it writes here. */
export interface OtherWriter {
  readonly script: URL
  readonly data: object
}

/** A log as a thread of its own writes it, by default into SQLite alone. */
export class SqliteTarget implements CommitTarget {
  /** The number of the newest record when the log was opened. */
  readonly lastSequence: number
  readonly #worker: Worker
  readonly #port: MessagePort
  #answered: Answered | undefined
  /** Why the thread has ended. */
  #ended: string | undefined
  #handleEnd: (reason: string) => void = () => {}
  #leader: Leader | undefined

  private constructor(worker: Worker, port: MessagePort, { lastSequence, leader }: CommitDone) {
    this.#worker = worker
    this.#port = port
    this.lastSequence = lastSequence
    this.#leader = leader
    port.on('message', (answer: CommitAnswer) => this.#take(answer))
    worker.on('error', ({ message }) => {
      this.#ended = message
      if (this.#answered === undefined) this.#handleEnd(message)
      else this.#take({ answer: 'failed', reason: message })
    })
  }

  /**
   * Opens the log, and makes it where there is none.
   *
   * @throws FraudError DIRECTORY_UNUSABLE, LOG_KEY_MISMATCH, LOG_INVALID
   */
  static async open(path: string, key: string | undefined, writer?: OtherWriter): Promise<SqliteTarget> {
    const { port1, port2 } = new MessageChannel()
    const workerData: WriterData = { ...writer?.data, path, key, port: port2 }
    const script = writer?.script ?? workerScript('./writer-worker', import.meta.url)
    const worker = new Worker(script, { workerData, transferList: [port2] })
    try {
      const [first]: CommitAnswer[] = await Promise.race([once(port1, 'message'), once(worker, 'exit').then(() => [])])
      if (first?.answer === 'failed') throw new FraudError(first.code ?? 'DIRECTORY_UNUSABLE', first.reason)
      if (first === undefined) throw new Error('its thread ended')
      return new SqliteTarget(worker, port1, first)
    } catch (cause) {
      await worker.terminate()
      if (cause instanceof FraudError) throw cause
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new FraudError('DIRECTORY_UNUSABLE', reason, { cause })
    }
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined
  }

  /** Who writes in place of this process, as of the last answer. */
  get leader(): Leader | undefined {
    return this.#leader
  }

  /** Says where this process takes requests while it writes, to those that follow. */
  announce(url: string): void {
    this.#port.postMessage({ order: 'announce', url } satisfies WriterOrder)
  }

  /** Called when the thread ends while it has nothing to do: it takes no order any more. */
  onEnd(handle: (reason: string) => void): void {
    this.#handleEnd = handle
  }

  append(batch: Batch, answered: Answered): void {
    this.#post({ order: 'append', ...batch }, answered, [batch.frames.buffer])
  }

  recover(answered: Answered): void {
    this.#post({ order: 'recover' }, answered)
  }

  prune(through: number, answered: Answered): void {
    this.#post({ order: 'prune', through }, answered)
  }

  truncate(answered: Answered): void {
    this.#post({ order: 'truncate' }, answered)
  }

  look(answered: Answered): void {
    this.#post({ order: 'look' }, answered)
  }

  close(answered: Answered): void {
    this.#post({ order: 'close' }, answered)
  }

  poll(): void {
    const received: { readonly message: CommitAnswer } | undefined = receiveMessageOnPort(this.#port)
    if (received !== undefined) this.#take(received.message)
  }

  /** Ends the thread, once it was closed. */
  async end(): Promise<void> {
    this.#port.close()
    await this.#worker.terminate()
  }

  #post(order: WriterOrder, answered: Answered, transfer: ArrayBuffer[] = []): void {
    if (this.#ended !== undefined) {
      const reason = this.#ended
      setImmediate(() => answered({ answer: 'failed', reason }))
      return
    }
    this.#answered = answered
    this.#port.postMessage(order, transfer)
  }

  #take(answer: CommitAnswer): void {
    const answered = this.#answered
    this.#answered = undefined
    this.#leader = answer.leader
    answered?.(answer)
  }
}
