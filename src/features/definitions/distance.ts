import { distanceKm } from '../../core/great-circle.ts'
import { z } from '../../core/zod.ts'
import { atLeastZero, defineKind } from '../feature.ts'
import { as } from '../windowed.ts'
import { showRatio, spoken } from '../words.ts'

const column = z.string().min(1, 'name a column')

/** Kilometres from a place that the transaction names, the customer's home say, to its own; unknown where either is. */
export const distanceKind = defineKind({
  kind: 'distance',
  range: atLeastZero,
  parameters: z.strictObject({ latitude: column, longitude: column, as }),
  declare: ({ latitude, longitude, as: name = 'distance' }, scope) => {
    const from = { latitude: scope.column(latitude), longitude: scope.column(longitude) }
    const own = scope.position()
    return [
      {
        name,
        compute: (transaction) =>
          distanceKm(
            from.latitude(transaction),
            from.longitude(transaction),
            own.latitude(transaction),
            own.longitude(transaction),
          ),
        say: (km) => `The ${spoken(name)} is ${showRatio(km)} km`,
        sayUnknown: () => `The ${spoken(name)} is not known`,
      },
    ]
  },
})
