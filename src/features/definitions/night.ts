import { z } from '../../core/zod.ts'
import { hourOf } from '../calendar.ts'
import { defineKind, flag } from '../feature.ts'

/** 1 from hour 0 to `untilHour`, that hour included, in the detector's zone. */
export const nightKind = defineKind({
  kind: 'night',
  range: flag,
  parameters: z.strictObject({ untilHour: z.int().min(0).max(23).default(6) }),
  declare: ({ untilHour }, scope) => {
    scope.requireTime('night')
    const isNight = (timestampMs: number) => hourOf(timestampMs + scope.offsetAt(timestampMs)) <= untilHour
    return [
      {
        name: 'night',
        compute: ({ timestampMs }) => (isNight(timestampMs) ? 1 : 0),
        say: (value) =>
          `The payment is ${value === 1 ? '' : 'not '}made between 0:00 and ${untilHour}:59 (${scope.zone})`,
      },
    ]
  },
})
