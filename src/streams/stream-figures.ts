import type { Message, Outcome } from './message.ts'

/** A partition that is read, and how far it is behind. */
export interface PartitionLag {
  readonly topic: string
  readonly partition: number
  readonly messages: number
}

/** What a stream did since the start, and what it waits for. */
export class StreamFigures {
  readonly #counts = new Map<string, { readonly topic: string; readonly result: string; count: number }>()
  /** Asked when somebody wants to know; none while nothing is read. */
  lags: () => readonly PartitionLag[] = () => []
  /** Why nothing is read or written now. */
  waitsFor: string | undefined

  get counts(): Iterable<{ readonly topic: string; readonly result: string; readonly count: number }> {
    return this.#counts.values()
  }

  count(topic: string, outcomes: readonly Outcome<Message>[]): void {
    for (const { decision, refusal } of outcomes) {
      const result = refusal !== undefined ? 'refused' : decision !== undefined ? 'decided' : 'labelled'
      const key = `${topic} ${result}`
      const counted = this.#counts.get(key)
      if (counted === undefined) this.#counts.set(key, { topic, result, count: 1 })
      else counted.count += 1
    }
  }
}
