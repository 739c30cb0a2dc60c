import { z } from '../../core/zod.ts'
import { weekdayOf } from '../calendar.ts'
import { defineKind, flag } from '../feature.ts'

const saturday = 5

/** 1 on Saturday and Sunday in the detector's zone. */
export const weekendKind = defineKind({
  kind: 'weekend',
  range: flag,
  parameters: z.strictObject({}),
  declare: (_, scope) => {
    scope.requireTime('weekend')
    const isWeekend = (timestampMs: number) => weekdayOf(timestampMs + scope.offsetAt(timestampMs)) >= saturday
    return [
      {
        name: 'weekend',
        compute: ({ timestampMs }) => (isWeekend(timestampMs) ? 1 : 0),
        say: (value) => `The payment is ${value === 1 ? '' : 'not '}made at a weekend`,
      },
    ]
  },
})
