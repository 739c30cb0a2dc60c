import { FraudError } from '../../core/errors.ts'
import { workerScript } from '../../core/worker-script.ts'
import type { Answered, Batch, CommitAnswer, CommitDone, CommitTarget, Leader } from '../../log/commit-target.ts'
import type { WriterOrder } from './writer-messages.ts'
import { WorkerThread, type WriterThread } from './writer-thread.ts'

/** Who writes elsewhere before the log is written here: begins to, for a log at a path. */
export type OtherWriter = (path: string, key: string | undefined) => WriterThread

const ownWriter: OtherWriter = (path, key) =>
  new WorkerThread(workerScript('./writer-worker', import.meta.url), { path, key })

/** A log as a thread of its own writes it, by default into SQLite alone. */
export class SqliteTarget implements CommitTarget {
  /** The number of the newest record when the log was opened. */
  readonly lastSequence: number
  readonly #thread: WriterThread
  #answered: Answered | undefined
  /** Why the thread has ended. */
  #ended: string | undefined
  #handleEnd: (reason: string) => void = () => {}
  #leader: Leader | undefined

  private constructor(thread: WriterThread, { lastSequence, leader }: CommitDone) {
    this.#thread = thread
    this.lastSequence = lastSequence
    this.#leader = leader
    thread.listen(
      (answer) => this.#take(answer),
      (reason) => {
        this.#ended = reason
        if (this.#answered === undefined) this.#handleEnd(reason)
        else this.#take({ answer: 'failed', reason })
      },
    )
  }

  /**
   * Opens the log, and makes it where there is none.
   *
   * @throws FraudError DIRECTORY_UNUSABLE, LOG_KEY_MISMATCH, LOG_INVALID
   */
  static async open(path: string, key: string | undefined, begin: OtherWriter = ownWriter): Promise<SqliteTarget> {
    const thread = begin(path, key)
    try {
      const first = await thread.first
      if (first?.answer === 'failed') throw new FraudError(first.code ?? 'DIRECTORY_UNUSABLE', first.reason)
      if (first === undefined) throw new Error('its thread ended')
      return new SqliteTarget(thread, first)
    } catch (cause) {
      await thread.end()
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
    this.#thread.post({ order: 'announce', url }, [])
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
    const answer = this.#thread.poll()
    if (answer !== undefined) this.#take(answer)
  }

  /** Ends the thread, once it was closed. */
  async end(): Promise<void> {
    await this.#thread.end()
  }

  #post(order: WriterOrder, answered: Answered, transfer: ArrayBuffer[] = []): void {
    if (this.#ended !== undefined) {
      const reason = this.#ended
      setImmediate(() => answered({ answer: 'failed', reason }))
      return
    }
    this.#answered = answered
    this.#thread.post(order, transfer)
  }

  #take(answer: CommitAnswer): void {
    const answered = this.#answered
    this.#answered = undefined
    this.#leader = answer.leader
    answered?.(answer)
  }
}
