import { type EventType, eventTypes } from './event.ts'

/** Events of one message, by type: of what comes by the thousand only the newest are looked at by people. */
export const mostOfType: Readonly<Record<EventType, number>> = {
  decision: 25,
  label: 25,
  case: 100,
  alert: 100,
  job: 100,
  policy: 100,
  deployment: 100,
}

interface Numbered {
  readonly number: number
  readonly tell: () => object
}

/** The newest events of each type, and how many there were: what is left out is counted. */
export class NewestEvents {
  readonly #rings = new Map<EventType, { count: number; readonly newest: Numbered[] }>()

  add(type: EventType, number: number, tell: () => object): void {
    let ring = this.#rings.get(type)
    if (ring === undefined) {
      ring = { count: 0, newest: [] }
      this.#rings.set(type, ring)
    }
    ring.newest[ring.count++ % mostOfType[type]] = { number, tell }
  }

  get isEmpty(): boolean {
    return this.#rings.size === 0
  }

  /** Each type of which there were any, with the newest in the order in which they came. */
  *byType(): Generator<{ type: EventType; count: number; newest: readonly Numbered[] }> {
    for (const type of eventTypes) {
      const ring = this.#rings.get(type)
      if (ring === undefined) continue
      const { count, newest } = ring
      yield { type, count, newest: newest.toSorted((a, b) => a.number - b.number) }
    }
  }
}
