import { FraudError } from '../core/errors.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import { refuseConflict } from '../deciding/conflicts.ts'
import { DecisionWords } from '../deciding/decision-words.ts'
import { type LabelAnswer, readLabel } from '../deciding/labels.ts'
import { present } from '../deciding/present-decision.ts'
import type { Decision } from '../decisioning/decision.ts'
import type { FieldValue } from '../detector/field-value.ts'
import type { ReceivedTransactionReader } from '../detector/received-transaction.ts'
import { splitFrames } from '../log/frames.ts'
import { recordFormat } from '../log/log-record.ts'
import { decodeRecord } from '../log/record-format.ts'
import type { ClusterControl } from './cluster-control.ts'
import type { ClusterDefinition } from './cluster-definition.ts'
import type { DecisionEntry, IntakeEntry, SentTransaction } from './entries.ts'
import type { Front } from './front.ts'

export interface ClusterDecisionsOptions {
  readonly front: Front
  readonly control: ClusterControl
  readonly reader: ReceivedTransactionReader
  /** The field that says when a transaction took place. */
  readonly timeField: string
  readonly clock: () => number
  readonly maxAheadMs: number
  /** Requests that may be under way here at once. */
  readonly maxPending: number
  /** Why it can't decide now; undefined where it can. */
  readonly whyNotReady: () => string | undefined
  /** How many places are behind. */
  readonly lag: () => number
}

/** What may be asked of a replica: decisions and labels. */
export class ClusterDecisions {
  readonly #options: ClusterDecisionsOptions
  readonly #words = new DecisionWords()

  constructor(options: ClusterDecisionsOptions) {
    this.#options = options
  }

  get lag(): number {
    return this.#options.lag()
  }

  /** The position of the control lane that decisions here are made by. */
  get controlPosition(): number {
    return this.#options.control.position
  }

  get whyNotReady(): string | undefined {
    return this.#options.whyNotReady()
  }

  /** @throws FraudError as a decision of one process does, and LOG_UNAVAILABLE where what became of it is not known. */
  async decide(value: unknown, repeated?: ReadonlySet<string>): Promise<Decision> {
    const definition = this.#requireReady()
    const { front, reader, clock, maxAheadMs } = this.#options
    const receivedAtMs = clock()
    const { id, fields, transaction } = reader.read(value, repeated)
    const { timestampMs } = transaction
    if (timestampMs > receivedAtMs + maxAheadMs) {
      const latest = formatIsoTime(receivedAtMs + maxAheadMs)
      const reason = `The transaction's time is ahead of the service's clock: times after ${latest} are not accepted now`
      throw new FraudError('TRANSACTION_IN_FUTURE', reason)
    }
    const sent = { id, definition: definition.position, timestampMs, receivedAtMs, fields }
    const { intake, decision, isRepeat } = await front.decide(sent)
    refuseConflict(this.#differences(intake, sent))
    return { ...this.#present(intake, decision), duplicate: isRepeat }
  }

  async label(value: unknown, by: string): Promise<LabelAnswer> {
    this.#requireReady()
    const { front, clock, maxAheadMs } = this.#options
    const receivedAtMs = clock()
    const { transactionId, isFraud, knownAtMs = receivedAtMs, source } = readLabel(value, receivedAtMs, maxAheadMs)
    const pending = await front.label(transactionId, { isFraud, knownAtMs, source, receivedAtMs, by })
    const knownAt = formatIsoTime(knownAtMs)
    return { transactionId, isFraud, knownAt, source: source ?? null, pending, duplicate: false }
  }

  #requireReady(): ClusterDefinition {
    const { front, control, maxPending, whyNotReady } = this.#options
    const reason = whyNotReady()
    if (reason !== undefined || control.newest === undefined) {
      throw new FraudError('NOT_READY', reason ?? 'The control lane has no definition')
    }
    if (front.pending >= maxPending) throw new FraudError('OVERLOADED', 'Too many decisions wait for the log')
    return control.newest
  }

  /** Fields that differ from what was sent first, of those that both definitions have. */
  #differences(first: SentTransaction, { definition, timestampMs, fields }: SentTransaction) {
    const [before, now] = [this.#columns(first.definition), this.#columns(definition)]
    const reason = 'differs from what was sent first'
    const different = before.flatMap((field, i) => {
      const at = now.indexOf(field)
      return at < 0 || isSame(first.fields[i], fields[at]) ? [] : [{ field, reason }]
    })
    return first.timestampMs === timestampMs ? different : [{ field: this.#options.timeField, reason }, ...different]
  }

  #columns(definition: number): readonly string[] {
    return this.#options.control.definition(definition)?.definition.columns ?? []
  }

  #present(intake: IntakeEntry, { record: bytes }: DecisionEntry): Decision {
    const [{ record: stored }] = splitFrames(bytes)
    const record = decodeRecord(stored, () => recordFormat)
    const known = record.kind === 'decision' ? this.#options.control.definition(record.definition) : undefined
    if (record.kind !== 'decision' || known === undefined) {
      throw new FraudError('LOG_INVALID', 'The decision rests on a definition that the control lane does not have')
    }
    const { definition } = known
    const whole = { ...record, fields: intake.fields }
    return present(whole, definition, this.#words.reasonsOf(whole, definition, known.transactionOf(intake)))
  }
}

/** A field of either kind may be sent as a number and as text. */
function isSame(one: FieldValue, other: FieldValue): boolean {
  if (Object.is(one, other)) return true
  return one !== undefined && other !== undefined && typeof one !== typeof other && String(one) === String(other)
}
