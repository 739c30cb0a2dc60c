import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { FraudError } from '../../core/errors.ts'
import { workerScript } from '../../core/worker-script.ts'
import type { DecisionLog, Settled } from '../../log/decision-log.ts'
import type { LogRecord } from '../../log/log-record.ts'
import { ValueWriter } from '../../log/packed-values.ts'
import type { PersonalValues } from '../../log/personal-values.ts'
import { encodeFrame } from '../../log/record-format.ts'
import { KnownIds } from './known-ids.ts'
import { LogReader } from './log-reader.ts'
import { Persons } from './persons.ts'
import type { WriterAnswer, WriterData, WriterOrder } from './writer-messages.ts'

/** An idle writer is sent so many records at once, without waiting for more. */
const enoughToSend = 32
/** What is no commit gets its turn after so many commits, however many records wait. */
const commitsPerChore = 16
const truncateAgainMs = 20
/** How often an idle log sees whether its files are still there. */
const lookEveryMs = 1000

/** What the log tells of itself while it works. */
export interface LogObserver {
  /** After each commit: how long it took, and how many records it held. */
  committed(seconds: number, records: number): void
}

export interface SqliteLogOptions {
  readonly path: string
  /** Of the chain's HMAC. */
  readonly key?: string | undefined
  readonly observer?: LogObserver | undefined
  /** Makes a token that nobody can guess. */
  readonly makeToken: () => string
  /** Called before records are taken again after a failure; an error that it throws lets the failure go on. */
  readonly onRecovered?: ((isPutBack: boolean) => void) | undefined
  /** Called every now and then, and before the log is opened again after a failure; an error that it throws is one. */
  readonly keepPlace?: (() => void) | undefined
  /** Called when somebody else wrote into the files: this log takes nothing any more. */
  readonly onOverwritten?: (() => void) | undefined
}

/**
 * The log in SQLite. A thread of its own writes; while it commits, what comes is gathered and goes into the next
 * commit, so that many requests share one wait for the disk.
 */
export class SqliteLog implements DecisionLog {
  readonly reading: LogReader
  readonly persons: PersonalValues
  readonly #persons: Persons
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #observer: LogObserver | undefined
  readonly #onRecovered: (isPutBack: boolean) => void
  readonly #keepPlace: () => void
  readonly #onOverwritten: () => void
  readonly #looking: NodeJS.Timeout
  readonly #frames = new ValueWriter()
  /** What each definition says of rows of persons; undefined without a key. */
  readonly #personMacsFrom: number | undefined
  readonly #ids = new KnownIds()
  #gathered: Settled[] = []
  /** Of the order that is under way. */
  #underway: Settled[] = []
  /** Erasures that are durable, and wait until no file holds what they erased. */
  #untraced: Settled[] = []
  #forgotten: { key: string; token: string }[] = []
  /** The order that is under way. */
  #order: WriterOrder['order'] | undefined
  #commitsSinceChore = 0
  #isReaderHolding = false
  #isWorkerGone = false
  #isScheduled = false
  #nextSequence: number
  #failure: FraudError | undefined
  /** Why the directory is no longer this process's to write in. */
  #lostPlace: string | undefined
  #handleFailure = () => {}
  #answered: ((answer: WriterAnswer) => void) | undefined
  #pruneThrough = 0
  #closing: Promise<void> | undefined

  private constructor(
    worker: Worker,
    port: MessagePort,
    lastSequence: number,
    { path, key, observer, makeToken, onRecovered, keepPlace, onOverwritten }: SqliteLogOptions,
  ) {
    this.reading = new LogReader(path)
    this.#persons = new Persons(this.reading.database, makeToken)
    if (key !== undefined) this.#personMacsFrom = this.reading.lastDefinition()?.definition.personMacsFrom ?? 1
    this.persons = this.#persons
    this.#worker = worker
    this.#port = port
    this.#observer = observer
    this.#onRecovered = onRecovered ?? (() => {})
    this.#keepPlace = keepPlace ?? (() => {})
    this.#onOverwritten = onOverwritten ?? (() => {})
    this.#nextSequence = lastSequence + 1
    // A process that ended may have left this undone.
    this.prune(this.reading.prunedThrough())
    this.#looking = setInterval(() => this.#look(), lookEveryMs).unref()
    void this.#readIds()
    port.on('message', (answer: WriterAnswer) => this.#take(answer))
    worker.on('error', (cause) => {
      this.#isWorkerGone = true
      this.#take({ answer: 'failed', reason: cause.message })
    })
  }

  /**
   * Opens the log, and makes it where there is none.
   *
   * @throws FraudError DIRECTORY_UNUSABLE, LOG_KEY_MISMATCH, LOG_INVALID
   */
  static async open(options: SqliteLogOptions): Promise<SqliteLog> {
    const { port1, port2 } = new MessageChannel()
    const workerData: WriterData = { path: options.path, key: options.key, port: port2 }
    const script = workerScript('./writer-worker', import.meta.url)
    const worker = new Worker(script, { workerData, transferList: [port2] })
    try {
      const [first]: WriterAnswer[] = await Promise.race([once(port1, 'message'), once(worker, 'exit').then(() => [])])
      if (first?.answer === 'failed') throw new FraudError(first.code ?? 'DIRECTORY_UNUSABLE', first.reason)
      if (first === undefined) throw new Error('its thread ended')
      return new SqliteLog(worker, port1, first.lastSequence, options)
    } catch (cause) {
      await worker.terminate()
      if (cause instanceof FraudError) throw cause
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new FraudError('DIRECTORY_UNUSABLE', reason, { cause })
    }
  }

  get pending(): number {
    return this.#gathered.length + this.#underway.length
  }

  get failure(): FraudError | undefined {
    return this.#failure
  }

  get nextSequence(): number {
    return this.#nextSequence
  }

  append(record: LogRecord, settled: Settled): number {
    if (this.#failure !== undefined) throw this.#failure
    const sequence = this.#nextSequence++
    const personMacsFrom = this.#personMacsFrom
    const isSigned = record.kind === 'definition' && personMacsFrom !== undefined
    encodeFrame(isSigned ? { ...record, personMacsFrom } : record, sequence, this.#frames)
    if (record.kind === 'decision' || record.kind === 'history') {
      this.#ids.add(record.id)
      this.#persons.keepProposed()
    }
    this.#gathered.push(settled)
    if (this.#order === undefined && this.#gathered.length >= enoughToSend) this.#send()
    else this.#schedule()
    return sequence
  }

  poll(): void {
    const received: { readonly message: WriterAnswer } | undefined = receiveMessageOnPort(this.#port)
    if (received !== undefined) this.#take(received.message)
  }

  /** Forgets what a token stands for, with the record that says so and who asked for it, and resolves when no file holds it any more. */
  erase(key: string, value: string, erasedAtMs: number, by: string): Promise<string | undefined> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const token = this.#persons.forget(key, value)
    if (token === undefined) return Promise.resolve(undefined)
    this.#forgotten.push({ key, token })
    return new Promise((resolve, reject) => {
      const settled: Settled = (error) => (error ? reject(error) : resolve(token))
      this.append({ kind: 'erasure', key, token, erasedAtMs, by }, (error) => {
        if (error !== undefined) return settled(error)
        this.#untraced.push(settled)
        this.#schedule()
      })
    })
  }

  /** Deletes records through a number, a few at a time between commits. A checkpoint has to be durable before. */
  prune(through: number): void {
    this.#pruneThrough = Math.max(this.#pruneThrough, through)
    this.#schedule()
  }

  onFailure(handle: () => void): void {
    this.#handleFailure = handle
  }

  async recover(): Promise<boolean> {
    // Whoever waits for this sees that nothing is decided, and starts the process anew.
    if (this.#isWorkerGone) return false
    try {
      this.#keepPlace()
    } catch (error) {
      return this.#failAgain(reasonOf(error))
    }
    const answer = await this.#ask({ order: 'recover' })
    if (answer.answer === 'failed') return this.#failAgain(answer.reason)
    try {
      if (!this.reading.isInPlace) {
        this.reading.reopen()
        this.#persons.reopen(this.reading.database)
      }
      this.#onRecovered(answer.isPutBack === true)
    } catch (error) {
      return this.#failAgain(reasonOf(error))
    }
    this.#failure = undefined
    this.#nextSequence = answer.lastSequence + 1
    return true
  }

  #failAgain(reason: string): false {
    this.#failure = unavailable(reason)
    return false
  }

  /** Writes what is on the way, and closes. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearInterval(this.#looking)
    while (this.#order !== undefined || this.#gathered.length > 0)
      await new Promise((resolve) => setTimeout(resolve, 5))
    this.reading.close()
    // This empties the write-ahead log, too.
    const answer = await this.#ask({ order: 'close' })
    for (const settle of this.#untraced) settle()
    this.#port.close()
    await this.#worker.terminate()
    if (answer.answer === 'failed')
      throw new FraudError('LOG_UNAVAILABLE', `The log could not be closed: ${answer.reason}`)
    if (answer.isPutBack) this.#onRecovered(true)
  }

  /** A few at a time, beside everything else. */
  async #readIds(): Promise<void> {
    for (const _ of this.reading.readIds(this.#ids)) {
      await nextTurn()
      if (this.#closing !== undefined) return
    }
  }

  /** One commit for all that comes in the same turn of the loop. */
  #schedule(): void {
    if (this.#order !== undefined || this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      if (this.#order === undefined) this.#send()
    })
  }

  #send(): void {
    if (this.#failure !== undefined) return
    if (this.#gathered.length === 0 || this.#commitsSinceChore >= commitsPerChore) {
      this.#commitsSinceChore = 0
      if (this.#sendChore() || this.#gathered.length === 0) return
    }
    this.#commitsSinceChore++
    const frames = this.#frames.bytes.slice()
    this.#frames.clear()
    this.#underway = this.#gathered
    this.#gathered = []
    const forgotten = this.#forgotten
    this.#forgotten = []
    this.#post(
      { order: 'append', frames, persons: this.#persons.takeNew(), forgotten, prunedThrough: this.#pruneThrough },
      [frames.buffer],
    )
  }

  /** Files that are gone are found out although nothing is written. */
  #look(): void {
    if (this.#failure !== undefined) return
    try {
      this.#keepPlace()
    } catch (error) {
      // An order that is under way is waited for.
      this.#lostPlace = reasonOf(error)
      if (this.#order === undefined) this.#fail(this.#lostPlace)
      return
    }
    if (this.#order === undefined && this.#gathered.length === 0) {
      this.#post({ order: 'look' })
    }
  }

  /** What is to be done beside commits, a part at a time; whether there is such. */
  #sendChore(): boolean {
    if (this.#untraced.length > 0 && !this.#isReaderHolding) {
      this.#underway = this.#untraced
      this.#untraced = []
      this.#post({ order: 'truncate' })
    } else if (this.#pruneThrough > 0) this.#post({ order: 'prune', through: this.#pruneThrough })
    else return false
    return true
  }

  #post(order: WriterOrder, transfer: ArrayBuffer[] = []): void {
    this.#order = order.order
    this.#port.postMessage(order, transfer)
  }

  /** For orders that come alone. */
  #ask(order: WriterOrder): Promise<WriterAnswer> {
    return new Promise((resolve) => {
      this.#answered = resolve
      this.#post(order)
    })
  }

  #take(answer: WriterAnswer): void {
    const order = this.#order
    this.#order = undefined
    const resolve = this.#answered
    this.#answered = undefined
    if (answer.answer === 'failed' && answer.isOverwritten === true) this.#onOverwritten()
    if (resolve !== undefined) resolve(answer)
    else if (answer.answer === 'failed') this.#fail(answer.reason)
    else if (this.#lostPlace !== undefined) this.#fail(this.#lostPlace)
    else this.#settle(order, answer)
  }

  #settle(order: WriterOrder['order'] | undefined, answer: Extract<WriterAnswer, { answer: 'done' }>): void {
    let settled = this.#underway
    this.#underway = []
    if (order === 'append') this.#observer?.committed(answer.commitMs / 1000, settled.length)
    else if (order === 'prune' && !answer.isUnfinished) this.#pruneThrough = 0
    else if (order === 'truncate' && answer.isUnfinished) {
      this.#untraced.push(...settled)
      settled = []
      this.#truncateLater()
    }
    // The next order is given before answers of the last one are written.
    this.#send()
    for (const settle of settled) settle()
  }

  #truncateLater(): void {
    this.#isReaderHolding = true
    setTimeout(() => {
      this.#isReaderHolding = false
      if (this.#closing === undefined) this.#schedule()
    }, truncateAgainMs)
  }

  /** Nothing on the way is known to be in the log, so none of it is answered but with this. */
  #fail(reason: string): void {
    this.#failure = unavailable(reason)
    this.#lostPlace = undefined
    const lost = [...this.#underway, ...this.#untraced, ...this.#gathered]
    this.#underway = []
    this.#untraced = []
    this.#gathered = []
    this.#forgotten = []
    this.#frames.clear()
    this.#persons.dropNew()
    for (const settle of lost) settle(this.#failure)
    this.#handleFailure()
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function unavailable(reason: string): FraudError {
  return new FraudError('LOG_UNAVAILABLE', 'The log could not be written', { cause: new Error(reason) })
}
