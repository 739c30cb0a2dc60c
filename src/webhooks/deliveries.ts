import { mostAtOnce, type Post } from './post.ts'

/** One event on its way to one endpoint. */
export interface Delivery {
  /** The same at each try. */
  readonly id: string
  readonly sequence: number
  readonly type: string
  /** What its order is kept within: a card. */
  readonly lane: string
  readonly body: string
  /** When it was offered first: from then on it is tried for so long, however long it waits behind others. */
  readonly offeredMs: number
}

/** What became of one; missing words where it was taken. */
export interface Settlement {
  readonly attempts: number
  readonly why?: string | undefined
}

interface DeliveriesOptions {
  readonly post: Post
  readonly giveUpAfterMs: number
  readonly settled: (delivery: Delivery, settlement: Settlement) => void
  /** Told of a lane whose first event will be tried again, and why. */
  readonly refused: (lane: string, why: string) => void
  readonly clock: () => number
  /** Between 0 and 1. */
  readonly random: () => number
  /** How long to wait before the second try; each further wait is twice as long. */
  readonly retryMs?: number | undefined
}

interface Lane {
  readonly waiting: Delivery[]
  attempts: number
}

const usualRetryMs = 1000
const longestRetryMs = 3_600_000

/** Sends in order within each lane, and lanes beside each other: one that waits for its next try holds up no other. */
export class Deliveries {
  readonly #options: DeliveriesOptions
  readonly #lanes = new Map<string, Lane>()
  readonly #ready: Lane[] = []
  readonly #timers = new Set<NodeJS.Timeout>()
  /** Lanes whose first event was refused, and is tried again. */
  readonly #refused = new Set<string>()
  #underway = 0
  #waiting = 0
  #failures = 0
  #isClosed = false
  lastFailure: { readonly why: string; readonly atMs: number } | undefined

  constructor(options: DeliveriesOptions) {
    this.#options = options
  }

  /** How many were offered and are not settled. */
  get waiting(): number {
    return this.#waiting
  }

  /** How many lanes wait for the next try of their first event. */
  get refused(): number {
    return this.#refused.size
  }

  isRefused(lane: string): boolean {
    return this.#refused.has(lane)
  }

  /** Takes what waits behind the first record of a lane out again. */
  takeBack(lane: string): readonly Delivery[] {
    const waiting = this.#lanes.get(lane)?.waiting ?? []
    const taken = waiting.filter(({ sequence }) => sequence !== waiting[0].sequence)
    waiting.length -= taken.length
    this.#waiting -= taken.length
    return taken
  }

  /** How many of those that wait are of a lane. */
  waitingIn(lane: string): number {
    return this.#lanes.get(lane)?.waiting.length ?? 0
  }

  /** Tries that failed. */
  get failures(): number {
    return this.#failures
  }

  offer(delivery: Delivery): void {
    this.#waiting += 1
    const lane = this.#lanes.get(delivery.lane)
    if (lane !== undefined) {
      lane.waiting.push(delivery)
      return
    }
    const begun = { waiting: [delivery], attempts: 0 }
    this.#lanes.set(delivery.lane, begun)
    this.#ready.push(begun)
    this.#pump()
  }

  /** Forgets what is not settled; what is on its way is not heard of any more. */
  close(): void {
    this.#isClosed = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #pump(): void {
    while (this.#underway < mostAtOnce && !this.#isClosed) {
      const lane = this.#ready.shift()
      if (lane === undefined) return
      this.#underway += 1
      void this.#try(lane)
    }
  }

  async #try(lane: Lane): Promise<void> {
    const [delivery] = lane.waiting
    const why = await this.#options.post(delivery.id, delivery.body)
    this.#underway -= 1
    if (this.#isClosed) return
    lane.attempts += 1
    if (why === undefined) this.#settle(lane, { attempts: lane.attempts })
    else this.#fail(lane, why)
    this.#pump()
  }

  #fail(lane: Lane, why: string): void {
    const { giveUpAfterMs, clock, random, retryMs = usualRetryMs } = this.#options
    this.#failures += 1
    this.lastFailure = { why, atMs: clock() }
    const waitMs = Math.min(retryMs * 2 ** (lane.attempts - 1), longestRetryMs) * (0.5 + random())
    if (clock() + waitMs - lane.waiting[0].offeredMs > giveUpAfterMs) {
      this.#settle(lane, { attempts: lane.attempts, why })
      return
    }
    const [{ lane: name }] = lane.waiting
    this.#refused.add(name)
    this.#options.refused(name, why)
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#ready.push(lane)
      this.#pump()
    }, waitMs).unref()
    this.#timers.add(timer)
  }

  #settle(lane: Lane, settlement: Settlement): void {
    const delivery = lane.waiting.shift()
    if (delivery === undefined) return
    this.#waiting -= 1
    lane.attempts = 0
    this.#refused.delete(delivery.lane)
    if (lane.waiting.length > 0) this.#ready.push(lane)
    else this.#lanes.delete(delivery.lane)
    this.#options.settled(delivery, settlement)
  }
}
