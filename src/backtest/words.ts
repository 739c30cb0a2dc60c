import { showShare } from '../evaluation/supported-digits.ts'
import { formatPercent } from '../pages/format.ts'
import type { Focus } from './counter.ts'
import type { Share } from './shares.ts'

/** A share for people: `12.3 % (10.1 to 14.9)`, or bounds alone. */
export function tellShare({ value, lower, upper, basis }: Share): string {
  if (basis === 'nothing') return 'not known'
  if (value === null) return `between ${formatPercent(lower)} and ${formatPercent(upper)}`
  const shown = showShare({ value, lower, upper })
  const how = basis === 'control-group' ? ', by the control group' : ''
  return `${shown.value}% (${shown.lower} to ${shown.upper}${how})`
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

/** What the figures are about. */
export function focusWords(focus: Focus): string {
  if (focus.kind === 'stopped') return 'not approved'
  return focus.kind === 'rule' ? `rule ${focus.id}` : `list ${focus.name}`
}
