import type { CasesProjection } from '../cases/cases-projection.ts'
import { isRecord } from '../core/json-value.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import type { EventType } from '../events/event.ts'
import type { LogReading } from '../log/decision-log.ts'
import type { ChangeRecord, Sequenced } from '../log/log-record.ts'
import { TransactionShapes } from '../log/transaction-shapes.ts'
import { recordEvents } from './record-events.ts'

interface WebhookEventsOptions {
  readonly reading: Pick<LogReading, 'definition' | 'at'>
  readonly cases: () => Pick<CasesProjection, 'get' | 'ofTransaction'> | undefined
}

interface Told {
  readonly type: string
  readonly at: string
  readonly data: object
}

/** The events of a record as `/v1/events` tells them, and the key within which they stay in order. */
export function webhookEvents({ reading, cases }: WebhookEventsOptions) {
  const shapes = new TransactionShapes(reading)
  let told: { readonly type: EventType; readonly tell: () => object }[] = []
  const take = recordEvents({ publish: (type, tell) => told.push({ type, tell }) }, { reading, cases })

  /** The number of the transaction that a record is about; 0 where none is known. */
  const transactionOf = (record: Sequenced): number => {
    if (record.kind === 'decision') return record.sequence
    if (record.kind === 'label' || record.kind === 'label-withdrawn') return record.of
    return record.kind === 'case' ? transactionOfCase(record.change, cases()) : 0
  }

  const laneOf = (record: Sequenced, orderBy: string | undefined): string => {
    const sequence = transactionOf(record)
    const about = sequence === record.sequence ? record : reading.at(sequence)
    if (about?.kind !== 'decision' && about?.kind !== 'history') return `record ${sequence || record.sequence}`
    const keys = shapes.keysOf(about)
    const name = orderBy ?? Object.keys(keys)[0]
    return keys[name] === undefined ? `transaction ${about.id}` : `${name} ${keys[name]}`
  }

  return (record: Sequenced, orderBy: string | undefined): { lane: string; events: readonly Told[] } => {
    told = []
    take(record, record.sequence)
    if (told.length === 0) return { lane: '', events: [] }
    const at = formatIsoTime(timeOf(record))
    const events = told.map(({ type, tell }) => ({ type: nameOf(type, record), at, data: tell() }))
    return { lane: laneOf(record, orderBy), events }
  }
}

function nameOf(type: EventType, record: Sequenced): string {
  return type === 'decision' && record.kind === 'decision' ? `decision.${record.outcome}` : type
}

function timeOf(record: Sequenced): number {
  if (record.kind === 'decision') return record.decidedAtMs
  if (record.kind === 'label') return record.receivedAtMs
  if (record.kind === 'label-withdrawn') return record.withdrawnAtMs
  return 'atMs' in record ? record.atMs : 0
}

/** A case that was opened names its transactions; another one is known by its id. */
function transactionOfCase(
  { case: id, transactions }: ChangeRecord['change'],
  cases: Pick<CasesProjection, 'get'> | undefined,
): number {
  const [opened] = Array.isArray(transactions) ? transactions : []
  if (isRecord(opened)) return Number(opened.sequence)
  return cases?.get(String(id))?.transactions[0]?.sequence ?? 0
}
