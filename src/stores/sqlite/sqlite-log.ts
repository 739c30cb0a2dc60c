import { setImmediate as nextTurn } from 'node:timers/promises'
import { FraudError } from '../../core/errors.ts'
import type { Leader } from '../../log/commit-target.ts'
import type { Beside, DecisionLog, LookUps, Settled } from '../../log/decision-log.ts'
import { GroupCommit, type LogObserver, reasonOf } from '../../log/group-commit.ts'
import type { LogRecord } from '../../log/log-record.ts'
import type { PersonalValues } from '../../log/personal-values.ts'
import type { TakeRecord } from '../../log/projection.ts'
import { KnownIds } from './known-ids.ts'
import { SqliteLogReader } from './sqlite-log-reader.ts'
import { SqliteLookUps } from './sqlite-look-ups.ts'
import { SqlitePersons } from './sqlite-persons.ts'
import { type OtherWriter, SqliteTarget } from './sqlite-target.ts'

/** How often an idle log sees whether its files are still there. */
const lookEveryMs = 1000

export interface SqliteLogOptions {
  readonly path: string
  /** The key of the chain's HMAC. */
  readonly key?: string | undefined
  readonly observer?: LogObserver | undefined
  /** Who writes, where the log is this machine's copy of one elsewhere. */
  readonly writer?: OtherWriter | undefined
  /** Makes a token that nobody can guess. */
  readonly makeToken: () => string
  /** Called before records are taken again after a failure; an error that it throws lets the failure go on. */
  readonly onRecovered?: ((isPutBack: boolean) => void) | undefined
  /** Called every now and then, and before the log is opened again after a failure; an error that it throws is one. */
  readonly keepPlace?: (() => void) | undefined
  /** Called when somebody else wrote into the files: this log takes nothing any more. */
  readonly onOverwritten?: (() => void) | undefined
}

/** The log in SQLite: read here, written by a thread of its own. */
export class SqliteLog implements DecisionLog {
  readonly reading: SqliteLogReader
  readonly lookUps: LookUps
  readonly persons: PersonalValues
  readonly #persons: SqlitePersons
  readonly #target: SqliteTarget
  readonly #commit: GroupCommit
  readonly #onRecovered: (isPutBack: boolean) => void
  readonly #keepPlace: () => void
  readonly #looking: NodeJS.Timeout
  /** What each definition says of rows of persons; undefined without a key. */
  readonly #personMacsFrom: number | undefined
  readonly #ids = new KnownIds()
  #closing: Promise<void> | undefined
  #finishBegun = () => {}
  /** The newest record whose id is known not to be missing. */
  #idsThrough: number

  private constructor(
    target: SqliteTarget,
    { path, key, observer, makeToken, onRecovered, keepPlace, onOverwritten }: SqliteLogOptions,
  ) {
    this.reading = new SqliteLogReader(path)
    this.lookUps = new SqliteLookUps(this.reading)
    this.#persons = new SqlitePersons(this.reading.database, makeToken)
    if (key !== undefined) this.#personMacsFrom = this.reading.lastDefinition()?.definition.personMacsFrom ?? 1
    this.persons = this.#persons
    this.#target = target
    const { lastSequence } = target
    this.#commit = new GroupCommit(target, { lastSequence, persons: this.#persons, observer, onOverwritten })
    this.#onRecovered = onRecovered ?? (() => {})
    this.#keepPlace = keepPlace ?? (() => {})
    // A process that ended may have left this undone.
    this.prune(this.reading.prunedThrough())
    this.#looking = setInterval(() => this.#look(), lookEveryMs).unref()
    this.#idsThrough = lastSequence
    void this.#readIds()
    target.onEnd((reason) => this.#commit.lose(reason))
    if (target.leader !== undefined) this.#commit.failAgain(`${target.leader.holder} writes the log`)
  }

  /**
   * Opens the log, and makes it where there is none.
   *
   * @throws FraudError DIRECTORY_UNUSABLE, LOG_KEY_MISMATCH, LOG_INVALID
   */
  static async open(options: SqliteLogOptions): Promise<SqliteLog> {
    const target = await SqliteTarget.open(options.path, options.key, options.writer)
    try {
      return new SqliteLog(target, options)
    } catch (cause) {
      await target.end()
      if (cause instanceof FraudError) throw cause
      throw new FraudError('DIRECTORY_UNUSABLE', reasonOf(cause), { cause })
    }
  }

  get pending(): number {
    return this.#commit.pending
  }

  get failure(): FraudError | undefined {
    return this.#commit.failure
  }

  get leader(): Leader | undefined {
    return this.#target.leader
  }

  /** Says where this process takes requests, to those that follow it. */
  announce(url: string): void {
    this.#target.announce(url)
  }

  get nextSequence(): number {
    return this.#commit.nextSequence
  }

  append(record: LogRecord, settled: Settled, { newPersons, about }: Beside = {}): number {
    this.#finishBegun()
    if (this.failure !== undefined) throw this.failure
    // Before the record, which may be sent at once, and its persons with it.
    if (record.kind === 'decision' || record.kind === 'history') this.#ids.add(record.id)
    if (newPersons !== undefined) this.#persons.keep(newPersons)
    const personMacsFrom = this.#personMacsFrom
    const isSigned = record.kind === 'definition' && personMacsFrom !== undefined
    return this.#commit.append(isSigned ? { ...record, personMacsFrom } : record, settled, about)
  }

  together<Result>(write: () => Result): Result {
    this.#finishBegun()
    return this.#commit.together(write)
  }

  precede(finish: () => void): void {
    this.#finishBegun = finish
  }

  follow(take: TakeRecord): void {
    this.#commit.follow(take)
  }

  mistrust(error: unknown): void {
    this.#commit.mistrust(reasonOf(error))
  }

  poll(): void {
    this.#target.poll()
  }

  /**
   * Forgets what a token stands for, with the record that says so and who asked for it, and resolves when no file holds
   * it any more.
   */
  erase(key: string, value: string, erasedAtMs: number, by: string): Promise<string | undefined> {
    this.#finishBegun()
    if (this.failure !== undefined) return Promise.reject(this.failure)
    const token = this.#persons.forget(key, value)
    if (token === undefined) return Promise.resolve(undefined)
    return new Promise((resolve, reject) => {
      this.#commit.erase({ kind: 'erasure', key, token, erasedAtMs, by }, (error) =>
        error ? reject(error) : resolve(token),
      )
    })
  }

  /** Deletes records through a number, a few at a time between commits. A checkpoint has to be durable before. */
  prune(through: number): void {
    this.#commit.prune(through)
  }

  onFailure(handle: () => void): void {
    this.#commit.onFailure(() => {
      this.#finishBegun()
      handle()
    })
  }

  async recover(): Promise<boolean> {
    // A caller that waits for this sees that nothing is decided, and restarts the process.
    if (this.#target.hasEnded) return false
    try {
      this.#keepPlace()
    } catch (error) {
      return this.#commit.failAgain(reasonOf(error))
    }
    const hasRecovered = await this.#commit.recover((isPutBack) => {
      // What was begun on histories that are no longer trusted hears of that.
      this.#finishBegun()
      // Whom another process has erased meanwhile, this one must not remember.
      this.#persons.dropNew()
      if (!this.reading.isInPlace) {
        this.reading.reopen()
        this.#persons.reopen(this.reading.database)
      }
      this.#addIds()
      this.#onRecovered(isPutBack)
    })
    if (!hasRecovered && this.leader !== undefined) this.#addIds()
    return hasRecovered
  }

  /** Writes what is on the way, and closes. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearInterval(this.#looking)
    this.#finishBegun()
    await this.#commit.finish()
    this.reading.close()
    // This empties the write-ahead log, too.
    const answer = await this.#commit.close()
    await this.#target.end()
    if (answer.answer === 'failed')
      throw new FraudError('LOG_UNAVAILABLE', `The log could not be closed: ${answer.reason}`)
    if (answer.isPutBack) this.#onRecovered(true)
  }

  /** Another process may have written meanwhile, where the log is elsewhere. */
  #addIds(): void {
    this.#idsThrough = this.reading.addIds(this.#ids, this.#idsThrough)
  }

  /** A few at a time, beside everything else. */
  async #readIds(): Promise<void> {
    for (const _ of this.reading.readIds(this.#ids)) {
      await nextTurn()
      if (this.#closing !== undefined) return
    }
  }

  /** Files that are gone are found out although nothing is written. */
  #look(): void {
    if (this.failure !== undefined) return
    try {
      this.#keepPlace()
    } catch (error) {
      this.#commit.lose(reasonOf(error))
      return
    }
    this.#commit.look()
  }
}
