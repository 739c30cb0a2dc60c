import { hashText } from '../../core/hash-text.ts'
import { z } from '../../core/zod.ts'
import { defineKind, share } from '../feature.ts'
import { as, by, delay, excludeSelf, of, over, overWindows, quotient } from '../windowed.ts'
import { placed, showShare, spoken } from '../words.ts'

/** The share of a category among the window's transactions that have one: of this transaction's own, or of a listed one. */
export const shareKind = defineKind({
  kind: 'share',
  range: share,
  parameters: z.strictObject({ of, value: z.string().min(1).optional(), by, over, delay, excludeSelf, as }),
  declare: (given, scope) => {
    const own = scope.text(given.of)
    // Transactions' texts come without blanks around them.
    const listed = given.value === undefined ? undefined : hashText(given.value.trim())
    const which = given.value === undefined ? placed(given.of) : `with the ${spoken(given.of)} ${given.value}`
    return overWindows(
      given.value === undefined ? 'share' : `share ${given.value}`,
      given,
      scope,
      (history, window) => {
        const field = scope.keepText(history, given.of)
        return (transaction, histories) => {
          const text = listed === undefined ? own(transaction) : undefined
          const wanted = listed ?? (text === undefined ? Number.NaN : hashText(text))
          if (Number.isNaN(wanted)) return Number.NaN
          const values = histories[history].values(window, field)
          let same = 0
          for (const value of values) if (value === wanted) same++
          return quotient(same, values.length)
        }
      },
      (value, { key, within }) => `${showShare(value)} of the payments of ${key} ${within} are ${which}`,
      undefined,
      ({ key, within }) => `The ${spoken(given.of)} of this payment, or of any of ${key} ${within}, is not known`,
    )
  },
})
