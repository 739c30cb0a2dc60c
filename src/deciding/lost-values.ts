import { type FieldError, FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import { option } from '../core/option.ts'
import { showValue } from '../core/show-value.ts'
import type { PolicyInForce } from '../decisioning/index.ts'
import { columnOfName } from '../detector/personal-columns.ts'
import type { Definition } from '../log/log-record.ts'
import { type ColumnForm, columnForms, isSameForm, tellForm } from './column-form.ts'
import { tokenMark } from './concealed-values.ts'

type Concealing = Pick<Definition, 'detector' | 'cardKeyCheck'>
type Values = Pick<PolicyInForce, 'definitions' | 'snoozes' | 'entriesOf'>

/** What every hash of a card number begins with. */
const hashMark = 'pan_'
const mostTold = 20

/** A list, or a rule's snoozes, with values that no transaction has any more. */
export interface LostValues extends FieldError {
  /** Whether the newest definition that has the key still kept it in the form of the values. */
  readonly isNew: boolean
}

/**
 * Lists and snoozes hold values as the log kept them when they came: as they are, as tokens or as hashes. Where a detector
 * keeps a key in another form, none of them ever matches again.
 *
 * @param before the definitions of the log, in their order.
 */
export function lostValues(
  policy: Values,
  now: Concealing,
  before: readonly Concealing[],
  atMs: number,
): readonly LostValues[] {
  const lossOf = losses(now, before)
  const lists = [...policy.definitions.lists.values()].flatMap(({ name, of }) => {
    const loss = lossOf(of)
    if (loss === undefined) return []
    const entries = policy.entriesOf(name)?.entries() ?? []
    const values = [...entries].filter(({ expiresAtMs }) => expiresAtMs === undefined || atMs < expiresAtMs)
    return tell(`lists.${name}`, 'entries', of, values, loss)
  })
  const lasting = Map.groupBy(
    policy.snoozes.filter(({ untilMs }) => atMs < untilMs),
    ({ rule, key }) => `${rule} ${key}`,
  )
  const ofRules = [...lasting.values()].flatMap((values) => {
    const [{ rule, key }] = values
    const loss = lossOf(key)
    return loss === undefined ? [] : tell(`rules.${rule}.snoozes`, 'snoozes', key, values, loss)
  })
  return [...lists, ...ofRules]
}

interface Loss {
  readonly form: ColumnForm
  readonly isNew: boolean
  readonly isLost: (value: string) => boolean
}

/** By the name of a key or a field, what of its values is lost; undefined where its form was always the same. */
function losses(now: Concealing, before: readonly Concealing[]): (name: string) => Loss | undefined {
  const formNow = formsByName(now)
  const formsBefore = before.map(formsByName)
  return (name) => {
    const form = formNow(name)
    const earlier = formsBefore.flatMap((formOf) => formOf(name) ?? [])
    const last = earlier.at(-1)
    if (form === undefined || last === undefined || earlier.every((each) => isSameForm(each, form))) return undefined
    if (isSameForm(last, form)) return { form, isNew: false, isLost: (value) => !mayHave(form, value) }
    const isOfPersons = last.personal !== form.personal
    // Card numbers are never kept as they are, and no other text is ever hashed.
    return { form, isNew: true, isLost: (value) => isOfPersons || value.startsWith(hashMark) }
  }
}

/** Whether a value may be one of a form; tokens of two keys look the same. */
function mayHave({ personal, isHashed }: ColumnForm, value: string): boolean {
  if (personal !== undefined) return value.startsWith(tokenMark)
  return !value.startsWith(tokenMark) && (isHashed || !value.startsWith(hashMark))
}

function formsByName(definition: Concealing): (name: string) => ColumnForm | undefined {
  const formOf = columnForms(definition)
  const { detector } = definition
  const transaction = isRecord(detector) && isRecord(detector.transaction) ? detector.transaction : {}
  const { fields } = transaction
  return (name) => {
    const field = isRecord(fields) && Object.hasOwn(fields, name) ? fields[name] : undefined
    const column = columnOfName(transaction, name) ?? field
    return typeof column === 'string' ? formOf(column) : undefined
  }
}

function tell(
  field: string,
  what: string,
  name: string,
  values: readonly { readonly value: string }[],
  { form, isNew, isLost }: Loss,
): readonly LostValues[] {
  const count = values.filter(({ value }) => isLost(value)).length
  if (count === 0) return []
  const some = `${count.toLocaleString('en')} of its ${values.length.toLocaleString('en')} ${what}`
  return [{ field, reason: `${some} do not hold "${showValue(name)}" ${tellForm(form)}, so they never match`, isNew }]
}

/** All of them in one sentence. */
export function tellValues(lost: readonly FieldError[]): string {
  const told = lost.slice(0, mostTold).map(({ field, reason }) => `${field}: ${reason}`)
  return `${told.join('; ')}${lost.length > mostTold ? `, and ${lost.length - mostTold} more` : ''}`
}

/** @throws FraudError POLICY_VALUES_LOST with each list and rule that has values which the detector would lose. */
export function refuseLostValues(lost: readonly LostValues[]): void {
  const errors = lost.filter(({ isNew }) => isNew).map(({ field, reason }) => ({ field, reason }))
  if (errors.length === 0) return
  throw new FraudError(
    'POLICY_VALUES_LOST',
    `The policy in force holds values in a form that this detector does not keep: ${tellValues(errors)}. Keep personal, the ` +
      'name of a personal key, hashCardNumber and SHRIKE_CARD_KEY as they were before; or, with the bundle from before, ' +
      'take these entries off and end these snoozes, and add them again once the new one decides. To continue without ' +
      `them: ${option('acceptLostHistories')}`,
    { errors },
  )
}
