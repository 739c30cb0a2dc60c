import { type FieldError, FraudError } from '../core/errors.ts'
import { isRecord, kindOf } from '../core/json-value.ts'
import type { Definitions, PolicyInForce } from '../decisioning/index.ts'

type Given = Readonly<Record<string, unknown>>

/**
 * What is kept of a value of a key or a field, as a transaction's is; undefined where nothing of it was ever kept, so that nothing can
 * be removed.
 */
export type ConcealValue = (name: string, value: string | number, use: 'add' | 'remove') => string | undefined

/**
 * Puts what the log keeps in the place of the values of a change as it is sent: tokens of persons, hashes of card numbers.
 * What has no form of a change stays as it is, to be refused with the reason.
 *
 * @throws FraudError INPUT_INVALID or CARD_NUMBER_REFUSED with every value that can't be kept.
 */
export function concealChange(given: unknown, policy: PolicyInForce, conceal: ConcealValue): unknown {
  const errors: FieldError[] = []
  const cards: FieldError[] = []
  const lists = new Map([...policy.definitions.lists].map(([name, { of }]) => [name, of]))
  const keep = (name: unknown, value: unknown, use: 'add' | 'remove', field: string): unknown => {
    if (typeof name !== 'string' || !isText(policy, name)) return value
    if (typeof value !== 'string' && typeof value !== 'number') {
      errors.push({ field, reason: `is ${kindOf(value)}, where text is required` })
      return value
    }
    try {
      return conceal(name, value, use)
    } catch (error) {
      if (!(error instanceof FraudError)) throw error
      const reasons = error.errors.map(({ reason }) => reason)
      const told = { field, reason: reasons.join(', ') || error.message }
      if (error.code === 'CARD_NUMBER_REFUSED') cards.push(told)
      else if (error.code === 'INPUT_INVALID') errors.push(told)
      else throw error
      return value
    }
  }
  const concealed = concealOne(given, '', { lists, listsAt: (version) => policy.at(version)?.lists, keep })
  if (cards.length > 0) throw new FraudError('CARD_NUMBER_REFUSED', 'Card numbers are not taken in', { errors: cards })
  if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'Values of the change can not be kept', { errors })
  return concealed
}

type Keep = (name: unknown, value: unknown, use: 'add' | 'remove', field: string) => unknown

interface Concealment {
  /** What each list is of; those that the change adds are added. */
  readonly lists: Map<string, string>
  /** The lists of an earlier version, which a rollback brings back. */
  readonly listsAt: (version: number) => Definitions['lists'] | undefined
  readonly keep: Keep
}

function concealOne(given: unknown, at: string, concealment: Concealment): unknown {
  if (!isRecord(given)) return given
  const { lists, listsAt, keep } = concealment
  const { kind, key, value, list } = given
  if (kind === 'together' && Array.isArray(given.changes)) {
    return { ...given, changes: given.changes.map((each, i) => concealOne(each, `${at}changes.${i}.`, concealment)) }
  }
  if (kind === 'snooze' && value !== undefined) return { ...given, value: keep(key, value, 'add', `${at}value`) }
  if (kind === 'list' && isRecord(list) && typeof list.name === 'string' && typeof list.of === 'string') {
    lists.set(list.name, list.of)
  }
  if (kind === 'rollback') for (const [name, { of }] of listsAt(Number(given.to)) ?? []) lists.set(name, of)
  return kind === 'entries' ? concealEntries(given, at, lists.get(String(list)), keep) : given
}

function concealEntries({ add, remove, ...given }: Given, at: string, of: string | undefined, keep: Keep): Given {
  const removed = Array.isArray(remove)
    ? remove.map((value, i) => keep(of, value, 'remove', `${at}remove.${i}`)).filter((value) => value !== undefined)
    : remove
  const added = Array.isArray(add)
    ? add.map((entry, i) =>
        isRecord(entry) && entry.value !== undefined
          ? { ...entry, value: keep(of, entry.value, 'add', `${at}add.${i}.value`) }
          : entry,
      )
    : add
  return { ...given, ...(remove !== undefined && { remove: removed }), ...(add !== undefined && { add: added }) }
}

function isText({ names }: PolicyInForce, name: string): boolean {
  const declared = names.names.get(name)
  return declared?.type === 'string' || declared?.type === 'token'
}
