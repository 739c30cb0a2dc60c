import { FraudError } from '../../core/errors.ts'
import { option } from '../../core/option.ts'
import type { ProtocolRows } from '../protocols/fold.ts'
import type { PrequentialPeriods } from '../protocols/prequential.ts'

/** What of a plan was asked for; the rest follows from how far the data reach. */
export interface AskedFolds {
  readonly trainMs?: number
  readonly delayMs?: number
  readonly testMs?: number
  readonly folds: number
  readonly removesKnown: boolean
}

/**
 * Folds that use the whole of the rows' time: half of what labels leave for training, the other half for the tests. Where
 * nobody says how late labels are, it is the median of legitimate ones.
 */
export function planFolds(rows: ProtocolRows, { folds, removesKnown, ...asked }: AskedFolds): PrequentialPeriods {
  const { times } = rows
  const extentMs = times[times.length - 1] + 1 - times[0]
  const delayMs = asked.delayMs ?? usualDelay(rows)
  const leftMs = extentMs - delayMs
  const testMs = asked.testMs ?? roundSpan((leftMs - (asked.trainMs ?? leftMs / 2)) / folds)
  const trainMs = asked.trainMs ?? roundSpan(leftMs - testMs * folds)
  if (trainMs > 0 && testMs > 0) return { trainMs, delayMs, testMs, folds, removesKnown }
  throw new FraudError(
    'OPTION_INVALID',
    `No ${folds} folds fit: the rows to search on cover ${showSpan(extentMs)}, labels are known ${showSpan(delayMs)} later, ` +
      `and the rest is for ${option('train')} and ${option('test')}. Give more data, begin the test later ` +
      `(${option('testShare')}, ${option('testFrom')}), or ask for less with ${option('train')}, ${option('test')}, ` +
      `${option('folds')} or ${option('delay')}`,
  )
}

function usualDelay({ times, labels, knownAt }: ProtocolRows): number {
  if (knownAt === undefined) return 0
  const delays = knownAt.map((known, row) => known - times[row]).filter((_, row) => labels[row] === 0)
  return delays.sort()[delays.length >>> 1] ?? 0
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** Down to whole days, hours, minutes or seconds, whichever are at least three. */
function roundSpan(spanMs: number): number {
  const [, unit] = units.find(([, ms]) => spanMs >= 3 * ms) ?? ['ms', 1]
  return Math.max(0, Math.floor(spanMs / unit) * unit)
}

/** A length of time with its unit, as flags take it. */
export function showSpan(spanMs: number): string {
  if (spanMs === 0) return '0s'
  const [name, unit] = units.find(([, ms]) => spanMs >= ms && spanMs % ms === 0) ?? ['ms', 1]
  if (name === 'ms' && spanMs > 86_400_000) return `${Math.round(spanMs / 8_640_000) / 10} days`
  return `${spanMs / unit}${name}`
}
