import type { JsonObject } from '../core/json-value.ts'
import type { Contribution, ContributionScale } from '../decisioning/contribution.ts'
import type { Degradation } from '../decisioning/decision.ts'
import type { Policy } from '../decisioning/policy.ts'
import type { VersionedTrace } from '../decisioning/policy-trace.ts'
import type { FeatureEntry, Outcome } from '../detector/detector-schema.ts'
import type { FieldValue } from '../detector/field-value.ts'

/** How the records that rest on a definition are written; what each format holds is in `record-format.ts`. */
export const recordFormat = 2
export type RecordFormat = 1 | typeof recordFormat

/** What was read of a record that holds more. */
interface PartlyRead {
  /** Parts that a newer version wrote and this one skipped; missing where there are none, as in all that is written. */
  readonly unread?: readonly string[]
}

/** A transaction that was decided, with everything that the decision rests on. */
export interface DecisionRecord extends PartlyRead {
  readonly kind: 'decision'
  readonly id: string
  readonly timestampMs: number
  readonly outcome: Outcome
  readonly score: number | null
  readonly decidedAtMs: number
  /** The sequence number of the definition that was in force. */
  readonly definition: number
  readonly degraded: readonly Degradation[]
  /** The fields in the order of the definition's columns. */
  readonly fields: readonly FieldValue[]
  /** The row in the order of the definition's features. */
  readonly row: Float64Array
  /** The model that decided, where that was a canary and not the definition's. */
  readonly model?: string
  /** What spoke most for fraud, the most first; none where the score did not lead to the outcome, or the model does not say. */
  readonly contributions?: readonly Contribution[]
  /**
   * How the policy came to it, and the number of the last record that had changed it; missing where the definition's
   * decided.
   */
  readonly policy?: VersionedTrace | undefined
}

/** A transaction that is only known: brought in, not decided. */
export interface HistoryRecord extends PartlyRead {
  readonly kind: 'history'
  readonly id: string
  readonly timestampMs: number
  readonly definition: number
  /** Whether its file said what it was; then it is legitimate unless a label says otherwise. */
  readonly isLabelled: boolean
  readonly fields: readonly FieldValue[]
}

/** What a transaction turned out to be. */
export interface LabelRecord extends PartlyRead {
  readonly kind: 'label'
  /** The transaction's id. */
  readonly id: string
  readonly isFraud: boolean
  readonly knownAtMs: number
  readonly source: string | undefined
  readonly receivedAtMs: number
  /** The transaction's sequence number; 0 where it had not come yet. */
  readonly of: number
  /** Who said so; missing in older logs. */
  readonly by?: string
}

/** A label does not count any more: rows that were served by it stay as they are. */
export interface LabelWithdrawnRecord extends PartlyRead {
  readonly kind: 'label-withdrawn'
  /** The transaction's id, and its sequence number. */
  readonly id: string
  readonly of: number
  /** The sequence number of the label, and what it says. */
  readonly label: number
  readonly isFraud: boolean
  readonly knownAtMs: number
  readonly source?: string
  readonly withdrawnAtMs: number
  readonly by: string
}

/** Everything that decisions from here on rest on beside histories. */
export interface Definition {
  readonly format: RecordFormat
  readonly detector: unknown
  /** The bundle's id; null where rules and lists alone decide. */
  readonly model: string | null
  readonly policy: Policy & { readonly version: number }
  /** What records keep of a transaction, in their order. */
  readonly columns: readonly string[]
  /** The names of a row's values, in their order. */
  readonly features: readonly string[]
  /**
   * Features that the policy declares beside the model's, as it declares them; those of the detector from the entry `from` on
   * are theirs. Missing where there are none.
   */
  readonly policyFeatures?: { readonly declared: readonly FeatureEntry[]; readonly from: number }
  /** The scale of contributions; missing where the model can't be explained. */
  readonly contributionScale?: ContributionScale
  /** Models beside the definition's, whose features are in the row, too; missing where there are none. */
  readonly others?: readonly { readonly model: string; readonly contributionScale?: ContributionScale }[]
  /** The texts of the values, from 0 on, of features that are categories, by their names. */
  readonly categories?: Readonly<Record<string, readonly string[]>>
  /** Tells the key that card numbers are hashed under from another; missing where none are, and in older logs. */
  readonly cardKeyCheck?: string
  /**
   * The record from which on every row of persons bears a MAC under the log's key: 1 where that was always so, else the
   * one that gave the rows their MACs as they were then; missing where the log has no key. Who sets the log's file back
   * to a version without MACs can't take this back.
   */
  readonly personMacsFrom?: number
  /** Node's major version and the processor, on which the same log gives the same decisions. */
  readonly runtime: string
}

export interface DefinitionRecord extends Definition {
  readonly kind: 'definition'
}

/** What a model says of transactions that another one decided: no decision rests on it. */
export interface ScoresRecord extends PartlyRead {
  readonly kind: 'scores'
  readonly model: string
  /** By the sequence numbers of decisions, ascending. */
  readonly scores: readonly { readonly of: number; readonly score: number }[]
}

/** A person was erased: what the token stood for is gone. */
interface ErasureRecord extends PartlyRead {
  readonly kind: 'erasure'
  /** The name of the key, such as customer. */
  readonly key: string
  readonly token: string
  readonly erasedAtMs: number
  /** Who asked for it; missing in older logs. */
  readonly by?: string
}

/** What a projection had saved. */
export interface CarriedPart {
  /** Of the form. */
  readonly version: number
  /** Base64. */
  readonly state: string
  /** Whether that is of what zlib made of it. */
  readonly isDeflated?: true
}

/** Records through a sequence number are no longer kept; the chain goes on from this hash. */
export interface CheckpointRecord {
  readonly kind: 'checkpoint'
  readonly prunedThrough: number
  /** Hex. */
  readonly hash: string
  /** Definitions among those pruned that records after them refer to. */
  readonly definitions: Readonly<Record<string, Definition>>
  /** The state of each projection that deleted records made. Missing where nothing has to outlive them. */
  readonly carried?: Readonly<Record<string, CarriedPart>>
  readonly prunedAtMs: number
}

/**
 * A change of what is in force: what it means is its projection's to say. It holds nothing personal in cleartext, since
 * nothing takes it out of the log but retention: personal values are their tokens, card numbers their hashes.
 */
export interface ChangeRecord extends PartlyRead {
  readonly kind: ChangeKind
  /** The principal's name. */
  readonly by: string
  /** Of somebody else who let it through, where that was asked for. */
  readonly approvedBy?: string
  /** The reason in the words of its author. */
  readonly why: string
  readonly atMs: number
  readonly change: JsonObject
  /** Those of persons that the change names: each has its row until an erasure, which a projection hears of, too. */
  readonly tokens?: readonly string[]
}

/** Those of records that are changes; of cases, what people did to them. */
export const changeKinds = ['rule', 'list', 'policy', 'deployment', 'case', 'alert'] as const
type ChangeKind = (typeof changeKinds)[number]

export type LogRecord =
  | DecisionRecord
  | HistoryRecord
  | LabelRecord
  | LabelWithdrawnRecord
  | DefinitionRecord
  | ErasureRecord
  | CheckpointRecord
  | ChangeRecord
  | ScoresRecord

/** The kinds in the order of their numbers; the first two are transactions. Grows at its end only. */
export const recordKinds = [
  'decision',
  'history',
  'label',
  'definition',
  'erasure',
  'checkpoint',
  'rule',
  'list',
  'policy',
  'deployment',
  'scores',
  'case',
  'label-withdrawn',
  'alert',
] as const

/** A record with its place in the log. */
export type Sequenced<Record extends LogRecord = LogRecord> = Record & { readonly sequence: number }
