import { sayDuration } from '../../core/duration.ts'
import { z } from '../../core/zod.ts'
import { atLeastZero, defineKind } from '../feature.ts'
import { as, by, delay, over, overWindows } from '../windowed.ts'
import { counted } from '../words.ts'

/**
 * The run of transactions of the window, one behind the other and all known to be fraud by now, that ends at the last one known:
 * how many they are, or how many seconds ago it began. Its delay is the label's unless another is given.
 */
export const fraudRunKind = defineKind({
  kind: 'fraudRun',
  range: atLeastZero,
  parameters: z.strictObject({
    by,
    over,
    what: z.enum(['length', 'age'], { error: 'write length (of the run) or age (since it began)' }),
    delay,
    as,
  }),
  declare: (given, scope) => {
    const isLength = given.what === 'length'
    return overWindows(
      isLength ? 'fraudRunLength' : 'fraudRunAge',
      { delay: scope.labelDelay, ...given },
      scope,
      (history, window) => {
        scope.countFrauds(history)
        if (isLength) return (_, histories) => histories[history].fraudRun(window)
        return ({ timestampMs }, histories) => (timestampMs - histories[history].fraudRunStart(window)) / 1000
      },
      (value, { key, within }) =>
        isLength
          ? `${counted(value, 'payment')} of ${key} ${within}, one after the other, ${value === 1 ? 'is' : 'are'} known to be fraud`
          : `${sayDuration(1000 * value)} since known fraud of ${key} ${within} began that nothing interrupted`,
      undefined,
      ({ key, within }) => `No payment of ${key} ${within} is known to be fraud`,
    )
  },
})
