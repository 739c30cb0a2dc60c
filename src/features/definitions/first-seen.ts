import { z } from 'zod'
import { hashText } from '../../core/hash-text.ts'
import { defineKind } from '../feature.ts'
import { overPast, pastParameters } from '../past.ts'
import { of } from '../windowed.ts'

/** 1 where the key was not seen with this value before: this card at this terminal, say. */
export const firstSeenKind = defineKind({
  kind: 'firstSeen',
  parameters: z.strictObject({ of, ...pastParameters }),
  declare: (given, scope) => {
    const own = scope.text(given.of)
    const key = scope.text(given.by)
    return overPast('firstSeen', given, scope, (history, window) => {
      const field = scope.keepText(history, given.of)
      return (transaction, histories) => {
        const value = own(transaction)
        if (value === undefined || key(transaction) === undefined) return Number.NaN
        return histories[history].has(window, field, hashText(value)) ? 0 : 1
      }
    })
  },
})
