import { FraudError } from './errors.ts'

/** The number that a text writes in decimal digits, with or without an exponent; NaN of any other text, such as 0x10. */
export function readNumber(text: string): number {
  return /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/i.test(text) ? Number(text) : Number.NaN
}

/** Readers of an option's text, as it is typed after a flag; each throws OPTION_INVALID with what it must be. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = readNumber(text)
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value
    const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} up` : `from ${least} to ${most}`
    throw refused(`a whole number ${range}`)
  }
}

export function notNegative(text: string): number {
  const value = readNumber(text)
  if (Number.isFinite(value) && value >= 0) return value
  throw refused('a number from 0 up')
}

/** A number strictly between 0 and 1. */
export function share(text: string): number {
  const value = readNumber(text)
  if (value > 0 && value < 1) return value
  throw refused('a number between 0 and 1')
}

export function shareOrOne(text: string): number {
  return readNumber(text) === 1 ? 1 : share(text)
}

/** A number from 0 up to, but not, 1. */
export function shareOrNone(text: string): number {
  return readNumber(text) === 0 ? 0 : share(text)
}

export function positive(text: string): number {
  const value = notNegative(text)
  if (value > 0) return value
  throw refused('a number above 0')
}

/** FEATURE=1 or FEATURE=-1, separated by commas. */
export function directions(text: string): Readonly<Record<string, number>> {
  const pairs = list(text).map((part): [string, number] => {
    const found = /^(.+)=(1|-1|0)$/.exec(part)
    if (found !== null) return [found[1], Number(found[2])]
    throw refused('FEATURE=1 or FEATURE=-1')
  })
  return Object.fromEntries(pairs)
}

export function list(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

export function refused(wanted: string): FraudError {
  return new FraudError('OPTION_INVALID', `It must be ${wanted}.`)
}
