import { InvalidArgumentError } from 'commander'
import { type Learner, learners } from '../core/detector-schema.ts'
import { parseDuration } from '../core/duration.ts'

/** Parsers of flags' values: commander prints their message after the flag's name and ends with exit code 2. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least && value <= most) return value
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} up` : `from ${least} to ${most}`
    throw new InvalidArgumentError(`It must be a whole number ${range}.`)
  }
}

export function notNegative(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value
  throw new InvalidArgumentError('It must be a number from 0 up.')
}

/** A number strictly between 0 and 1. */
export function share(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && value < 1) return value
  throw new InvalidArgumentError('It must be a number between 0 and 1.')
}

export function shareOrOne(text: string): number {
  return Number(text) === 1 ? 1 : share(text)
}

/** A number from 0 up to, but not, 1. */
export function shareOrNone(text: string): number {
  return Number(text) === 0 && text.trim() !== '' ? 0 : share(text)
}

export function positive(text: string): number {
  const value = notNegative(text)
  if (value > 0) return value
  throw new InvalidArgumentError('It must be a number above 0.')
}

export function wholeNumbers(text: string): readonly number[] {
  return list(text).map(wholeNumber(1))
}

export function learnerNames(text: string): readonly Learner[] {
  return list(text).map((name) => {
    const known = learners.find((learner) => learner === name)
    if (known !== undefined) return known
    throw new InvalidArgumentError(`The learners are ${learners.join(', ')}.`)
  })
}

/** FEATURE=1 or FEATURE=-1, with commas between. */
export function directions(text: string): Readonly<Record<string, number>> {
  const pairs = list(text).map((part): [string, number] => {
    const found = /^(.+)=(1|-1|0)$/.exec(part)
    if (found !== null) return [found[1], Number(found[2])]
    throw new InvalidArgumentError('It must be FEATURE=1 or FEATURE=-1.')
  })
  return Object.fromEntries(pairs)
}

export function list(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** A whole number or "none"; commander takes null for a flag without a value. */
export function depth(text: string): number | 'none' {
  return text === 'none' ? text : wholeNumber(1)(text)
}

export function maxFeatures(text: string): number | 'sqrt' | 'log2' | 'all' {
  if (text === 'sqrt' || text === 'log2' || text === 'all') return text
  try {
    return wholeNumber(1)(text)
  } catch {
    throw new InvalidArgumentError('It must be sqrt, log2, all or a whole number from 1 up.')
  }
}

export function oversampling(text: string): number | 'none' {
  return text === 'none' ? text : shareOrOne(text)
}

export function amountOrNumber(text: string): number | 'amount' {
  return text === 'amount' ? 'amount' : notNegative(text)
}

/** A length of time with its unit, as milliseconds. */
export function duration(text: string): number {
  const parsed = parseDuration(text)
  if (typeof parsed === 'number') return parsed
  throw new InvalidArgumentError(`${parsed}.`)
}

/** Collects a flag that may be given more than once; a name may hold a comma. */
export function repeated(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}
