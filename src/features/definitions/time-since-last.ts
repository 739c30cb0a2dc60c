import { sayDuration } from '../../core/duration.ts'
import { z } from '../../core/zod.ts'
import { atLeastZero, defineKind } from '../feature.ts'
import { overPast, pastParameters } from '../past.ts'

/** Seconds since the key's last transaction; unknown where the window has none. */
export const timeSinceLastKind = defineKind({
  kind: 'timeSinceLast',
  range: atLeastZero,
  parameters: z.strictObject(pastParameters),
  declare: (given, scope) =>
    overPast(
      'timeSinceLast',
      given,
      scope,
      (history, window) =>
        ({ timestampMs }, histories) => {
          const last = histories[history].previous(window, -1)
          return last < 0 ? Number.NaN : (timestampMs - histories[history].timeOf(last)) / 1000
        },
      (seconds, { key }) => `${sayDuration(1000 * seconds)} since the last payment of ${key}`,
      ({ key, within }) => `No earlier payment of ${key} ${within} is known`,
    ),
})
