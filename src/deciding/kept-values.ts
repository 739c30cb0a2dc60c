import { type FieldError, FraudError } from '../core/errors.ts'
import type { Change, Definitions } from '../decisioning/index.ts'

type SingleChange = Exclude<Change, { readonly kind: 'together' }>

/** How a value of a key or a field is kept. Throws FraudError INPUT_INVALID or CARD_NUMBER_REFUSED. */
export type KeepValue = (name: string, value: string) => string

/**
 * A change with the values of its entries and snoozes as transactions keep them: trimmed, and card numbers hashed or refused.
 * What it removes may be anything. Values of what is not declared are left to the change's check.
 *
 * @throws FraudError INPUT_INVALID or CARD_NUMBER_REFUSED, with every value that can't be kept.
 */
export function withKeptValues(
  change: Change,
  { lists }: Definitions,
  isText: (name: string) => boolean,
  keep: KeepValue,
) {
  const errors: FieldError[] = []
  let code: FraudError['code'] = 'INPUT_INVALID'
  const keyOf = new Map([...lists.values()].map(({ name, of }) => [name, of]))
  const kept = (name: string | undefined, value: string, field: string) => {
    if (name === undefined || !isText(name)) return value
    try {
      return keep(name, value)
    } catch (error) {
      if (!(error instanceof FraudError)) throw error
      if (error.code === 'CARD_NUMBER_REFUSED') code = error.code
      const reasons = error.errors.map(({ reason }) => reason)
      errors.push({ field, reason: reasons.join(', ') || error.message })
      return ''
    }
  }
  const withKept = (single: SingleChange): SingleChange => {
    if (single.kind === 'list') keyOf.set(single.list.name, single.list.of)
    if (single.kind === 'snooze') return { ...single, value: kept(single.key, single.value, 'value') }
    if (single.kind !== 'entries' || single.add === undefined) return single
    const of = keyOf.get(single.list)
    return { ...single, add: single.add.map((each, i) => ({ ...each, value: kept(of, each.value, `add.${i}.value`) })) }
  }
  const result: Change =
    change.kind === 'together' ? { ...change, changes: change.changes.map(withKept) } : withKept(change)
  if (errors.length > 0) throw new FraudError(code, 'Values of the change can not be kept', { errors })
  return result
}
