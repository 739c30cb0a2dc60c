import { z } from '../../core/zod.ts'
import { defineKind, share } from '../feature.ts'
import { UnknownName } from '../scope.ts'
import { as, delay, of, over, overWindows } from '../windowed.ts'
import { showShare } from '../words.ts'

/** So many transactions at the training period's rate every value is taken to have had beside its own. */
const defaultWeight = 100

/**
 * How risky a value is by what was known of it: the window's rate of fraud, shrunk to the rate of the training period the more, the
 * fewer transactions there are. Its delay is the label's unless another is given, so no transaction's own label is in it.
 */
export const riskOfKind = defineKind({
  kind: 'riskOf',
  range: share,
  parameters: z.strictObject({
    of,
    over,
    weight: z.number().positive('must be more than 0').optional(),
    prior: z.number().min(0).max(1).optional(),
    delay,
    as,
  }),
  declare: ({ of, weight = defaultWeight, prior, ...given }, scope) => {
    if (prior === undefined) {
      throw new UnknownName(
        'prior',
        'the training period’s rate of fraud is not known: train finds it, and the bundle has it; elsewhere write prior: 0.01, say',
      )
    }
    return overWindows(
      'riskOf',
      { delay: scope.labelDelay, by: of, ...given },
      scope,
      (history, window) => {
        scope.countFrauds(history)
        return (_, histories) => {
          const count = histories[history].count(window)
          // As in a rate: past the events that a key keeps, labels are finer than buckets.
          const frauds = Math.min(count, histories[history].fraudCount(window))
          return prior + (frauds - prior * count) / (count + weight)
        }
      },
      (value, { key, within }) =>
        `${showShare(value)} of the payments of ${key} ${within} are fraud, shrunk to the usual`,
    )
  },
})
