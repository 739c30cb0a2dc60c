import { z } from '../../core/zod.ts'
import { counts, defineKind } from '../feature.ts'
import { as, by, delay, over, overWindows } from '../windowed.ts'
import { counted } from '../words.ts'

/** How many transactions the key made in the window, this one included unless it is delayed. */
export const countKind = defineKind({
  kind: 'count',
  range: counts,
  parameters: z.strictObject({ by, over, delay, as }),
  declare: (given, scope) =>
    overWindows(
      'count',
      given,
      scope,
      (history, window) => (_, histories) => histories[history].count(window),
      (value, { key, within }) => `${counted(value, 'payment')} of ${key} ${within}`,
    ),
})
