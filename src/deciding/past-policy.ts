import { FraudError } from '../core/errors.ts'
import { isRecord, type JsonObject } from '../core/json-value.ts'
import type { PolicyNames } from '../decisioning/index.ts'
import type { Policy } from '../decisioning/policy.ts'
import type { LogReading } from '../log/decision-log.ts'
import { isChange, PolicyProjection } from './policy-projection.ts'
import { loadCarried } from './rebuild.ts'

type ChangesOfLog = Pick<LogReading, 'changesBefore' | 'at' | 'carried' | 'prunedThrough'>

/**
 * The policy as it was before a record: what the changes before it make, those that are no longer kept included, since
 * checkpoints carry what they made. Of entries of lists it has those alone that somebody asks for.
 *
 * @param texts whose entries are wanted.
 * @param turn is waited for between changes, of which there may be many.
 * @throws FraudError TRANSACTION_UNKNOWN where the record is let go of meanwhile.
 */
export async function policyBefore(
  sequence: number,
  reading: ChangesOfLog,
  { names, policy }: { readonly names: PolicyNames; readonly policy: Policy },
  texts: ReadonlySet<string>,
  turn: () => Promise<void>,
): Promise<PolicyProjection> {
  if (reading.prunedThrough() >= sequence) {
    throw new FraudError('TRANSACTION_UNKNOWN', 'The log no longer has the decision')
  }
  const projection = new PolicyProjection(names, policy)
  loadCarried([projection], reading.carried())
  for (const number of reading.changesBefore(sequence)) {
    const record = reading.at(number)
    // It was let go of meanwhile, so it is in a newer checkpoint.
    if (record === undefined) return policyBefore(sequence, reading, { names, policy }, texts, turn)
    projection.take(
      isChange(record) ? { ...record, change: shorten(record.change, texts, projection) } : record,
      number,
    )
    await turn()
  }
  return projection
}

/**
 * A change without the entries of others, since a list may have a million. A version to go back to that is newer than all
 * that were changes is a fuse's, which changed no definitions: the decisions that tripped it are not taken here.
 */
function shorten(change: JsonObject, texts: ReadonlySet<string>, past: PolicyProjection): JsonObject {
  const { kind, changes, add, remove, to } = change
  if (isArray(changes)) {
    return { ...change, changes: changes.map((each) => (isObject(each) ? shorten(each, texts, past) : each)) }
  }
  if (kind === 'rollback' && typeof to === 'number') return { ...change, to: Math.min(to, past.inForce.version) }
  if (kind !== 'entries') return change
  const isOfOne = (text: unknown) => typeof text === 'string' && texts.has(text)
  return {
    ...change,
    ...(isArray(add) && { add: add.filter((entry) => isRecord(entry) && isOfOne(entry.value)) }),
    ...(isArray(remove) && { remove: remove.filter(isOfOne) }),
  }
}

type JsonValue = JsonObject[string]

function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function isObject(value: JsonValue): value is JsonObject {
  return isRecord(value)
}
