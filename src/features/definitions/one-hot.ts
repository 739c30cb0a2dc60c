import { z } from '../../core/zod.ts'
import { defineKind, flag } from '../feature.ts'
import { featureName } from '../names.ts'
import { of } from '../windowed.ts'
import { spoken } from '../words.ts'

/** A feature for each of the values of a field: 1 where the transaction has it. Other values and missing ones are 0 in all. */
export const oneHotKind = defineKind({
  kind: 'oneHot',
  range: flag,
  parameters: z.strictObject({
    of,
    values: z.array(z.string().min(1)).min(1, 'list the values that get a feature each'),
  }),
  declare: ({ of, values }, scope) => {
    const text = scope.text(of)
    // Transactions' texts come without blanks around them.
    const listed = values.map((value) => value.trim())
    // One value alone asks whether it is that one, and does not claim to know the others.
    if (listed.length > 1) scope.listValues(of, listed)
    return values.map((value, i) => ({
      name: featureName([of, 'oneHot', value]),
      compute: (transaction) => (text(transaction) === listed[i] ? 1 : 0),
      say: (is) => `The ${spoken(of)} is ${is === 1 ? '' : 'not '}${value}`,
    }))
  },
})
