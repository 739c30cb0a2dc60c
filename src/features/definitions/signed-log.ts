import { z } from 'zod'
import { defineKind } from '../feature.ts'
import { featureName } from '../names.ts'

/** sign(x) ln(1 + |x|): tames large amounts and keeps refunds apart. Of the amount unless a field is named. */
export const signedLogKind = defineKind({
  kind: 'signedLog',
  parameters: z.strictObject({ of: z.string().min(1).default('amount') }),
  declare: ({ of }, scope) => {
    const value = scope.number(of)
    const compute = (x: number) => Math.sign(x) * Math.log1p(Math.abs(x))
    return [{ name: featureName([of, 'signedLog']), compute: (transaction) => compute(value(transaction)) }]
  },
})
