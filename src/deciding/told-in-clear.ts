import { holdsCardNumber } from '../core/card-number.ts'
import type { FieldError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'

/** Whether the log knows a person by this value of a personal key or field. */
export type IsPerson = (value: string) => boolean

interface ClearText {
  readonly field: string
  readonly text: string
}

const cardReason = 'holds what may be a card number, which nothing takes out of the log'
const personReason =
  'names a person of the transactions by a value that is personal, which nothing takes out of the log: leave it out, or put ' +
  'it on a list, where a token takes its place'

/** What of a change, and of why it is made, must not be kept: the log holds changes for good, and as they are. */
export function whyNotInClear(change: unknown, why: string | undefined, isPerson: IsPerson): readonly FieldError[] {
  const texts = [...textsOf(change), ...(why === undefined ? [] : [{ field: 'why', text: why }])]
  const isCard = remember(holdsCardNumber)
  let looked = 0
  const isNamed = remember((word) => looked++ < mostWords && isPerson(word))
  const namesPerson = remember((text) => wordsOf(text).some(isNamed))
  const cards = texts.filter(({ text }) => isCard(text)).map(({ field }) => ({ field, reason: cardReason }))
  const persons = texts.filter(({ text }) => namesPerson(text))
  return [...cards, ...persons.map(({ field }) => ({ field, reason: personReason }))]
}

/** Hundreds of entries have the same source, and the same names. */
function remember(ask: (text: string) => boolean): (text: string) => boolean {
  const known = new Map<string, boolean>()
  return (text) => {
    const answer = known.get(text) ?? ask(text)
    known.set(text, answer)
    return answer
  }
}

const mostWords = 10_000
/** Shorter words, and those without a digit or an @, mean something else far too often. */
const shortestValue = 6

/** What of a text may be a person's value: a customer's number, an address. */
function wordsOf(text: string): readonly string[] {
  const words = text.match(/[^\s"'`,;()[\]{}<>=!&|]+/g) ?? []
  return words
    .flatMap((word) => [word, word.replace(/[.:?]+$/, '')])
    .filter((word) => word.length >= shortestValue && /[\d@]/.test(word))
}

/**
 * Every text, number and name of a change, with the path to it, but for the values of entries and snoozes, which are looked at
 * as a transaction's are.
 */
function textsOf(value: unknown, field = ''): readonly ClearText[] {
  if (typeof value === 'string') return [{ field, text: value }]
  // The decimals of a threshold may look like a card number, one time in ten.
  if (typeof value === 'number') return value % 1 !== 0 && Math.abs(value) < 1 ? [] : [{ field, text: String(value) }]
  const within = (name: string) => (field === '' ? name : `${field}.${name}`)
  if (Array.isArray(value)) return value.flatMap((part, i) => textsOf(part, within(String(i))))
  if (!isRecord(value)) return []
  return Object.entries(withoutValues(value)).flatMap(([name, part]) => [
    { field: field === '' ? '(body)' : field, text: name },
    ...textsOf(part, within(name)),
  ])
}

function withoutValues(given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (given.kind === 'snooze') return { ...given, value: undefined }
  if (given.kind !== 'entries') return given
  const { add, remove: _, ...others } = given
  const told = (entry: unknown) => (isRecord(entry) ? { ...entry, value: undefined } : undefined)
  return { ...others, ...(Array.isArray(add) && { add: add.map(told) }) }
}
