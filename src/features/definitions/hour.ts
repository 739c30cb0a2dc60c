import { z } from '../../core/zod.ts'
import { hourOf } from '../calendar.ts'
import { defineKind, wholeUpTo } from '../feature.ts'

/** The hour of the day in the detector's zone, 0 to 23. */
export const hourKind = defineKind({
  kind: 'hour',
  range: wholeUpTo(23),
  parameters: z.strictObject({}),
  declare: (_, scope) => {
    scope.requireTime('hour')
    return [
      {
        name: 'hour',
        compute: ({ timestampMs }) => hourOf(timestampMs + scope.offsetAt(timestampMs)),
        say: (hour) => `The payment is made between ${hour}:00 and ${hour}:59 (${scope.zone})`,
      },
    ]
  },
})
