import type { Case } from '../cases/case.ts'
import type { CasesProjection } from '../cases/cases-projection.ts'
import { isRecord } from '../core/json-value.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import { shownDegraded } from '../decisioning/decision.ts'
import type { EventSink } from '../events/event.ts'
import type { LogReading } from '../log/decision-log.ts'
import type { ChangeRecord, DecisionRecord, LabelRecord, LabelWithdrawnRecord } from '../log/log-record.ts'
import type { TakeRecord } from '../log/projection.ts'
import { TransactionShapes } from '../log/transaction-shapes.ts'

interface RecordEventsOptions {
  readonly reading: Pick<LogReading, 'definition'>
  /** The cases as they are once the projections took a record. */
  readonly cases: () => Pick<CasesProjection, 'get' | 'ofTransaction'> | undefined
}

/** Tells of records as they are appended. Persons and cards are the tokens and hashes that the records hold. */
export function recordEvents(sink: EventSink, { reading, cases }: RecordEventsOptions): TakeRecord {
  const shapes = new TransactionShapes(reading)
  const publishCase = (of: number, told: CaseEvent) => {
    const found = cases()?.ofTransaction(of)
    if (found !== undefined) sink.publish('case', () => tellCase(found, told))
  }
  return (record, sequence) => {
    switch (record.kind) {
      case 'decision':
        sink.publish('decision', () => tellDecision(record, shapes))
        return publishCase(sequence, { action: 'transaction', transactionId: record.id, atMs: record.decidedAtMs })
      case 'label':
        sink.publish('label', () => tellLabel(record))
        return publishCase(record.of, {
          action: 'label',
          transactionId: record.id,
          atMs: record.receivedAtMs,
          by: record.by,
        })
      case 'label-withdrawn':
        sink.publish('label', () => tellWithdrawn(record))
        return publishCase(record.of, {
          action: 'label',
          transactionId: record.id,
          atMs: record.withdrawnAtMs,
          by: record.by,
        })
      case 'rule':
      case 'list':
      case 'policy':
        return sink.publish('policy', () => tellChange(record, sequence))
      case 'deployment':
        return sink.publish('deployment', () => ({
          ...tellChange(record, sequence),
          model: record.change.model ?? null,
        }))
      case 'alert':
        return sink.publish('alert', () => tellAlert(record, sequence))
      case 'case':
        return sink.publish('case', () => tellAction(record, cases))
    }
  }
}

/** What began or ended, in the words of its record; of a change of definitions, that they changed. */
function tellAlert({ change, atMs, why, by }: ChangeRecord, sequence: number): object {
  const { kind, alert = null, subject = null, severity = null, from = null, to = null } = change
  const state = kind === 'fired' ? 'firing' : kind
  return { sequence, at: formatIsoTime(atMs), by, state, alert, subject, severity, text: why, from, to }
}

/** What happened to a case. */
interface CaseEvent {
  readonly action: string
  readonly transactionId?: string
  readonly atMs: number
  readonly by?: string | undefined
}

/** The case as it is when that is told. */
function tellCase(one: Case | undefined, { action, transactionId, atMs, by }: CaseEvent): object {
  return {
    case: one?.id ?? null,
    action,
    transactionId: transactionId ?? null,
    by: by ?? null,
    at: formatIsoTime(atMs),
    isClosed: one === undefined ? null : one.closed !== undefined,
    claimedBy: one?.claim?.by ?? null,
  }
}

/** What somebody did: a case that was opened is found by its first transaction. */
function tellAction({ change, by, atMs }: ChangeRecord, cases: RecordEventsOptions['cases']): object {
  const { action, transactions, case: id } = change
  const [opened] = action === 'open' && Array.isArray(transactions) ? transactions : []
  const one = isRecord(opened) ? cases()?.ofTransaction(Number(opened.sequence)) : cases()?.get(String(id))
  return tellCase(one, { action: String(action), atMs, by })
}

function tellDecision(record: DecisionRecord, shapes: TransactionShapes): object {
  const { id, timestampMs, outcome, score, decidedAtMs, fields, policy, definition } = record
  const { model, policyVersion, amountOf } = shapes.of(definition)
  return {
    transactionId: id,
    time: formatIsoTime(timestampMs),
    outcome,
    score,
    amount: amountOf(fields),
    keys: shapes.keysOf(record),
    rules: policy?.rules?.map((rule) => rule.id) ?? [],
    model: record.model ?? model,
    policy: policy?.version ?? policyVersion,
    decidedAt: formatIsoTime(decidedAtMs),
    degraded: shownDegraded(record),
  }
}

function tellLabel({ id, isFraud, source, by, knownAtMs, receivedAtMs, of }: LabelRecord): object {
  return {
    transactionId: id,
    isFraud,
    source: source ?? null,
    by: by ?? null,
    knownAt: formatIsoTime(knownAtMs),
    receivedAt: formatIsoTime(receivedAtMs),
    pending: of === 0,
    withdrawn: false,
  }
}

/** What it said counts no more. */
function tellWithdrawn(record: LabelWithdrawnRecord): object {
  const { withdrawnAtMs, source } = record
  return {
    ...tellLabel({ ...record, kind: 'label', source, receivedAtMs: withdrawnAtMs }),
    withdrawn: true,
  }
}

function tellChange({ by, why, atMs, change }: ChangeRecord, sequence: number): object {
  return { change: change.kind ?? null, sequence, by, reason: why, at: formatIsoTime(atMs) }
}
