import { hashText } from '../../core/hash-text.ts'
import { z } from '../../core/zod.ts'
import { defineKind, flag } from '../feature.ts'
import { overPast, pastParameters } from '../past.ts'
import { of } from '../windowed.ts'
import { placed, spoken } from '../words.ts'

/** 1 where the key was not seen with this value before: this card at this terminal, say. */
export const firstSeenKind = defineKind({
  kind: 'firstSeen',
  range: flag,
  parameters: z.strictObject({ of, ...pastParameters }),
  declare: (given, scope) => {
    const own = scope.text(given.of)
    const key = scope.text(given.by)
    return overPast(
      'firstSeen',
      given,
      scope,
      (history, window) => {
        const field = scope.keepText(history, given.of)
        return (transaction, histories) => {
          const value = own(transaction)
          if (value === undefined || key(transaction) === undefined) return Number.NaN
          return histories[history].has(window, field, hashText(value)) ? 0 : 1
        }
      },
      (value, { key, within }) =>
        value === 1
          ? `First payment of ${key} ${placed(given.of)} ${within}`
          : `Earlier payments of ${key} ${placed(given.of)} ${within} are known`,
      () => `The payment names no ${spoken(given.of)}`,
    )
  },
})
