import { hash } from 'node:crypto'
import type { Detector } from '../core/detector-schema.ts'
import type { FeatureSet } from './feature-set.ts'
import type { HistoryField } from './history.ts'

/** Changes with the form in which histories are saved. */
const form = 1

/**
 * Tells apart histories that keep different things: SHA-256, in hex, over the columns, windows and bounds of each. Features
 * that only look at the same histories in other ways don't change it.
 */
export function historiesFingerprint({ transaction }: Detector, { plan, layout }: FeatureSet): string {
  const { field: column, digits, conversion } = transaction.amount ?? {}
  const columnOf = (field: HistoryField) => {
    // Sums of cents are no sums of mills, nor of what another rate made of the same amounts.
    if (field.from === 'amount') return ['amount', column, digits ?? null, conversion ?? null]
    return [field.from, field.from === 'text' ? layout.texts[field.index].column : layout.numbers[field.index].column]
  }
  const histories = plan.histories.map(({ by, text, fields, windows, countsFrauds, spanMs }) => ({
    key: by === null ? null : layout.texts[text].column,
    fields: fields.map(columnOf),
    windows: windows.map(({ widthMs, delayMs }) => [widthMs, delayMs]),
    countsFrauds,
    spanMs,
  }))
  const currency = plan.currency === undefined ? null : layout.texts[plan.currency].column
  return hash('sha256', JSON.stringify({ form, eventsPerKey: plan.eventsPerKey, currency, histories }), 'hex')
}
