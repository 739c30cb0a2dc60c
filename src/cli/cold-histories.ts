import { FraudError } from '../core/errors.ts'
import { showSpan } from '../evaluation/tuning/search-folds.ts'
import type { HistoriesPlan } from '../features/history.ts'

/** Earlier rows feed histories, and without any nobody would notice that they were not looked at. */
export function refuseIdleHistory(history: string | undefined, { histories }: HistoriesPlan): void {
  if (history !== undefined && histories.length === 0)
    throw new FraudError('OPTION_INVALID', "--history: none of the bundle's features looks at histories")
}

/** Warns of rows whose windows reach back to before the file's first row: a service would know more of their past. */
export function tellCold(
  times: Float64Array,
  firstMs: number,
  { histories }: HistoriesPlan,
  history: string | undefined,
): string | undefined {
  const spanMs = Math.max(0, ...histories.map((each) => each.spanMs))
  if (spanMs === 0 || history !== undefined) return undefined
  const cold = times.reduce((count, time) => count + (time < firstMs + spanMs ? 1 : 0), 0)
  if (cold === 0) return undefined
  const which =
    times.length === 1
      ? 'the row lies'
      : `${cold.toLocaleString('en')} of ${times.length.toLocaleString('en')} rows lie`
  return (
    `Histories are cold: ${which} within ${showSpan(spanMs)} of the file's first row, ` +
    'so the longest window of the features reaches back to before the file. Bring the rows before it with --history FILE'
  )
}
