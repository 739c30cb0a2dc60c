import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Detector } from '../detector/detector.ts'
import type { FeatureSet } from './feature-set.ts'
import type { HistoryField, HistoryPlan, SourceOfField, StandingPlaces, Window } from './history.ts'

function isAsLong(one: Window, other: Window): boolean {
  return one.widthMs === other.widthMs && one.delayMs === other.delayMs
}

/**
 * SHA-256, in hex, of what a detector's histories keep: histories may be restored for another detector of the same
 * fingerprint. Which features look at them, and by which names, doesn't count.
 */
export function historiesFingerprint(detector: Detector, features: FeatureSet): string {
  return fingerprintOf(detector, features, tellSpan)
}

/** That and the one that earlier versions wrote, which told each window. */
export function servingFingerprints(detector: Detector, features: FeatureSet): readonly string[] {
  return [historiesFingerprint(detector, features), fingerprintOf(detector, features, tellWindows)]
}

function tellWindows({ windows }: HistoryPlan) {
  return {
    // The order in which windows are declared makes no difference to what is kept, nor does one that leaves itself out.
    windows: windows
      .filter((one, i) => i === windows.findIndex((other) => isAsLong(one, other)))
      .map(({ widthMs, delayMs }) => [widthMs, delayMs])
      .sort((a, b) => a[0] - b[0] || a[1] - b[1]),
  }
}

interface Compiled {
  readonly detector: Detector
  readonly features: FeatureSet
}

/**
 * Where the histories of one detector keep what those of another do, whose transactions are the same; undefined where what
 * holds for all of them differs. Each place is given once: two names of one column have a history each.
 */
export function standingPlaces(next: Compiled, standing: Compiled): StandingPlaces | undefined {
  const [wanted, there] = [next, standing].map(({ detector, features }) => keptOf(detector, features, tellSpan))
  const sharedOf = ({ histories: _, ...shared }: typeof wanted) => shared
  const [before, now] = [standing, next].map(({ detector }) => detector.transaction.amount)
  if (!isDeepStrictEqual([sharedOf(wanted), now], [sharedOf(there), before])) return undefined
  const printed = there.histories.map((history) => JSON.stringify(history))
  const given = new Set<number>()
  return wanted.histories.map((history) => {
    const print = JSON.stringify(history)
    const place = printed.findIndex((each, i) => each === print && !given.has(i))
    if (place < 0) return undefined
    given.add(place)
    return place
  })
}

// Windows look at what is kept, and the longest says how long.
function tellSpan({ spanMs }: HistoryPlan) {
  return { spanMs }
}

function fingerprintOf(...[detector, features, tell]: Parameters<typeof keptOf>): string {
  return createHash('sha256')
    .update(JSON.stringify(keptOf(detector, features, tell)))
    .digest('hex')
}

/** What a detector's histories keep, by the columns that it comes from. */
function keptOf({ transaction }: Detector, { layout, plan }: FeatureSet, tell: (plan: HistoryPlan) => object) {
  const textColumn = (index: number) => layout.texts[index].column
  const sourceOf = (field: SourceOfField) => {
    if (field.from === 'amount') {
      const { field: column, digits, currency, conversion } = transaction.amount ?? {}
      return ['amount', field.isExact, column, digits ?? null, currency ?? null, conversion ?? null]
    }
    return [field.from, field.from === 'text' ? textColumn(field.index) : layout.numbers[field.index].column]
  }
  const fieldOf = (field: HistoryField) => {
    // The same words may speak of other columns.
    if (field.from === 'condition') return ['condition', field.text, ...field.reads.map(sourceOf)]
    return field.from === 'first' ? ['first', field.field, field.widthMs] : sourceOf(field)
  }
  const historyOf = (history: HistoryPlan) => ({
    by: history.by === null ? null : textColumn(history.text),
    fields: history.fields.map(fieldOf),
    ...tell(history),
    countsFrauds: history.countsFrauds,
    ...(history.labelFields.length > 0 && { labelFields: history.labelFields.map(fieldOf) }),
  })
  return {
    histories: plan.histories.map(historyOf),
    eventsPerKey: plan.eventsPerKey,
    // Labels are kept with their ranks.
    ...(transaction.label.precedence && { precedence: transaction.label.precedence }),
    currency: plan.currency === undefined ? null : textColumn(plan.currency),
  }
}
