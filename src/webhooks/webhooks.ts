import { FraudError } from '../core/errors.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import type { Endpoint } from './endpoint.ts'
import { EndpointFeed, type FeedFigures, type FeedOptions } from './endpoint-feed.ts'
import type { DeadLetter, EndpointFiles } from './endpoint-files.ts'

interface WebhooksOptions extends FeedOptions {
  readonly endpoints: readonly Endpoint[]
  readonly filesOf: (name: string) => EndpointFiles
  /** Whether this process is the one that decides: another one sends nothing. */
  readonly isLeading: () => boolean
}

/** An endpoint as it is told of: without what its address and its secrets are. */
export interface EndpointView {
  readonly name: string
  /** Where it is, without the path, which may hold a secret. */
  readonly origin: string
  readonly events: readonly string[]
  /** Records through this number were read. */
  readonly through: number
  /** Records after it. */
  readonly behind: number
  readonly waiting: number
  readonly delivered: number
  readonly failures: number
  readonly dead: number
  readonly missed: number
  readonly lastFailure: { readonly why: string; readonly at: string } | null
}

/** How often the log is looked at, and how far each endpoint is is noted. */
const lookEveryMs = 100
const saveEveryMs = 250
/** How long the loop is held up at once. */
const sliceMs = 3

/** Sends what happens to endpoints: each event at least once, in the order of its key, whatever stops in between. */
export class Webhooks {
  readonly #options: WebhooksOptions
  readonly #feeds = new Map<string, EndpointFeed>()
  /** Counts that outlive a feed. */
  readonly #before = new Map<string, FeedFigures>()
  /** What was said of endpoints that nothing can be sent to, until something can. */
  readonly #broken = new Map<string, string>()
  readonly #timers: NodeJS.Timeout[] = []
  /** Replays and ends, one after the other. */
  #changing: Promise<unknown> = Promise.resolve()
  #isChanging = false
  #isClosed = false

  constructor(options: WebhooksOptions) {
    this.#options = options
  }

  /**
   * Begins to send. A new endpoint hears of all that is decided from here on, also where the process is killed before it was first
   * looked at.
   */
  start(): void {
    const { endpoints, filesOf, reading } = this.#options
    for (const { name } of endpoints) {
      try {
        filesOf(name).begin(reading.lastSequence())
      } catch (error) {
        this.#tellBroken(name, String(error))
      }
    }
    this.#timers.push(setInterval(() => this.#look(), lookEveryMs).unref())
    this.#timers.push(setInterval(() => void this.#save(), saveEveryMs).unref())
  }

  get endpoints(): readonly EndpointView[] {
    return this.#options.endpoints.map((endpoint) => this.#view(endpoint))
  }

  /** What was given up, the newest first. @throws FraudError WEBHOOK_UNKNOWN */
  async deadLetters(name: string): Promise<readonly DeadLetter[]> {
    const { filesOf } = this.#options
    const { name: known } = this.#find(name)
    await this.#feeds.get(known)?.save()
    return (await filesOf(known).dead()).toReversed()
  }

  /**
   * Sends all from a record on once more, in order.
   *
   * @throws FraudError WEBHOOK_UNKNOWN, NOT_READY; INPUT_INVALID where the log does not hold it
   */
  replay(name: string, from: number): Promise<void> {
    const { reading } = this.#options
    const [first, last] = [reading.prunedThrough() + 1, reading.lastSequence() + 1]
    if (from < first || from > last) {
      const reason = `is ${from}, and the log has records ${first} to ${last - 1}`
      throw new FraudError('INPUT_INVALID', 'There is no such record', { errors: [{ field: 'from', reason }] })
    }
    return this.#change(name, (feed) => feed.replay(from))
  }

  /** Sends what was given up once more. @returns how many. @throws FraudError WEBHOOK_UNKNOWN, NOT_READY */
  replayDead(name: string): Promise<number> {
    return this.#change(name, (feed) => feed.replayDead())
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const timer of this.#timers) clearInterval(timer)
    await this.#changing
    await this.#stop()
  }

  #change<Result>(name: string, work: (feed: EndpointFeed) => Promise<Result>): Promise<Result> {
    const { name: known } = this.#find(name)
    const changed = this.#changing.then(async () => {
      const feed = this.#feeds.get(known)
      if (feed === undefined || this.#isClosed)
        throw new FraudError('NOT_READY', 'Nothing is sent to webhooks at the moment')
      this.#isChanging = true
      try {
        return await work(feed)
      } finally {
        this.#forget(known, feed)
        this.#isChanging = false
      }
    })
    this.#changing = changed.catch(() => {})
    return changed
  }

  #look(): void {
    if (this.#isClosed || this.#isChanging) return
    if (!this.#options.isLeading()) {
      if (this.#feeds.size > 0) this.#changing = this.#stop()
      return
    }
    const endMs = this.#options.clock() + sliceMs
    let isMore = false
    for (const endpoint of this.#options.endpoints) {
      try {
        const feed = this.#feeds.get(endpoint.name) ?? this.#open(endpoint)
        let isLeft = true
        while (isLeft && this.#options.clock() < endMs) isLeft = feed.step()
        isMore ||= isLeft
        this.#broken.delete(endpoint.name)
      } catch (error) {
        this.#tellBroken(endpoint.name, String(error))
      }
    }
    if (isMore) setImmediate(() => this.#look())
  }

  /** A log that is not readable for a moment, a file that somebody edited: the service decides all the same. */
  #tellBroken(name: string, reason: string): void {
    if (this.#broken.get(name) === reason) return
    this.#broken.set(name, reason)
    this.#options.logger.error({ webhook: name, reason }, 'nothing can be sent to a webhook')
  }

  #open(endpoint: Endpoint): EndpointFeed {
    const { filesOf } = this.#options
    const feed = new EndpointFeed(endpoint, filesOf(endpoint.name), this.#options)
    this.#feeds.set(endpoint.name, feed)
    return feed
  }

  async #save(): Promise<void> {
    await Promise.all([...this.#feeds.values()].map((feed) => feed.save()))
  }

  async #stop(): Promise<void> {
    const feeds = [...this.#feeds]
    for (const [name, feed] of feeds) this.#forget(name, feed)
    await Promise.all(feeds.map(([, feed]) => feed.close()))
  }

  #forget(name: string, feed: EndpointFeed): void {
    this.#before.set(name, this.#figuresOf(name, feed))
    this.#feeds.delete(name)
  }

  #figuresOf(name: string, feed: EndpointFeed | undefined): FeedFigures {
    const before = this.#before.get(name)
    const now = feed?.figures
    const sum = (field: 'delivered' | 'failures' | 'dead' | 'missed') => (before?.[field] ?? 0) + (now?.[field] ?? 0)
    return {
      ...{ delivered: sum('delivered'), failures: sum('failures'), dead: sum('dead'), missed: sum('missed') },
      waiting: now?.waiting ?? 0,
      through: now?.through ?? before?.through ?? this.#options.filesOf(name).progress()?.through ?? 0,
      lastFailure: now?.lastFailure ?? before?.lastFailure,
    }
  }

  #view({ name, url, events }: Endpoint): EndpointView {
    const { lastFailure, ...figures } = this.#figuresOf(name, this.#feeds.get(name))
    const { origin } = url
    return {
      ...{ name, origin, events: [...events] },
      ...figures,
      behind: Math.max(0, this.#options.reading.lastSequence() - figures.through),
      lastFailure: lastFailure === undefined ? null : { why: lastFailure.why, at: formatIsoTime(lastFailure.atMs) },
    }
  }

  #find(name: string): Endpoint {
    const found = this.#options.endpoints.find((endpoint) => endpoint.name === name)
    if (found !== undefined) return found
    throw new FraudError(
      'WEBHOOK_UNKNOWN',
      `No webhook is called so; there are ${this.#options.endpoints.map((each) => each.name).join(', ') || 'none'}`,
    )
  }
}
