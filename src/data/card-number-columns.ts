import { holdsCardNumber } from '../core/card-number.ts'
import type { Column } from './table.ts'

const fewestDigits = 13
/** One in ten random numbers passes the Luhn check; that they begin with a range in use may be no chance at all. */
const chance = 0.1
const leastShare = 0.2
/** How improbable so many card numbers by chance have to be. */
const mostProbable = 1e-4

export interface CardNumberShare {
  /** Distinct values of a column that have digits enough for a card number. */
  readonly candidates: number
  readonly found: number
}

/**
 * How many of a column's values are card numbers, where far more are than chance makes of all-digit references: a fifth
 * of the distinct values that have 13 digits or more, and so many that random ones would be once in ten thousand
 * columns (Chernoff's bound), which takes four where all are. Undefined for any other column.
 */
export function cardNumberShare(column: Column): CardNumberShare | undefined {
  const texts = column.kind === 'text' ? column.dictionary : distinctWholeNumbers(column)
  let candidates = 0
  let found = 0
  for (const text of texts) {
    if (!hasDigitsEnough(text)) continue
    candidates++
    // Whole groups of digits are checked: within 24 there is a number by chance every second time.
    if (holdsCardNumber(text, 'id')) found++
  }
  const share = found / candidates
  if (!(share >= leastShare)) return undefined
  const rest = share === 1 ? 0 : (1 - share) * Math.log((1 - share) / (1 - chance))
  const divergence = share * Math.log(share / chance) + rest
  // Four of four are improbable enough to the last bit.
  return candidates * divergence >= -Math.log(mostProbable) - 1e-9 ? { candidates, found } : undefined
}

function hasDigitsEnough(text: string): boolean {
  if (text.length < fewestDigits) return false
  let digits = 0
  // Digits of other scripts count for what they may be; the check itself looks closer.
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if ((unit >= 48 && unit <= 57) || unit > 127) digits++
  }
  return digits >= fewestDigits
}

function distinctWholeNumbers({ kind, values }: Exclude<Column, { kind: 'text' }>): Iterable<string> {
  const found = new Set<number>()
  if (kind === 'time') return []
  for (const value of values) if (value >= 1e12 && value < 1e19 && Number.isInteger(value)) found.add(value)
  return found.values().map(String)
}
