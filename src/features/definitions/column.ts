import { z } from '../../core/zod.ts'
import { defineKind } from '../feature.ts'

/** A column of numbers as it is: what a bare name means that is no kind of feature. */
export const columnKind = defineKind({
  kind: 'column',
  parameters: z.string().min(1, 'name a column'),
  declare: (name, scope) => {
    const value = scope.column(name)
    const show = scope.columnShower(name)
    return [
      {
        name,
        compute: (transaction) => value(transaction),
        say: (shown, transaction) => `${name} is ${show(shown, transaction)}`,
        show,
      },
    ]
  },
})
