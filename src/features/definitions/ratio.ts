import { z } from '../../core/zod.ts'
import { defineKind } from '../feature.ts'
import { featureName } from '../names.ts'
import { as, quotient } from '../windowed.ts'
import { showRatio } from '../words.ts'

const feature = z.string({ error: 'name another feature of the list' }).min(1)

/** One feature over another: this day's count over this month's, say. Unknown where the other is 0 or unknown. */
export const ratioKind = defineKind({
  kind: 'ratio',
  parameters: z.strictObject({ of: feature, to: feature, as }),
  declare: ({ of, to, as }) => [
    {
      name: as ?? featureName([of, 'ratioTo', to]),
      inputs: [of, to],
      compute: (_, __, [value, base]) => quotient(value, base),
      say: (value) => `${of} is ${showRatio(value)} times ${to}`,
    },
  ],
})
