import { z } from '../../core/zod.ts'
import { durationSchema } from '../../detector/duration-schema.ts'
import { counts, defineKind } from '../feature.ts'
import { as, by, delay, excludeSelf, of, over, overWindows } from '../windowed.ts'
import { counted, spoken } from '../words.ts'

/** How long ago two that come together again count as new to each other, where it is not said. */
const defaultMemory = '30d'

/**
 * How many transactions of the window brought the key together with a value that it did not have within `memory` before, by what
 * was known when each of them came: cards that are new to this device, say.
 */
export const newPairsKind = defineKind({
  kind: 'newPairs',
  range: counts,
  parameters: z.strictObject({ of, by, over, memory: durationSchema.optional(), delay, excludeSelf, as }),
  declare: (given, scope) => {
    const { memory = defaultMemory } = given
    return overWindows(
      'newPairs',
      given,
      scope,
      (history, window) => {
        // So far back events have to be kept.
        scope.window(history, memory)
        const first = scope.keepFirst(history, given.of, memory)
        return (_, histories) => histories[history].sum(window, first)
      },
      (value, { key, within }) =>
        `${counted(value, 'payment')} of ${key} ${within} with a ${spoken(given.of)} that was new to it`,
    )
  },
})
