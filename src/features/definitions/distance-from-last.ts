import { z } from '../../core/zod.ts'
import { atLeastZero, defineKind } from '../feature.ts'
import { overPast, pastParameters } from '../past.ts'
import { stepFromLast } from '../position.ts'
import { showRatio } from '../words.ts'

/** Kilometres from where the key was last used; unknown where either place is. */
export const distanceFromLastKind = defineKind({
  kind: 'distanceFromLast',
  range: atLeastZero,
  parameters: z.strictObject(pastParameters),
  declare: (given, scope) =>
    overPast(
      'distanceFromLast',
      given,
      scope,
      (history, window) => {
        const step = stepFromLast(scope, history, window)
        return (transaction, histories) => step(transaction, histories[history]).km
      },
      (km, { key }) => `${showRatio(km)} km from the last payment of ${key}`,
      ({ key, within }) => `The distance from the last payment of ${key} ${within} is not known`,
    ),
})
