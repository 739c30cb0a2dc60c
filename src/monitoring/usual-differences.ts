import { psiOf, sharesOf } from './divergence.ts'
import { comparedOf, type Group, groupNumbers, groupTexts } from './group-counts.ts'
import { shiftOf } from './shift.ts'
import { addSamples, type Sample } from './window-counts.ts'

/** What differences of days are usual. */
export interface Usual {
  /** How many times as much shares vary as those of rows that come one by one. */
  readonly spread: number
  /** In standard deviations. */
  readonly shift: number
}

/** Days whose differences are not known, of rows of which nothing else is, either. */
export const ofRows: Usual = { spread: 2, shift: 0 }

/** What is usual is known from so many days on. */
const leastDays = 6
/** Days that are looked at of the past. */
export const usualDays = 28

type Texts = readonly string[] | undefined

/**
 * How much days differ from the same weekdays before: the customers of a day come several times, large shops have their ups
 * and downs, and days a character. What nine in ten days of the last weeks stayed within; undefined while there are too few.
 *
 * @param days the newest first, which is what is compared, so that it does not say what is usual.
 */
export function usualOfPast(days: readonly (Sample | undefined)[], weeks: number, texts: Texts): Usual | undefined {
  const pairs: (readonly [Sample, Sample])[] = []
  for (let day = 1; day + 7 < days.length && day <= usualDays; day++) {
    const reach = Math.min(weeks, Math.floor((days.length - 1 - day) / 7))
    const reference = addSamples(Array.from({ length: reach }, (_, week) => days[day + 7 * (week + 1)]))
    const current = days[day]
    if (reference !== undefined && current !== undefined) pairs.push([reference, current])
  }
  return usualOf(pairs, texts)
}

/** What nine in ten pairs of a reference and a day stay within; undefined where there are too few. */
export function usualOf(pairs: readonly (readonly [Sample, Sample])[], texts: Texts): Usual | undefined {
  if (pairs.length < leastDays) return undefined
  const spread = mostOf(pairs.map(([reference, current]) => excess(reference, current, texts)))
  const shift = texts === undefined ? mostOf(pairs.map(([{ counts }, current]) => shiftOf(counts, current.counts))) : 0
  return { spread: Math.max(1, spread), shift }
}

export function larger(one: Usual | undefined, other: Usual | undefined): Usual | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return { spread: Math.max(one.spread, other.spread), shift: Math.max(one.shift, other.shift) }
}

function mostOf(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(0.9 * values.length)]
}

/** How far two samples are apart, over what one in ten pairs of samples of the same source exceeds. */
function excess(reference: Sample, current: Sample, texts: Texts): number {
  const groups = groupsOf(reference, current, texts)
  const freedom = groups.length - 1
  if (freedom === 0) return 0
  const { reference: before, current: now } = comparedOf(groups)
  const unit = 1 / reference.rows + 1 / current.rows
  // The quantile of a chi-squared variable (Wilson and Hilferty, PNAS 17, 1931).
  const ninth = 2 / (9 * freedom)
  const tenth = freedom * (1 - ninth + 1.2815515655446004 * Math.sqrt(ninth)) ** 3
  return psiOf(sharesOf(before), sharesOf(now)) / unit / tenth
}

export function groupsOf(reference: Sample, current: Sample, texts: Texts): readonly Group[] {
  return texts === undefined ? groupNumbers(reference, current) : groupTexts(reference, current, texts)
}
