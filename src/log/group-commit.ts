import { FraudError } from '../core/errors.ts'
import type { Answered, CommitAnswer, CommitDone, CommitTarget } from './commit-target.ts'
import type { Beside, Settled } from './decision-log.ts'
import type { LogRecord } from './log-record.ts'
import { ValueWriter } from './packed-values.ts'
import type { Person } from './personal-values.ts'
import type { TakeRecord } from './projection.ts'
import { encodeFrame } from './record-format.ts'

/** An idle target is sent so many records at once, without waiting for more. */
const enoughToSend = 32
/** What is no commit gets its turn after so many commits, however many records wait. */
const commitsPerChore = 16
const truncateAgainMs = 20

/** What a log tells of itself while it works. */
export interface LogObserver {
  /** After each commit: how long it took, and how many records it held. */
  committed(seconds: number, records: number): void
}

/** Persons that records were the first to name. */
interface NewPersons {
  /** Those since the last time; they go with the batch. */
  takeNew(): readonly Person[]
  /** None of the pending records became durable. */
  dropNew(): void
}

interface GroupCommitOptions {
  readonly lastSequence: number
  readonly persons: NewPersons
  readonly observer?: LogObserver | undefined
  /** Called when somebody else wrote into the log: it takes nothing any more. */
  readonly onOverwritten?: (() => void) | undefined
}

/**
 * Gives records their numbers and makes them durable, many with one commit: while the target commits, what comes is
 * gathered and goes into the next one. Erasures and deletions get their turns in between.
 */
export class GroupCommit {
  readonly #target: CommitTarget
  readonly #persons: NewPersons
  readonly #observer: LogObserver | undefined
  readonly #onOverwritten: () => void
  readonly #frames = new ValueWriter()
  #gathered: Settled[] = []
  /** Those that the order under way settles. */
  #underway: Settled[] = []
  /** Erasures that are durable, and wait until no file holds what they erased. */
  #untraced: Settled[] = []
  #forgotten: Pick<Person, 'key' | 'token'>[] = []
  #isOrdered = false
  #commitsSinceChore = 0
  #isReaderHolding = false
  #isScheduled = false
  /** While what is gathered is one, and none of it is sent alone. */
  #isTogether = false
  #isClosing = false
  #nextSequence: number
  #failure: FraudError | undefined
  /** Why the log is no longer this process's to write. */
  #lost: string | undefined
  #pruneThrough = 0
  #handleFailure = () => {}
  #take: TakeRecord = () => {}

  constructor(target: CommitTarget, { lastSequence, persons, observer, onOverwritten }: GroupCommitOptions) {
    this.#target = target
    this.#persons = persons
    this.#observer = observer
    this.#onOverwritten = onOverwritten ?? (() => {})
    this.#nextSequence = lastSequence + 1
  }

  /** How many records are on the way. */
  get pending(): number {
    return this.#gathered.length + this.#underway.length
  }

  get failure(): FraudError | undefined {
    return this.#failure
  }

  get nextSequence(): number {
    return this.#nextSequence
  }

  /** @returns the record's number. @throws FraudError LOG_UNAVAILABLE after a failure. */
  append(record: LogRecord, settled: Settled, about?: Beside['about']): number {
    const sequence = this.#gather(record, settled, about)
    this.#sendSoon()
    return sequence
  }

  /** Forgets what a token stands for, with the record that says so; settled when no file holds it any more. */
  erase(record: Extract<LogRecord, { kind: 'erasure' }>, settled: Settled): void {
    this.#gather(record, (error) => {
      if (error !== undefined) return settled(error)
      this.#untraced.push(settled)
      this.#schedule()
    })
    // Only with its record, and in the same batch.
    this.#forgotten.push({ key: record.key, token: record.token })
    this.#sendSoon()
  }

  /** Deletes records through a number, a few at a time between commits. A checkpoint has to be durable before. */
  prune(through: number): void {
    this.#pruneThrough = Math.max(this.#pruneThrough, through)
    this.#schedule()
  }

  /** Calls `take` with each new record instead of the previous one. */
  follow(take: TakeRecord): void {
    this.#take = take
  }

  onFailure(handle: () => void): void {
    this.#handleFailure = handle
  }

  /** The target failed, or is no longer to be written to; an order that is under way is waited for. */
  lose(reason: string): void {
    this.#lost = reason
    if (!this.#isOrdered) this.#fail(reason)
  }

  /**
   * What records made may be wrong: nothing on the way is kept, and nothing is taken until all of it is made again, as
   * after a commit that failed.
   */
  mistrust(reason: string): void {
    if (this.#failure !== undefined) return
    // Who followed until now may fail at every record.
    this.#take = () => {}
    this.#lost ??= reason
    // Where an order is under way nothing more goes in, and its answer tells all who wait.
    if (this.#isOrdered) this.#failure = unavailable(reason)
    else this.#fail(reason)
  }

  /** What is gone is found out although nothing is written. */
  look(): void {
    if (this.#failure !== undefined || this.#isOrdered || this.#gathered.length > 0) return
    this.#order(
      (answered) => this.#target.look(answered),
      () => this.#send(),
    )
  }

  /** @param resume called before records are taken again; an error that it throws lets the failure go on. */
  async recover(resume: (isPutBack: boolean) => void): Promise<boolean> {
    const answer = await this.#ask((answered) => this.#target.recover(answered))
    if (answer.answer === 'failed') return this.failAgain(answer.reason)
    try {
      resume(answer.isPutBack === true)
    } catch (error) {
      return this.failAgain(reasonOf(error))
    }
    this.#failure = undefined
    this.#nextSequence = answer.lastSequence + 1
    return true
  }

  failAgain(reason: string): false {
    this.#failure = unavailable(reason)
    return false
  }

  /** Resolves when nothing is on the way any more. */
  async finish(): Promise<void> {
    this.#isClosing = true
    while (this.#isOrdered || this.#gathered.length > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  }

  /** Closes the target, which leaves no traces either. */
  async close(): Promise<CommitAnswer> {
    const answer = await this.#ask((answered) => this.#target.close(answered))
    settleEach(this.#untraced)
    return answer
  }

  #gather(record: LogRecord, settled: Settled, about?: Beside['about']): number {
    if (this.#failure !== undefined) throw this.#failure
    encodeFrame(record, this.#nextSequence, this.#frames)
    const sequence = this.#nextSequence++
    try {
      this.#take(record, sequence, about)
    } catch (error) {
      this.mistrust(`what a record of the kind ${record.kind} makes could not be computed: ${reasonOf(error)}`)
      throw error
    }
    this.#gathered.push(settled)
    return sequence
  }

  /** All that is appended meanwhile goes with one commit. */
  together<Result>(write: () => Result): Result {
    const before = this.#nextSequence
    this.#isTogether = true
    try {
      return write()
    } catch (error) {
      if (this.#nextSequence > before)
        this.mistrust(`records that belong together could not all be made: ${reasonOf(error)}`)
      throw error
    } finally {
      this.#isTogether = false
      if (this.#nextSequence > before && this.#failure === undefined) this.#sendSoon()
    }
  }

  #sendSoon(): void {
    if (this.#isTogether) return
    if (!this.#isOrdered && this.#gathered.length >= enoughToSend) this.#send()
    else this.#schedule()
  }

  /** One commit for all that comes in the same turn of the loop. */
  #schedule(): void {
    if (this.#isOrdered || this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      if (!this.#isOrdered) this.#send()
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
    const batch = { frames, persons: this.#persons.takeNew(), forgotten, prunedThrough: this.#pruneThrough }
    this.#order(
      (answered) => this.#target.append(batch, answered),
      ({ commitMs }) => {
        this.#observer?.committed(commitMs / 1000, this.#underway.length)
        this.#settleUnderway()
      },
    )
  }

  /** What is to be done beside commits, a part at a time; whether there is such. */
  #sendChore(): boolean {
    if (this.#untraced.length > 0 && !this.#isReaderHolding) this.#truncate()
    else if (this.#pruneThrough > 0) this.#prune(this.#pruneThrough)
    else return false
    return true
  }

  #truncate(): void {
    this.#underway = this.#untraced
    this.#untraced = []
    this.#order(
      (answered) => this.#target.truncate(answered),
      ({ isUnfinished }) => {
        if (isUnfinished) {
          this.#untraced.push(...this.#underway)
          this.#underway = []
          this.#truncateLater()
        }
        this.#settleUnderway()
      },
    )
  }

  #truncateLater(): void {
    this.#isReaderHolding = true
    setTimeout(() => {
      this.#isReaderHolding = false
      if (!this.#isClosing) this.#schedule()
    }, truncateAgainMs)
  }

  #prune(through: number): void {
    this.#order(
      (answered) => this.#target.prune(through, answered),
      ({ isUnfinished }) => {
        // More may have been asked for meanwhile.
        if (!isUnfinished && this.#pruneThrough === through) this.#pruneThrough = 0
        this.#send()
      },
    )
  }

  /** The next order is given before answers of the last one are written. */
  #settleUnderway(): void {
    const settled = this.#underway
    this.#underway = []
    this.#send()
    settleEach(settled)
  }

  #order(give: (answered: Answered) => void, done: (answer: CommitDone) => void): void {
    this.#isOrdered = true
    give((answer) => {
      this.#isOrdered = false
      if (answer.answer === 'failed') this.#fail(this.#reasonIn(answer))
      else if (this.#lost !== undefined) this.#fail(this.#lost)
      else done(answer)
    })
  }

  /** The path for orders that arrive alone. */
  #ask(give: (answered: Answered) => void): Promise<CommitAnswer> {
    this.#isOrdered = true
    return new Promise((resolve) =>
      give((answer) => {
        this.#isOrdered = false
        if (answer.answer === 'failed') this.#reasonIn(answer)
        resolve(answer)
      }),
    )
  }

  #reasonIn({ reason, isOverwritten }: Extract<CommitAnswer, { answer: 'failed' }>): string {
    if (isOverwritten === true) this.#onOverwritten()
    return reason
  }

  /** Nothing on the way is known to be in the log, so none of it is answered but with this. */
  #fail(reason: string): void {
    this.#failure = unavailable(reason)
    this.#lost = undefined
    const lost = [...this.#underway, ...this.#untraced, ...this.#gathered]
    this.#underway = []
    this.#untraced = []
    this.#gathered = []
    this.#forgotten = []
    this.#frames.clear()
    this.#persons.dropNew()
    settleEach(lost, this.#failure)
    this.#handleFailure()
  }
}

/** An error of one is a bug that is told by itself: the others are answered, and the log goes on. */
function settleEach(settled: readonly Settled[], failure?: FraudError): void {
  for (const settle of settled) {
    try {
      settle(failure)
    } catch (error) {
      setImmediate(() => {
        throw error
      })
    }
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function unavailable(reason: string): FraudError {
  return new FraudError('LOG_UNAVAILABLE', 'The log could not be written', { cause: new Error(reason) })
}
