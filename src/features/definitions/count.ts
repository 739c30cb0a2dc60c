import { z } from '../../core/zod.ts'
import { counts, defineKind } from '../feature.ts'
import { as, by, delay, excludeSelf, over, overWindows, where } from '../windowed.ts'
import { counted } from '../words.ts'

/** How many transactions the key made in the window (with a condition), this one included unless it is delayed or left out. */
export const countKind = defineKind({
  kind: 'count',
  range: counts,
  parameters: z.strictObject({ by, over, delay, excludeSelf, where, as }),
  declare: (given, scope) =>
    overWindows(
      'count',
      given,
      scope,
      (history, window) => {
        if (given.where === undefined) return (_, histories) => histories[history].count(window)
        const condition = scope.keepCondition(history, given.where)
        return (_, histories) => histories[history].sum(window, condition)
      },
      (value, { key, within }) => `${counted(value, 'payment')} of ${key} ${within}`,
    ),
})
