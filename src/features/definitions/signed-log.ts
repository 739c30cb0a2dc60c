import { z } from '../../core/zod.ts'
import { defineKind } from '../feature.ts'
import { featureName } from '../names.ts'
import { spoken } from '../words.ts'

/** sign(x) ln(1 + |x|): tames large amounts and keeps refunds apart. Of the amount unless a field is named. */
export const signedLogKind = defineKind({
  kind: 'signedLog',
  parameters: z.strictObject({ of: z.string().min(1).default('amount') }),
  declare: ({ of }, scope) => {
    const value = scope.number(of)
    const compute = (x: number) => Math.sign(x) * Math.log1p(Math.abs(x))
    const show = scope.shower(of)
    const undo = (x: number) => Math.sign(x) * Math.expm1(Math.abs(x))
    return [
      {
        name: featureName([of, 'signedLog']),
        compute: (transaction) => compute(value(transaction)),
        say: (x, transaction) => `The ${spoken(of)} is ${show(undo(x), transaction)}`,
      },
    ]
  },
})
