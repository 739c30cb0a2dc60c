import type { DetectorInForce } from '../src/deciding/detector-in-force.ts'
import { RecordTransactions } from '../src/deciding/detector-in-force.ts'
import { isChange, PolicyProjection } from '../src/deciding/policy-projection.ts'
import { anyChangeSchema, type ChangeRecord, singleChanges } from '../src/decisioning/change.ts'
import { policyOf } from '../src/decisioning/policy.ts'
import { PolicyInForce } from '../src/decisioning/policy-in-force.ts'
import { type PolicyNames, policyNames } from '../src/decisioning/policy-names.ts'
import { declaredFields } from '../src/detector/declared-fields.ts'
import type { LogReading } from '../src/log/decision-log.ts'
import type { DecisionRecord, Sequenced } from '../src/log/log-record.ts'

/** A decision of a changed policy, and what that policy makes of it. */
export interface Rejudged {
  readonly record: Sequenced<DecisionRecord>
  /** The version that was in force at its place in the log. */
  readonly inForce: number
  readonly expected: Pick<DecisionRecord, 'outcome' | 'policy'>
}

/**
 * Judges a log's decisions again, each by a policy made anew of the definitions of the version that it names, and of the
 * entries and snoozes before it. Fuses count nothing here.
 */
export function* rejudge(
  reading: LogReading,
  { detector, features }: Pick<DetectorInForce, 'detector' | 'features'>,
): Generator<Rejudged> {
  const names = policyNames(detector, declaredFields(detector, features.layout), features.names)
  const transactions = new RecordTransactions({ detector, features }, reading, true)
  const folded = new PolicyProjection(names, policyOf(detector))
  const beside: ChangeRecord[] = []
  const made = new Map<number, PolicyInForce>()
  for (let after = 0; ; ) {
    const records = reading.next(after)
    if (records.length === 0) return
    for (const record of records) {
      after = record.sequence
      if (record.kind === 'decision' && record.policy !== undefined) {
        const { version } = record.policy
        const policy = made.get(version) ?? policyAt(folded.inForce, version, names, beside)
        made.set(version, policy)
        const transaction = transactions.of(record, record.sequence)
        if (transaction === undefined) throw new Error(`The transaction of record ${record.sequence} can't be read`)
        const { outcome, trace } = policy.judge({ ...record, amount: transaction.amount }, folded.secret)
        yield { record, inForce: folded.inForce.version, expected: { outcome, policy: { ...trace, version } } }
      }
      folded.take(record, record.sequence)
      if (!isChange(record)) continue
      const { drawSecret, ...change } = record.change
      for (const single of singleChanges(anyChangeSchema.parse(change))) {
        if (single.kind !== 'entries' && single.kind !== 'snooze') continue
        const each = { sequence: record.sequence, by: record.by, atMs: record.atMs, change: single }
        beside.push(each)
        for (const policy of made.values()) policy.apply(each)
      }
    }
  }
}

function policyAt(
  folded: PolicyInForce,
  version: number,
  names: PolicyNames,
  beside: readonly ChangeRecord[],
): PolicyInForce {
  const definitions = folded.at(version)
  if (definitions === undefined) throw new Error(`A decision names version ${version}, which is not there`)
  const policy = new PolicyInForce({ policy: definitions.policy, version }, names)
  const lists = [...definitions.lists.values()].map((list) => ({ kind: 'list' as const, list }))
  const rules = [...definitions.rules.values()].map((rule) => ({ kind: 'rule' as const, rule }))
  const changes = [...lists, ...rules]
  policy.apply({ sequence: version, by: 'again', atMs: 0, change: { kind: 'together', changes } })
  for (const each of beside) policy.apply(each)
  return policy
}
