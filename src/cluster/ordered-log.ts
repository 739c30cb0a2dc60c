/** One order among many: a lane is a kind of entries, and a partition the share of its keys. */
export interface Place {
  readonly lane: string
  readonly partition: number
}

export interface Appended extends Place {
  readonly bytes: Uint8Array
}

/** @param atMs when the log took the entry, by its own clock, which all readers see alike. */
export type TakeEntry = (place: Place, position: number, entry: Uint8Array, atMs: number) => void

/**
 * Puts entries of many writers into one order per place, durably. Adapters: Kafka, and memory in tests.
 *
 * Positions of a place ascend from 0 on, with gaps.
 */
export interface OrderedLog {
  /**
   * Resolves once all are durable. Where it rejects, each may be there or not, or come later; what was appended may be
   * there twice.
   *
   * @throws FraudError LOG_UNAVAILABLE
   */
  append(entries: readonly Appended[]): Promise<void>
  /** Gives all entries after positions (-1: from the first), each place's in its order, until aborted. */
  read(places: readonly (Place & { readonly after: number })[], take: TakeEntry, signal: AbortSignal): Promise<void>
  /**
   * The position of the newest entry; -1 where there is none.
   *
   * @param signal until it is aborted, a log that does not answer is asked again.
   */
  end(place: Place, signal?: AbortSignal): Promise<number>
}

export function placeName({ lane, partition }: Place): string {
  return `${lane}/${partition}`
}
