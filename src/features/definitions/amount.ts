import { z } from '../../core/zod.ts'
import { defineKind } from '../feature.ts'

/** The transaction's amount, in major units. */
export const amountKind = defineKind({
  kind: 'amount',
  parameters: z.strictObject({}),
  declare: (_, scope) => {
    const amount = scope.number('amount')
    const show = scope.shower('amount')
    return [
      {
        name: 'amount',
        compute: (transaction) => amount(transaction),
        say: (value, transaction) => `The amount is ${show(value, transaction)}`,
        show,
      },
    ]
  },
})
