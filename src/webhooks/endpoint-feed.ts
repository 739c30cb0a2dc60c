import type { Logger } from '../core/logger.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import type { LogReading } from '../log/decision-log.ts'
import type { Sequenced } from '../log/log-record.ts'
import { Backlog } from './backlog.ts'
import { Deliveries, type Delivery, type Settlement } from './deliveries.ts'
import type { Endpoint } from './endpoint.ts'
import type { DeadLetter, EndpointFiles, Undelivered } from './endpoint-files.ts'
import { openPost } from './post.ts'

/** What a record says to those who are told: something may happen to a transaction and to its case at once. */
interface RecordEvent {
  /** Such as `decision.decline`. */
  readonly type: string
  readonly at: string
  readonly data: object
}

type EventReading = Pick<LogReading, 'next' | 'at' | 'lastSequence' | 'prunedThrough'>

export interface FeedOptions {
  readonly reading: EventReading
  /** The events of a record, and the key within which they stay in order. */
  readonly eventsOf: (
    record: Sequenced,
    orderBy: string | undefined,
  ) => { lane: string; events: readonly RecordEvent[] }
  readonly clock: () => number
  readonly random: () => number
  readonly logger: Logger
  readonly retryMs?: number | undefined
}

/** What of an endpoint goes on since the process began to send. */
export interface FeedFigures {
  readonly delivered: number
  readonly failures: number
  readonly dead: number
  readonly waiting: number
  readonly through: number
  /** Records that retention took before they were read. */
  readonly missed: number
  readonly lastFailure: { readonly why: string; readonly atMs: number } | undefined
}

/** Read ahead of what is settled, in lanes that are not refused; beyond it the log itself waits. */
const mostWaiting = 10_000
/** Of one lane, so that one does not take the room of all others; one that is refused keeps its first record alone. */
const mostInLane = 50
/** Records that were refused, and numbers of those that wait behind them and behind full lanes. */
const mostBehind = 50_000
const recordsAtOnce = 50

/** A reason that lasts is told again after so long. */
const tellAgainMs = 3_600_000

/** Follows the log for one endpoint, from where it was left. */
export class EndpointFeed {
  readonly #endpoint: Endpoint
  readonly #files: EndpointFiles
  readonly #options: FeedOptions
  readonly #deliveries: Deliveries
  readonly #sending: ReturnType<typeof openPost>
  /** Events that are not settled, by the number of their record, and since when they are tried. */
  readonly #open = new Map<number, { readonly events: number; readonly offeredMs: number }>()
  /** Records that were read while their lane was full. */
  readonly #backlog = new Backlog()
  /** What was left undelivered and has to be read again. */
  #again: Undelivered[]
  #through: number
  #letters: DeadLetter[] = []
  #isChanged = true
  /** When each reason not to take events was told last. */
  readonly #toldMs = new Map<string, number>()
  #saving: Promise<void> = Promise.resolve()
  #delivered = 0
  #dead = 0
  #missed = 0

  constructor(endpoint: Endpoint, files: EndpointFiles, options: FeedOptions) {
    this.#endpoint = endpoint
    this.#files = files
    this.#options = options
    const { reading, clock, random, retryMs, logger } = options
    const last = reading.lastSequence()
    // Nobody who begins to listen wants to hear of years at once; `replay` goes back.
    const { through, undelivered } = files.progress() ?? { through: last, undelivered: [] }
    if (through > last)
      logger.error({ webhook: endpoint.name, through, last }, 'the log ends before what a webhook was sent')
    this.#through = Math.min(through, last)
    this.#again = undelivered.filter(({ sequence }) => sequence <= last)
    this.#sending = openPost(endpoint, clock)
    this.#deliveries = new Deliveries({
      ...{ post: this.#sending.post, giveUpAfterMs: endpoint.giveUpAfterMs, clock, random, retryMs },
      settled: (delivery, settlement) => this.#settle(delivery, settlement),
      refused: (lane, why) => {
        this.#tellRefused(why)
        this.#makeRoom(lane)
      },
    })
  }

  get figures(): FeedFigures {
    const { failures, lastFailure } = this.#deliveries
    const waiting = this.#deliveries.waiting + this.#backlog.size + this.#again.length
    const [delivered, dead, through, missed] = [this.#delivered, this.#dead, this.#through, this.#missed]
    return { delivered, failures, dead, waiting, through, missed, lastFailure }
  }

  /** Reads some records; whether there may be more to read at once. */
  step(): boolean {
    const { waiting, refused } = this.#deliveries
    if (waiting - refused >= mostWaiting) return false
    const lane = this.#backlog.roomy
    if (lane !== undefined) {
      this.#fill(lane)
      return true
    }
    if (this.#backlog.size + refused >= mostBehind) return false
    if (this.#again.length > 0) {
      this.#readSomeAgain()
      return true
    }
    this.#skipPruned()
    const records = this.#options.reading.next(this.#through, recordsAtOnce)
    for (const record of records) {
      this.#offer(record)
      this.#through = record.sequence
      this.#isChanged = true
    }
    return records.length === recordsAtOnce
  }

  /** Puts on disk how far it is, where that has changed. */
  save(): Promise<void> {
    if (!this.#isChanged) return this.#saving
    this.#isChanged = false
    const letters = this.#letters.splice(0)
    const progress = { through: this.#through, undelivered: this.#undelivered() }
    const saved = this.#saving.then(() => this.#files.save(progress, letters))
    this.#saving = saved.catch((error: unknown) => {
      this.#letters.unshift(...letters)
      this.#isChanged = true
      this.#options.logger.error(
        { webhook: this.#endpoint.name, reason: String(error) },
        'the progress of a webhook could not be noted',
      )
    })
    return this.#saving
  }

  /** Ends, so that the next feed sends all from a record on once more. */
  async replay(from: number): Promise<void> {
    await this.close()
    const undelivered = this.#undelivered().filter(({ sequence }) => sequence < from)
    await this.#files.save({ through: from - 1, undelivered }, this.#letters.splice(0))
  }

  /** Ends, so that the next feed sends what was given up once more. @returns how many. */
  async replayDead(): Promise<number> {
    await this.close()
    const dead = [...(await this.#files.dead()), ...this.#letters]
    const again = dead.map(({ sequence }) => ({ sequence }))
    await this.#files.save({ through: this.#through, undelivered: inOrder([...this.#undelivered(), ...again]) }, [])
    await this.#files.keep([])
    return dead.length
  }

  /** Sends no more, and notes how far it was. */
  async close(): Promise<void> {
    this.#deliveries.close()
    this.#sending.close()
    await this.save()
  }

  #undelivered(): readonly Undelivered[] {
    const open = [...this.#open].map(([sequence, { offeredMs }]) => ({ sequence, offeredMs }))
    return inOrder([...open, ...this.#backlog.all, ...this.#again])
  }

  #skipPruned(): void {
    const pruned = this.#options.reading.prunedThrough()
    if (pruned <= this.#through) return
    this.#missed += pruned - this.#through
    const { name } = this.#endpoint
    this.#options.logger.error(
      { webhook: name, from: this.#through + 1, through: pruned },
      'records were no longer kept before a webhook was sent them',
    )
    this.#through = pruned
    this.#isChanged = true
  }

  /** A number stays undelivered until its record was read: the log may not be readable for a moment. */
  #readSomeAgain(): void {
    let read = 0
    try {
      for (const left of this.#again.slice(0, recordsAtOnce)) {
        this.#readAgain(left)
        read += 1
      }
    } finally {
      this.#again.splice(0, read)
    }
  }

  #readAgain({ sequence, offeredMs }: Undelivered): void {
    const record = this.#options.reading.at(sequence)
    this.#isChanged = true
    if (record === undefined) this.#missed += 1
    else this.#offer(record, { offeredMs })
  }

  #tellRefused(why: string): void {
    const { clock, logger } = this.#options
    if (clock() - (this.#toldMs.get(why) ?? Number.NEGATIVE_INFINITY) < tellAgainMs) return
    this.#toldMs.set(why, clock())
    logger.warn({ webhook: this.#endpoint.name, why }, 'an event was not taken; it is sent again')
  }

  /** What waits behind an event that was refused leaves its place to other lanes. */
  #makeRoom(lane: string): void {
    const taken = new Map(this.#deliveries.takeBack(lane).map(({ sequence, offeredMs }) => [sequence, offeredMs]))
    for (const sequence of taken.keys()) this.#open.delete(sequence)
    this.#backlog.addFirst(
      lane,
      [...taken].map(([sequence, offeredMs]) => ({ sequence, offeredMs })),
    )
    this.#backlog.setRoomy(lane, false)
  }

  /** Reads what waits behind a lane, in order, until the lane is full. */
  #fill(lane: string): void {
    const { reading } = this.#options
    let left = this.#backlog.first(lane)
    while (left !== undefined && this.#deliveries.waitingIn(lane) < mostInLane) {
      const record = reading.at(left.sequence)
      if (record === undefined) this.#missed += 1
      else this.#offer(record, { offeredMs: left.offeredMs, from: lane })
      this.#isChanged = true
      this.#backlog.removeFirst(lane)
      left = this.#backlog.first(lane)
    }
    this.#backlog.setRoomy(lane, false)
  }

  /** @param from the lane behind which the record waited, and whose next one it is. */
  #offer(
    record: Sequenced,
    { offeredMs = this.#options.clock(), from }: { offeredMs?: number | undefined; from?: string } = {},
  ): void {
    const { name, events: wanted, orderBy } = this.#endpoint
    const { lane, events } = this.#options.eventsOf(record, orderBy)
    const { sequence } = record
    const deliveries = events
      .filter(({ type }) => wanted.has(type) || wanted.has(type.split('.')[0]))
      .map(({ type, at, data }) => ({
        ...{ id: `${name}.${sequence}.${type}`, sequence, type, lane },
        body: JSON.stringify({ type, timestamp: at, data: { ...data, sequence } }),
        offeredMs,
      }))
    if (deliveries.length === 0) return
    const isFull = this.#deliveries.isRefused(lane) || this.#deliveries.waitingIn(lane) >= mostInLane
    if (isFull || (lane !== from && this.#backlog.has(lane))) {
      this.#backlog.add(lane, { sequence, offeredMs })
      return
    }
    this.#open.set(sequence, { events: deliveries.length, offeredMs })
    for (const delivery of deliveries) this.#deliveries.offer(delivery)
  }

  #settle({ id, sequence, type, lane, offeredMs }: Delivery, { attempts, why }: Settlement): void {
    this.#isChanged = true
    const events = (this.#open.get(sequence)?.events ?? 1) - 1
    if (events === 0) this.#open.delete(sequence)
    else this.#open.set(sequence, { events, offeredMs })
    if (this.#deliveries.waitingIn(lane) <= mostInLane / 2) this.#backlog.setRoomy(lane, true)
    if (why === undefined) {
      this.#delivered += 1
      return
    }
    this.#dead += 1
    const { clock, logger } = this.#options
    this.#letters.push({ id, sequence, type, at: formatIsoTime(clock()), attempts, why })
    logger.error(
      { webhook: this.#endpoint.name, id, attempts, why },
      'an event was given up; `shrike webhooks dead` lists it',
    )
  }
}

/** Each record once, as it was named last. */
function inOrder(left: readonly Undelivered[]): readonly Undelivered[] {
  const once = new Map(left.map((each) => [each.sequence, each]))
  return [...once.values()].sort((a, b) => a.sequence - b.sequence)
}
