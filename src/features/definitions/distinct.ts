import { z } from '../../core/zod.ts'
import { counts, defineKind } from '../feature.ts'
import { as, by, delay, excludeSelf, of, over, overWindows } from '../windowed.ts'
import { counted, spoken } from '../words.ts'

/** How many different values of a key or field the window has; missing ones are none. */
export const distinctKind = defineKind({
  kind: 'distinct',
  range: counts,
  parameters: z.strictObject({ of, by, over, delay, excludeSelf, as }),
  declare: (given, scope) =>
    overWindows(
      'distinct',
      given,
      scope,
      (history, window) => {
        const field = scope.keepText(history, given.of)
        return (_, histories) => countDistinct(histories[history].values(window, field))
      },
      (value, { key, within }) =>
        `Payments of ${key} with ${counted(value, `different ${spoken(given.of)}`)} ${within}`,
    ),
})

function countDistinct(values: Float64Array): number {
  values.sort()
  let distinct = 0
  for (let i = 0; i < values.length; i++) if (i === 0 || values[i] !== values[i - 1]) distinct++
  return distinct
}
