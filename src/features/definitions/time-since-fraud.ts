import { sayDuration } from '../../core/duration.ts'
import { z } from '../../core/zod.ts'
import { atLeastZero, defineKind } from '../feature.ts'
import { as, by, delay, over, overWindows } from '../windowed.ts'

/**
 * Seconds since the last (or the first) transaction of the window that is known to be fraud by now; unknown where there is none.
 * Its delay is the label's unless another is given.
 */
export const timeSinceFraudKind = defineKind({
  kind: 'timeSinceFraud',
  range: atLeastZero,
  parameters: z.strictObject({ by, over, which: z.enum(['last', 'first']).optional(), delay, as }),
  declare: (given, scope) => {
    const { which = 'last' } = given
    return overWindows(
      which === 'last' ? 'timeSinceFraud' : 'timeSinceFirstFraud',
      { delay: scope.labelDelay, ...given },
      scope,
      (history, window) => {
        scope.countFrauds(history)
        return ({ timestampMs }, histories) => (timestampMs - histories[history].fraudTime(window, which)) / 1000
      },
      (seconds, { key, within }) =>
        `${sayDuration(1000 * seconds)} since the ${which} payment of ${key} ${within} that is known to be fraud`,
      undefined,
      ({ key, within }) => `No payment of ${key} ${within} is known to be fraud`,
    )
  },
})
