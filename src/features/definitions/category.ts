import { z } from '../../core/zod.ts'
import { defineKind } from '../feature.ts'
import { featureName } from '../names.ts'
import { as, of } from '../windowed.ts'
import { spoken } from '../words.ts'

/** The place of a field's value in a list, from 0 on; other values and missing ones are unknown. Boosting splits on it as a category. */
export const categoryKind = defineKind({
  kind: 'category',
  parameters: z.strictObject({
    of,
    values: z
      .array(z.union([z.string().min(1), z.int()], { error: 'write texts or whole numbers' }).transform(String))
      .min(1, 'list the values')
      .refine(
        (values) => new Set(values.map((value) => value.trim())).size === values.length,
        'a value is listed twice, ignoring blanks around it',
      ),
    as,
  }),
  declare: ({ of, values, as }, scope) => {
    const text = scope.text(of)
    // Transactions' texts come without blanks around them.
    const places = new Map(values.map((value, place) => [value.trim(), place]))
    scope.listValues(of, [...places.keys()])
    return [
      {
        name: as ?? featureName([of, 'category']),
        categories: values,
        compute: (transaction) => places.get(text(transaction) ?? '') ?? Number.NaN,
        say: (value) => `The ${spoken(of)} is ${values[value] ?? value}`,
        sayUnknown: () => `The ${spoken(of)} is missing or not a value that the model knows`,
      },
    ]
  },
})
