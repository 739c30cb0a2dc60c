import { createHash } from 'node:crypto'
import type { Detector } from '../detector/detector.ts'
import type { FeatureSet } from './feature-set.ts'
import type { HistoryField, HistoryPlan, SourceOfField, Window } from './history.ts'

function isAsLong(one: Window, other: Window): boolean {
  return one.widthMs === other.widthMs && one.delayMs === other.delayMs
}

/**
 * SHA-256, in hex, of what a detector's histories keep: histories may be restored for another detector of the same
 * fingerprint. Which features look at them, and by which names, doesn't count.
 */
export function historiesFingerprint({ transaction }: Detector, { layout, plan }: FeatureSet): string {
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
  const historyOf = ({ by, text, fields, windows, countsFrauds, labelFields }: HistoryPlan) => ({
    by: by === null ? null : textColumn(text),
    fields: fields.map(fieldOf),
    // The order in which windows are declared makes no difference to what is kept, nor does one that leaves itself out.
    windows: windows
      .filter((one, i) => i === windows.findIndex((other) => isAsLong(one, other)))
      .map(({ widthMs, delayMs }) => [widthMs, delayMs])
      .sort((a, b) => a[0] - b[0] || a[1] - b[1]),
    countsFrauds,
    ...(labelFields.length > 0 && { labelFields: labelFields.map(fieldOf) }),
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
