import { createHash } from 'node:crypto'
import type { Detector } from '../detector/detector.ts'
import type { FeatureSet } from './feature-set.ts'
import type { HistoryField, HistoryPlan } from './history.ts'

/**
 * SHA-256, in hex, of what a detector's histories keep: histories may be restored for another detector of the same
 * fingerprint. Which features look at them, and by which names, doesn't count.
 */
export function historiesFingerprint({ transaction }: Detector, { layout, plan }: FeatureSet): string {
  const textColumn = (index: number) => layout.texts[index].column
  const sourceOf = (field: HistoryField) => {
    if (field.from === 'amount') {
      const { field: column, digits, currency, conversion } = transaction.amount ?? {}
      return ['amount', field.isExact, column, digits ?? null, currency ?? null, conversion ?? null]
    }
    return [field.from, field.from === 'text' ? textColumn(field.index) : layout.numbers[field.index].column]
  }
  const historyOf = ({ by, text, fields, windows, countsFrauds }: HistoryPlan) => ({
    by: by === null ? null : textColumn(text),
    fields: fields.map(sourceOf),
    // The order in which windows are declared makes no difference to what is kept.
    windows: windows.map(({ widthMs, delayMs }) => [widthMs, delayMs]).sort((a, b) => a[0] - b[0] || a[1] - b[1]),
    countsFrauds,
  })
  const kept = {
    histories: plan.histories.map(historyOf),
    eventsPerKey: plan.eventsPerKey,
    // Labels are kept with their ranks.
    ...(transaction.label.precedence && { precedence: transaction.label.precedence }),
    currency: plan.currency === undefined ? null : textColumn(plan.currency),
  }
  return createHash('sha256').update(JSON.stringify(kept)).digest('hex')
}
