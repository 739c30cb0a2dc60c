import { z } from '../../core/zod.ts'
import { counts, defineKind } from '../feature.ts'
import { as, by, delay, over, overWindows, where } from '../windowed.ts'
import { counted } from '../words.ts'

/** How many transactions of the window are known to be fraud by now. Its delay is the label's unless another is given. */
export const fraudCountKind = defineKind({
  kind: 'fraudCount',
  range: counts,
  parameters: z.strictObject({ by, over, delay, where, as }),
  declare: (given, scope) =>
    overWindows(
      'fraudCount',
      { delay: scope.labelDelay, ...given },
      scope,
      (history, window) => {
        scope.countFrauds(history)
        if (given.where === undefined) return (_, histories) => histories[history].fraudCount(window)
        const condition = scope.keepConditionOfFrauds(history, given.where)
        return (_, histories) => histories[history].fraudCount(window, condition)
      },
      (value, { key, within }) =>
        `${counted(value, 'payment')} of ${key} ${within} ${value === 1 ? 'is' : 'are'} known to be fraud`,
    ),
})
