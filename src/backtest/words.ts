import { showShare } from '../evaluation/supported-digits.ts'
import type { Share } from './shares.ts'

/** A share for people: `12.3 % (10.1 to 14.9)`, or bounds alone. */
export function tellShare({ value, lower, upper, basis }: Share): string {
  if (basis === 'nothing') return 'not known'
  const shown = showShare({ value: value ?? (lower + upper) / 2, lower, upper })
  if (value === null) return `between ${shown.lower} and ${shown.upper} %`
  const how = basis === 'control-group' ? ', by the control group' : ''
  return `${shown.value} % (${shown.lower} to ${shown.upper}${how})`
}

export function tellCount(count: number, singular: string): string {
  return `${count.toLocaleString('en')} ${singular}${count === 1 ? '' : 's'}`
}

export function tellMoney(amount: number): string {
  return amount.toLocaleString('en', { maximumFractionDigits: 2 })
}

/** What each side is called. */
export const sideWords = {
  happened: 'what happened',
  inForce: 'in force',
  tested: 'tested',
  compared: 'compared',
} as const
