import { rmSync } from 'node:fs'
import { FraudError } from '../../core/errors.ts'
import { createLink } from '../../log/chain.ts'
import type { Batch, CommitAnswer, CommitDone } from '../../log/commit-target.ts'
import { splitFrames } from '../../log/frames.ts'
import { checkLogKey } from '../sqlite/log-key.ts'
import { createPersonMac } from '../sqlite/person-mac.ts'
import type { WriterOrder } from '../sqlite/writer-messages.ts'
import { catchUp, compare } from './catch-up.ts'
import { refusalCode, whyFailed } from './connect.ts'
import { isLost, Lead } from './lead.ts'
import { Leadership, type LeadershipOptions } from './leadership.ts'
import { LogCopy } from './log-copy.ts'
import type { HashedRecord, Rows } from './log-table.ts'
import { placeOf } from './server-address.ts'

/** How often a leader shows that it is alive. */
const beatEveryMs = 500
/** How long it is tried to learn what became of a commit whose answer was lost, before callers are told that nobody knows. */
const lookForMs = 5000
const lookAgainMs = 100
/** How long a table that somebody reads is left as it is. */
const changeTableAgainMs = 5000
/** A record of the same id is there, or a person of the same value. */
const uniqueViolation = '23505'

interface DatabaseLogWriterOptions extends LeadershipOptions {
  /** This machine's copy. */
  readonly path: string
  readonly key: string | undefined
  /** Whether it follows another process that writes, until it can itself; by default it does not begin then. */
  readonly follows: boolean
  readonly wait: (ms: number) => Promise<void>
  readonly say: (answer: CommitAnswer) => void
}

type Done = Pick<CommitDone, 'isUnfinished'>
const finished: Done = { isUnfinished: false }

/**
 * Writes into the database first, and once that has it durably, into this machine's copy. While another process writes, it
 * brings what that writes into the copy.
 */
export class DatabaseLogWriter {
  readonly #options: DatabaseLogWriterOptions
  readonly #leadership: Leadership
  readonly #link: ReturnType<typeof createLink>
  readonly #personMac: ReturnType<typeof createPersonMac> | undefined
  #copy: LogCopy | undefined
  #last: Pick<HashedRecord, 'sequence' | 'hash'> | undefined
  /** Whether the copy is known to be of this log. */
  #isCompared = false
  #beatMs = 0
  /** Before this the table's partitions are left as they are. */
  #tableMs = 0
  /** Records through this number are let go; the database may hold some of them for longer. */
  #prunedThrough = 0
  #isPruned = true
  /** One after the other, with signs of life in between. */
  #work: Promise<void> = Promise.resolve()

  constructor(options: DatabaseLogWriterOptions) {
    this.#options = options
    this.#leadership = new Leadership(options)
    this.#link = createLink(options.key)
    this.#personMac = options.key === undefined ? undefined : createPersonMac(options.key)
  }

  /** Opens the copy, leads or follows, and says so, or why it can't. */
  start(): void {
    this.#work = this.#work.then(async () => {
      try {
        this.#copy = new LogCopy(this.#options.path)
        await this.#begin()
        const { leader } = this.#leadership
        const { sequence } = this.#copy.last()
        this.#say({
          answer: 'done',
          lastSequence: sequence,
          commitMs: 0,
          isUnfinished: false,
          ...(leader && { leader }),
        })
      } catch (error) {
        this.#sayWhy(error)
      }
    })
  }

  /** Resolves once it is carried out, and was answered. */
  take(order: WriterOrder): Promise<void> {
    this.#work = this.#work.then(() => this.#carryOut(order))
    return this.#work
  }

  /** To be called again and again: a leader shows that it is alive. */
  showLife(): void {
    const { nowMs } = this.#options
    if (nowMs() - this.#beatMs < beatEveryMs || this.#leadership.lead === undefined) return
    this.#beatMs = nowMs()
    // One that fails is found again by the next order.
    this.#work = this.#work
      .then(() => (this.#leadership.lead === undefined ? undefined : this.#beat()))
      .catch(() => this.#giveUp())
  }

  get #theCopy(): LogCopy {
    if (this.#copy === undefined) throw new Error('the copy of the log is not open')
    return this.#copy
  }

  /** The newest record that is known to be in both. */
  get #theLast(): Pick<HashedRecord, 'sequence' | 'hash'> {
    return this.#last ?? this.#theCopy.last()
  }

  get #lead(): Lead {
    const { lead } = this.#leadership
    if (lead === undefined) throw new Error(`this process does not write to ${placeOf(this.#options.url)} any more`)
    return lead
  }

  /** Leads, or follows, and has in the copy what the database has. @returns whether it leads. */
  async #begin(): Promise<boolean> {
    const taken = await this.#leadership.take()
    const isLeading = taken instanceof Lead
    if (!isLeading && !this.#options.follows) throw this.#inUse()
    try {
      const session = isLeading ? taken.client : taken
      if (isLeading || !this.#isCompared) {
        if ((await compare(session, this.#theCopy)) === 'another') this.#copyAgain()
        this.#isCompared = true
      }
      await catchUp(session, this.#theCopy, isLeading ? () => taken.beat() : undefined)
      if (isLeading) checkLogKey(this.#theCopy.database, this.#options.key)
      this.#last = this.#theCopy.last()
      return isLeading
    } catch (error) {
      await this.#giveUp()
      throw error
    }
  }

  #inUse(): FraudError {
    const { holder: other = 'another process', url: at = null } = this.#leadership.leader ?? {}
    const where = at === null ? '' : `, at ${at}`
    const place = placeOf(this.#options.url)
    return new FraudError('DIRECTORY_IN_USE', `Another process works on ${place} (${other}${where}): stop it first`)
  }

  /** What the copy holds is of another log, or of records that the database has let go. */
  #copyAgain(): void {
    const { path } = this.#options
    this.#theCopy.close()
    for (const ending of ['', '-wal', '-shm']) rmSync(`${path}${ending}`, { force: true })
    this.#copy = new LogCopy(path)
  }

  async #giveUp(): Promise<void> {
    this.#isCompared = false
    await this.#leadership.giveUp()
  }

  #rowsOf({ frames, persons, forgotten, prunedThrough }: Batch): Rows {
    let { sequence: before, hash } = this.#theLast
    const records: HashedRecord[] = []
    for (const { frame, record } of splitFrames(frames)) {
      if (record.sequence !== before + 1) throw new Error(`record ${record.sequence} does not follow ${before}`)
      before = record.sequence
      hash = this.#link(hash, frame)
      records.push({ ...record, hash })
    }
    const proven = persons.map((person) => ({ ...person, mac: this.#personMac?.(person) ?? null }))
    return { records, persons: proven, forgotten, prunedThrough }
  }

  async #append(batch: Batch): Promise<void> {
    const rows = this.#rowsOf(batch)
    const newest = rows.records.at(-1)
    if (newest === undefined) return
    try {
      await this.#commit(rows, newest)
    } catch (error) {
      const prunedThrough = this.#theCopy.prunedThrough()
      if (refusalCode(error) !== uniqueViolation || rows.prunedThrough >= prunedThrough) throw error
      // The id is that of a record that was let go, and that its partition still has.
      await this.#commit({ ...rows, prunedThrough }, newest)
    }
    this.#theCopy.append(rows)
    this.#last = newest
  }

  async #commit(rows: Rows, newest: HashedRecord): Promise<void> {
    const lead = this.#lead
    try {
      await this.#arrangePartitions(lead)
      await lead.append(rows)
    } catch (error) {
      if (!isLost(error)) throw error
      await this.#giveUp()
      if (!(await this.#isThere(newest))) throw error
    }
  }

  /**
   * Whether a commit whose answer was lost was made: the lead is taken again, after which nothing of it can come any more,
   * and the newest record is looked at. What the copy lacks otherwise is fetched once the log recovers.
   */
  async #isThere({ sequence, hash }: HashedRecord): Promise<boolean> {
    const { nowMs, wait } = this.#options
    for (const end = nowMs() + lookForMs; nowMs() < end; ) {
      try {
        const taken = await this.#leadership.take()
        if (!(taken instanceof Lead)) return false
        const found = await taken.newest()
        const isOurs = found?.sequence === sequence && Buffer.from(found.hash).equals(hash)
        if (!isOurs) await this.#giveUp()
        return isOurs
      } catch {
        await this.#giveUp()
        await wait(lookAgainMs)
      }
    }
    return false
  }

  async #obey(order: WriterOrder): Promise<Done> {
    switch (order.order) {
      case 'append':
        await this.#append(order)
        return finished
      case 'recover':
        if (this.#leadership.lead !== undefined) await this.#giveUp()
        if (!(await this.#begin())) throw this.#inUse()
        return finished
      case 'prune':
        this.#prunedThrough = Math.max(this.#prunedThrough, order.through)
        this.#isPruned = false
        await this.#arrangePartitions(this.#lead)
        return { isUnfinished: this.#theCopy.prune(order.through) }
      case 'truncate':
        await this.#lead.leaveNoTraces()
        return { isUnfinished: !this.#theCopy.leaveNoTraces() }
      case 'look':
        await this.#beat()
        return finished
      case 'announce':
        await this.#leadership.announce(order.url)
        return finished
      case 'close':
        this.#theCopy.close()
        await this.#giveUp()
        return finished
    }
  }

  async #beat(): Promise<void> {
    const lead = this.#lead
    await lead.beat()
    this.#beatMs = this.#options.nowMs()
    await this.#arrangePartitions(lead)
  }

  /** Ends the partition of a day that is over and drops what may go, once nobody reads the table for long. */
  async #arrangePartitions(lead: Lead): Promise<void> {
    const { nowMs, today } = this.#options
    if (nowMs() < this.#tableMs) return
    const isTurned = await lead.turnPartition(this.#theLast.sequence + 1, today())
    this.#isPruned ||= await lead.prune(this.#prunedThrough)
    if (!isTurned || !this.#isPruned) this.#tableMs = nowMs() + changeTableAgainMs
  }

  #say(answer: CommitAnswer): void {
    this.#options.say(answer)
  }

  #sayWhy(error: unknown): void {
    const { leader } = this.#leadership
    const code = error instanceof FraudError ? { code: error.code } : {}
    this.#say({ answer: 'failed', reason: whyFailed(error), ...code, ...(leader && { leader }) })
  }

  async #carryOut(order: WriterOrder): Promise<void> {
    const { nowMs } = this.#options
    const startMs = nowMs()
    const isAnswered = order.order !== 'announce'
    try {
      const done = await this.#obey(order)
      const { sequence } = this.#theLast
      if (isAnswered) this.#say({ answer: 'done', lastSequence: sequence, commitMs: nowMs() - startMs, ...done })
    } catch (error) {
      if (isLost(error) && !(error instanceof FraudError)) await this.#giveUp()
      if (isAnswered) this.#sayWhy(error)
    }
  }
}
