import { holdsCardNumber } from '../core/card-number.ts'
import { type FieldError, FraudError } from '../core/errors.ts'
import { isRecord, kindOf } from '../core/json-value.ts'
import { hintOfYear } from '../core/time-formats.ts'
import { readIsoTime } from '../core/time-parser.ts'
import { whyNotKept } from '../detector/kept-text.ts'

/** What somebody says that a transaction turned out to be. */
export interface LabelInput {
  readonly transactionId: string
  readonly isFraud: boolean
  /** When it became known; now where it is not said. */
  readonly knownAtMs: number | undefined
  readonly source: string | undefined
}

export interface LabelAnswer {
  readonly transactionId: string
  readonly isFraud: boolean
  readonly knownAt: string
  readonly source: string | null
  /** Whether the transaction has not arrived yet; the label is kept for it. */
  readonly pending: boolean
  /** Whether the label was already known, so nothing changed. */
  readonly duplicate: boolean
}

/** A verdict's labels have its author's name: `analyst:ann` of `user:ann`. */
export function sourceOfVerdict(by: string): string {
  return `analyst:${by.slice(by.indexOf(':') + 1)}`
}

const longestText = 128
export const labelFields: readonly string[] = ['transactionId', 'isFraud', 'knownAt', 'source']

/** After so many labels those that are bad are refused, whatever is still to come. */
const labelsPerRefusal = 64

/**
 * One label or an array of them, from parsed JSON; yields between two of them.
 *
 * @throws FraudError INPUT_INVALID or CARD_NUMBER_REFUSED with every bad field of some labels; then nothing of it counts.
 */
export function* readLabels(value: unknown, nowMs: number, aheadMs: number): Generator<void, readonly LabelInput[]> {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  const errors: FieldError[] = []
  const cards: FieldError[] = []
  const labels: LabelInput[] = []
  for (const item of items) {
    if (labels.length > 0) yield
    if (labels.length % labelsPerRefusal === 0) refuseBad(errors, cards)
    const at = Array.isArray(value) ? `[${labels.length}].` : ''
    labels.push(checkLabel(item, at, nowMs + aheadMs, errors, cards))
  }
  refuseBad(errors, cards)
  return labels
}

/** One label, from parsed JSON. Throws as `readLabels` does. */
export function readLabel(value: unknown, nowMs: number, aheadMs: number): LabelInput {
  const errors: FieldError[] = []
  const cards: FieldError[] = []
  const label = checkLabel(value, '', nowMs + aheadMs, errors, cards)
  refuseBad(errors, cards)
  return label
}

function refuseBad(errors: readonly FieldError[], cards: readonly FieldError[]): void {
  if (cards.length > 0) throw new FraudError('CARD_NUMBER_REFUSED', 'Card numbers are not accepted', { errors: cards })
  if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'Not a valid label', { errors })
}

function textOfId(given: unknown): unknown {
  return typeof given === 'number' && Number.isSafeInteger(given) ? String(given) : given
}

/** The id of a label that is refused, to find it by, where that is one and not a card number. */
export function idThatIsTold(given: unknown): { readonly id?: string } {
  const id = textOfId(given)
  if (typeof id !== 'string' || id === '' || whyNotKept(id, longestText) !== undefined) return {}
  return holdsCardNumber(id, 'id') ? {} : { id }
}

function checkLabel(
  item: unknown,
  at: string,
  latestMs: number,
  errors: FieldError[],
  cards: FieldError[],
): LabelInput {
  const { transactionId } = isRecord(item) ? item : {}
  const told = idThatIsTold(transactionId)
  const bad = (field: string, reason: string, found = errors) =>
    void found.push({ field: `${at}${field}`, reason, ...told })
  const refuseText = (field: string, text: string) => {
    const reason = whyNotKept(text, longestText)
    if (reason !== undefined) bad(field, reason)
  }
  const label = { transactionId: '', isFraud: false, knownAtMs: undefined, source: undefined }
  if (!isRecord(item)) {
    errors.push({
      field: at === '' ? '(body)' : at.slice(0, -1),
      reason: `is ${kindOf(item)}, where an object is required`,
    })
    return label
  }
  for (const name of Object.keys(item))
    if (!labelFields.includes(name)) bad(name, `is not a field of a label: ${labelFields.join(', ')}`)
  const { isFraud, knownAt = null, source = null } = item
  const id = textOfId(transactionId)
  if (id === undefined) bad('transactionId', 'is missing')
  else if (typeof id !== 'string' || id === '')
    bad('transactionId', `must be text of 1 to ${longestText} characters, or a whole number`)
  else refuseText('transactionId', id)
  if (typeof isFraud !== 'boolean')
    bad('isFraud', isFraud === undefined ? 'is missing' : `is ${kindOf(isFraud)}, where true or false is required`)
  if (typeof source === 'string') refuseText('source', source)
  else if (source !== null) bad('source', `must be text of at most ${longestText} characters`)
  const knownAtMs = typeof knownAt === 'string' ? readIsoTime(knownAt, () => 0) : undefined
  if (knownAt !== null && !(Math.abs(knownAtMs ?? Number.NaN) <= 8.64e15))
    bad('knownAt', `is not an ISO 8601 time${hintOfYear(String(knownAt))}`)
  else if ((knownAtMs ?? 0) > latestMs) bad('knownAt', "is ahead of the service's clock")
  for (const [field, text] of Object.entries({ transactionId: id, source })) {
    // One that is too long is refused whatever it holds.
    if (typeof text === 'string' && holdsCardNumber(text.slice(0, longestText), field === 'source' ? 'text' : 'id'))
      bad(field, 'holds digits that are a valid card number', cards)
  }
  if (typeof id !== 'string' || typeof isFraud !== 'boolean') return label
  return {
    transactionId: id,
    isFraud,
    knownAtMs,
    source: typeof source === 'string' && source !== '' ? source : undefined,
  }
}
