import { z } from '../../core/zod.ts'
import { atLeastZero, defineKind } from '../feature.ts'
import { as, by, delay, excludeSelf, of, over, overWindows } from '../windowed.ts'
import { showRatio, spoken } from '../words.ts'

/** How mixed a category is among the window's transactions that have one: Shannon's entropy in bits, 0 for a single value. */
export const entropyKind = defineKind({
  kind: 'entropy',
  range: atLeastZero,
  parameters: z.strictObject({ of, by, over, delay, excludeSelf, as }),
  declare: (given, scope) =>
    overWindows(
      'entropy',
      given,
      scope,
      (history, window) => {
        const field = scope.keepText(history, given.of)
        return (_, histories) => entropyOf(histories[history].values(window, field))
      },
      (value, { key, within }) =>
        `The ${spoken(given.of)} of payments of ${key} ${within} varies by ${showRatio(value)} bits`,
    ),
})

function entropyOf(values: Float64Array): number {
  const { length } = values
  if (length === 0) return Number.NaN
  values.sort()
  let bits = 0
  for (let from = 0, i = 1; i <= length; i++) {
    if (i < length && values[i] === values[from]) continue
    const share = (i - from) / length
    bits -= share * Math.log2(share)
    from = i
  }
  // Of one value alone it is -0.
  return bits + 0
}
