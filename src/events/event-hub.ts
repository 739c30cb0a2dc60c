import type { EventSink, EventType } from './event.ts'
import { mostOfType, NewestEvents } from './newest-events.ts'

/** As much of a log as says what is durable. */
interface DurableThrough {
  readonly pending: number
  readonly nextSequence: number
}

interface EventHubOptions {
  readonly log: DurableThrough
  /** Tells this hub's numbers from those of another process. */
  readonly epoch: string
  /** Called with what an event could not be told for; readers are told that it was left out. */
  readonly onFault: (error: unknown) => void
  /** Of events that readers may have missed, the texts that are kept. */
  readonly mostBytes?: number
}

/** An event as it is sent. */
interface Told {
  readonly number: number
  readonly type: EventType
  readonly text: string
}

/** What became durable between two looks. */
interface Batch {
  /** The number of the last event before it, and of its last. */
  readonly after: number
  readonly through: number
  /** In the order of their numbers. */
  readonly told: readonly Told[]
  readonly counts: ReadonlyMap<EventType, number>
  readonly bytes: number
}

/** What came after a place, for who wants some types. */
export interface EventsRead {
  /** JSON texts, oldest first. */
  readonly texts: readonly string[]
  /** How many there were besides, by type. */
  readonly leftOut: Readonly<Partial<Record<EventType, number>>>
}

const mostBytes = 2 * 2 ** 20
const mostBatches = 1000

/**
 * Gathers what happens, and keeps what was told lately, so that who was away for a moment hears of it. What it holds is
 * bounded, however much happens and whether or not anybody reads; each event becomes text once for all readers.
 */
export class EventHub implements EventSink {
  readonly #options: EventHubOptions
  #gathered = new NewestEvents()
  /** What waits to be durable, with the number of the record that has to be. */
  #cut: { readonly events: NewestEvents; readonly through: number; readonly sequence: number } | undefined
  #batches: Batch[] = []
  #bytes = 0
  /** The number of the last event that was published, and of the last that may be sent. */
  #published = 0
  #through = 0
  /** How often what had been published was taken back. */
  restarts = 0

  constructor(options: EventHubOptions) {
    this.#options = options
  }

  publish(type: EventType, tell: () => object): void {
    this.#gathered.add(type, ++this.#published, tell)
  }

  /** The log failed: what of it became durable is not known, so readers have to look anew. */
  restart(): void {
    this.restarts += 1
    this.#gathered = new NewestEvents()
    this.#cut = undefined
    this.#batches = []
    this.#bytes = 0
    this.#through = this.#published
  }

  /** The place behind all that may be sent. */
  get place(): string {
    return `${this.#epoch}-${this.#through}`
  }

  get through(): number {
    return this.#through
  }

  get #epoch(): string {
    return `${this.#options.epoch}.${this.restarts}`
  }

  /** The number in a place of this hub; undefined where what came after it is not known any more. */
  numberAt(place: string): number | undefined {
    const end = place.lastIndexOf('-')
    const number = Number(/^\d{1,15}$/.exec(place.slice(end + 1))?.[0] ?? Number.NaN)
    return place.slice(0, end) === this.#epoch && this.knows(number) ? number : undefined
  }

  /** Whether all that came after a number is kept, or counted. */
  knows(number: number): boolean {
    return number <= this.#through && number >= (this.#batches[0]?.after ?? this.#through)
  }

  /** Lets readers have what is durable by now. @returns whether something is waiting for the disk. */
  advance(): boolean {
    const { log } = this.#options
    if (this.#cut === undefined) {
      if (this.#gathered.isEmpty) return false
      this.#cut = { events: this.#gathered, through: this.#published, sequence: log.nextSequence - 1 }
      this.#gathered = new NewestEvents()
    }
    if (log.nextSequence - 1 - log.pending < this.#cut.sequence) return true
    const { events, through } = this.#cut
    this.#cut = undefined
    this.#keep(this.#batchOf(events, through))
    return false
  }

  /** What came after a number that `knows` has. */
  since(number: number, types: ReadonlySet<EventType>): EventsRead {
    const told: Told[] = []
    const counts = new Map<EventType, number>()
    for (const batch of this.#batches) {
      if (batch.after < number) continue
      for (const [type, count] of batch.counts) if (types.has(type)) counts.set(type, (counts.get(type) ?? 0) + count)
      for (const event of batch.told) if (types.has(event.type)) told.push(event)
    }
    const texts: string[] = []
    const left = new Map<EventType, number>()
    for (const { type, text } of told.reverse()) {
      const taken = left.get(type) ?? 0
      if (taken === mostOfType[type]) continue
      left.set(type, taken + 1)
      texts.push(text)
    }
    const leftOut = [...counts].map(([type, count]) => [type, count - (left.get(type) ?? 0)] as const)
    return { texts: texts.reverse(), leftOut: Object.fromEntries(leftOut.filter(([, count]) => count > 0)) }
  }

  #batchOf(events: NewestEvents, through: number): Batch {
    const told: Told[] = []
    const counts = new Map<EventType, number>()
    for (const { type, count, newest } of events.byType()) {
      counts.set(type, count)
      for (const { number, tell } of newest) {
        const text = this.#textOf(type, tell)
        if (text !== undefined) told.push({ number, type, text })
      }
    }
    told.sort((a, b) => a.number - b.number)
    const bytes = told.reduce((sum, { text }) => sum + 2 * text.length, 0)
    return { after: this.#through, through, told, counts, bytes }
  }

  #textOf(type: EventType, tell: () => object): string | undefined {
    try {
      return JSON.stringify({ type, ...tell() })
    } catch (error) {
      this.#options.onFault(error)
      return undefined
    }
  }

  #keep(batch: Batch): void {
    const { mostBytes: most = mostBytes } = this.#options
    this.#through = batch.through
    this.#batches.push(batch)
    this.#bytes += batch.bytes
    let old = 0
    while (this.#batches.length - old > mostBatches || (this.#bytes > most && old < this.#batches.length - 1)) {
      this.#bytes -= this.#batches[old].bytes
      old += 1
    }
    if (old > 0) this.#batches.splice(0, old)
  }
}
