import type { Interval } from './evaluation.ts'

/** A figure with its 95 % interval. */
export interface Estimate extends Interval {
  readonly value: number
}

const mostDecimals = 9

/**
 * The one rule of how a figure in a headline is rounded. Its last digit is worth a power of ten, the largest that is at
 * most as wide as the shorter side of the interval: to round moves it by less than a quarter of the whole width, and a
 * further digit would be chance. Negative decimals are tens and hundreds. What is neither none nor all never reads as it.
 *
 * @param ends values that only a figure that has them may show.
 */
export function supportedDecimals({ value, lower, upper }: Estimate, ends: readonly number[] = [0]): number {
  const shorter = Math.min(value - lower, upper - value)
  // Where the figure is an end itself the other side is the whole interval.
  const side = shorter > 0 ? shorter : (upper - lower) / 2
  let decimals = side > 0 && side < Infinity ? -Math.floor(Math.log10(side)) : 3
  const readsAsEnd = () => ends.some((end) => value !== end && roundTo(value, decimals) === end)
  while (decimals < mostDecimals && readsAsEnd()) decimals++
  return Math.min(decimals, mostDecimals)
}

/** Rounds to a number of decimals; a half goes away from zero. */
function roundTo(value: number, decimals: number): number {
  const unit = 10 ** Math.abs(decimals)
  const scaled = decimals >= 0 ? Math.abs(value) * unit : Math.abs(value) / unit
  const rounded = decimals >= 0 ? Math.round(scaled) / unit : Math.round(scaled) * unit
  return value < 0 ? -rounded : rounded
}

/** A figure and the ends of its interval as people read them, all three with the same last digit. */
export interface ShownEstimate {
  readonly value: string
  readonly lower: string
  readonly upper: string
}

/** A number of things, or an amount; an amount shows no more decimals than its currency has. */
export function showEstimate(estimate: Estimate, most = mostDecimals): ShownEstimate {
  return showWith(estimate, Math.min(most, supportedDecimals(estimate)))
}

/** A share of 0 to 1, of a hundred. */
export function showShare({ value, lower, upper }: Estimate): ShownEstimate {
  const ofHundred = { value: 100 * value, lower: 100 * lower, upper: 100 * upper }
  return showWith(ofHundred, supportedDecimals(ofHundred, [0, 100]))
}

function showWith({ value, lower, upper }: Estimate, decimals: number): ShownEstimate {
  const digits = Math.max(0, decimals)
  const show = (number: number) =>
    Number.isNaN(number)
      ? '–'
      : roundTo(number, decimals).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return { value: show(value), lower: show(lower), upper: show(upper) }
}
