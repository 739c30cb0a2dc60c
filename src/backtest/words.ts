import { showShare } from '../evaluation/supported-digits.ts'
import { formatPercent } from '../pages/format.ts'
import type { Focus } from './counter.ts'
import type { Share } from './shares.ts'
import type { ValueFigures } from './value-figures.ts'

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

/** With all decimals of a currency, of which some have four; an estimate, which has any number of them, with two. */
export function tellMoney(amount: number): string {
  const hasFewDigits = Number(amount.toFixed(4)) === amount
  return amount.toLocaleString('en', { maximumFractionDigits: hasFewDigits ? 4 : 2 })
}

/** Of what is known least and most. */
export function tellBetween(least: number, most: number): string {
  return least === most ? tellMoney(least) : `between ${tellMoney(least)} and ${tellMoney(most)}`
}

/** What is caught: the estimate of a control group, where there is one, else between what bounds. */
export function tellCaught({ caught, caughtAtMost, caughtEstimate }: ValueFigures): string {
  if (caughtEstimate === null) return tellBetween(caught, caughtAtMost)
  const { value, lower, upper } = caughtEstimate
  return `about ${tellMoney(value)} (${tellMoney(lower)} to ${tellMoney(upper)})`
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
