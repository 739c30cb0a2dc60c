import { z } from '../../core/zod.ts'
import { defineKind, share } from '../feature.ts'
import { as, by, delay, over, overWindows, where } from '../windowed.ts'
import { showShare } from '../words.ts'

/** The share of the window's transactions that is known to be fraud by now; 0 where there are none. */
export const fraudRateKind = defineKind({
  kind: 'fraudRate',
  range: share,
  parameters: z.strictObject({ by, over, delay, where, as }),
  declare: (given, scope) =>
    overWindows(
      'fraudRate',
      { delay: scope.labelDelay, ...given },
      scope,
      (history, window) => {
        scope.countFrauds(history)
        const all = given.where === undefined ? -1 : scope.keepCondition(history, given.where)
        const frauds = given.where === undefined ? -1 : scope.keepConditionOfFrauds(history, given.where)
        return (_, histories) => {
          const past = histories[history]
          const count = all < 0 ? past.count(window) : past.sum(window, all)
          // Past the events that a key keeps, labels are finer than the buckets that transactions are counted in.
          return count === 0 ? 0 : Math.min(1, past.fraudCount(window, frauds) / count)
        }
      },
      (value, { key, within }) => `${showShare(value)} of the payments of ${key} ${within} are known to be fraud`,
    ),
})
