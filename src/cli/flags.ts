import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../core/duration.ts'
import { FraudError } from '../core/errors.ts'
import * as read from '../core/option-text.ts'
import { instantSchema } from '../decisioning/rule-definition.ts'

/** A reader as commander wants it: its message comes after the flag's name, and the exit code is 2. */
export function asFlag<Value>(reader: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return reader(text)
    } catch (error) {
      throw error instanceof FraudError ? new InvalidArgumentError(error.message) : error
    }
  }
}

export function wholeNumber(least: number, most?: number): (text: string) => number {
  return asFlag(read.wholeNumber(least, most))
}

export const notNegative = asFlag(read.notNegative)
export const share = asFlag(read.share)
export const shareOrOne = asFlag(read.shareOrOne)
export const positive = asFlag(read.positive)
export const { list } = read

export function wholeNumbers(text: string): readonly number[] {
  return read.list(text).map(wholeNumber(1))
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

/** A time with its offset, as milliseconds since 1970. */
export function instant(text: string): number {
  if (instantSchema.safeParse(text).success) return Date.parse(text)
  throw new InvalidArgumentError('write a time with its offset, such as 2026-03-01T00:00:00Z.')
}

/** Collects a flag that may be given more than once; a name may hold a comma. */
export function repeated(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text]
}
