/** A partition of a topic. */
export interface Place {
  readonly topic: string
  readonly partition: number
}

export interface KafkaRecord {
  readonly offset: bigint
  readonly timestampMs: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** The last of each name. */
  readonly headers: ReadonlyMap<string, Uint8Array>
}

export interface RecordToWrite extends Place {
  readonly key?: Uint8Array | undefined
  readonly value: Uint8Array
  readonly headers?: ReadonlyMap<string, Uint8Array>
}

/** What one fetch brought of a partition; nothing that was aborted, nor markers. */
export interface Fetched extends Place {
  readonly records: readonly KafkaRecord[]
  /** Where to go on; behind the last record and whatever else lies there. */
  readonly next: bigint
  /** Where what is committed ends. */
  readonly end: bigint
}
