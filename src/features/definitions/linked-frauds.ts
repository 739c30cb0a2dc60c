import { hashText } from '../../core/hash-text.ts'
import { z } from '../../core/zod.ts'
import { counts, defineKind } from '../feature.ts'
import { as, by, delay, of, over, overWindows } from '../windowed.ts'
import { counted, spoken } from '../words.ts'

/**
 * How many transactions of the window, of others that share the key, are known to be fraud by now: of other cards (`of`) from this
 * device (`by`). Its delay is the label's unless another is given.
 */
export const linkedFraudsKind = defineKind({
  kind: 'linkedFrauds',
  range: counts,
  parameters: z.strictObject({ of, by, over, delay, as }),
  declare: (given, scope) => {
    const own = scope.text(given.of)
    return overWindows(
      'linkedFrauds',
      { delay: scope.labelDelay, ...given },
      scope,
      (history, window) => {
        scope.countFrauds(history)
        const text = scope.keepTextOfFrauds(history, given.of)
        return (transaction, histories) => {
          const value = own(transaction)
          return histories[history].otherFrauds(window, text, value === undefined ? Number.NaN : hashText(value))
        }
      },
      (value, { key, within }) =>
        `${counted(value, 'payment')} of another ${spoken(given.of)} of ${key} ${within} ${value === 1 ? 'is' : 'are'} known to be fraud`,
    )
  },
})
