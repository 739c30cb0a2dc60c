import { z } from '../../core/zod.ts'
import { weekdayOf } from '../calendar.ts'
import { defineKind, wholeUpTo } from '../feature.ts'

const days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/** The day of the week in the detector's zone, from 0 for Monday to 6 for Sunday. */
export const weekdayKind = defineKind({
  kind: 'weekday',
  range: wholeUpTo(6),
  parameters: z.strictObject({}),
  declare: (_, scope) => {
    scope.requireTime('weekday')
    return [
      {
        name: 'weekday',
        compute: ({ timestampMs }) => weekdayOf(timestampMs + scope.offsetAt(timestampMs)),
        say: (weekday) => `The payment is made on a ${days[weekday]}`,
      },
    ]
  },
})
