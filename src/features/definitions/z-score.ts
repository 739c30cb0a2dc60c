import { z } from '../../core/zod.ts'
import { defineKind } from '../feature.ts'
import { mean, standardDeviation } from '../summaries.ts'
import { as, by, delay, excludeSelf, of, over, overWindows, quotient } from '../windowed.ts'
import { showRatio, spoken } from '../words.ts'

/** How many standard deviations of the window the transaction's own number lies above its mean. */
export const zScoreKind = defineKind({
  kind: 'zScore',
  parameters: z.strictObject({ of, by, over, delay, excludeSelf, as }),
  declare: (given, scope) => {
    const own = scope.number(given.of)
    const show = scope.shower(given.of)
    return overWindows(
      'zScore',
      given,
      scope,
      (history, window) => {
        const { field, unit } = scope.keepNumber(history, given.of)
        return (transaction, histories) => {
          const past = histories[history]
          const distance = own(transaction) - mean(past, window, field, unit)
          return quotient(distance, standardDeviation(past, window, field, unit))
        }
      },
      (value, { key, within }, transaction) => {
        const what = transaction === undefined ? `The ${spoken(given.of)}` : show(own(transaction), transaction)
        const side = value < 0 ? 'below' : 'above'
        return `${what} is ${showRatio(Math.abs(value))} standard deviations ${side} the average ${spoken(given.of)} of ${key} ${within}`
      },
    )
  },
})
