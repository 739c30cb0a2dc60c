import { z } from '../../core/zod.ts'
import { atLeastZero, defineKind } from '../feature.ts'
import { overPast, pastParameters } from '../past.ts'
import { stepFromLast } from '../position.ts'
import { showRatio } from '../words.ts'

/** Kilometres per hour from where the key was last used; no time counts as a second. */
export const speedFromLastKind = defineKind({
  kind: 'speedFromLast',
  range: atLeastZero,
  parameters: z.strictObject(pastParameters),
  declare: (given, scope) =>
    overPast(
      'speedFromLast',
      given,
      scope,
      (history, window) => {
        const step = stepFromLast(scope, history, window)
        return (transaction, histories) => {
          const { km, seconds } = step(transaction, histories[history])
          return km / (Math.max(1, seconds) / 3600)
        }
      },
      (kmPerHour, { key }) => `${showRatio(kmPerHour)} km/h from where the last payment of ${key} was made`,
      ({ key, within }) => `The speed since the last payment of ${key} ${within} is not known`,
    ),
})
