import type { Asker, DecisionEntry, Entry, IntakeEntry } from './entries.ts'

/** What a key's history said to an observation. */
export interface PartReply {
  readonly kind: 'part'
  readonly lane: string
  /**
   * Where the observation is in the lane; -1 where it is older than its history reaches, or came so late that nobody knows
   * whether it had been counted.
   */
  readonly position: number
  readonly values: readonly number[]
  /** Whether the key has had more transactions than its history keeps exactly. */
  readonly isCapped: boolean
}

/** What is known of an id at home. */
export interface HomeReply {
  readonly kind: 'home'
  /** As it came first. */
  readonly intake: IntakeEntry
  readonly decision: DecisionEntry | undefined
}

/** A label has its place; a pending one waits for its transaction. */
export interface LabelReply {
  readonly kind: 'label'
  readonly isPending: boolean
}

export type Answer = PartReply | HomeReply | LabelReply
export interface Reply {
  readonly to: Asker
  readonly answer: Answer
}

/** What one place's entries make: a function of them and of nothing else. */
export interface LaneFold {
  /** @throws FraudError LOG_MISMATCH: the place then can't go on. */
  apply(position: number, entry: Entry, atMs: number): Reply | undefined
  /** The position of the last entry; -1 before the first. */
  readonly position: number
  save(): Generator<Uint8Array>
}
