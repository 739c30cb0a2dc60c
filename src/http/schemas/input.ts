import { nestFields } from '../../core/nested-fields.ts'
import { objectSchema } from './object-schema.ts'

/** The body of a prediction, with the model's own names and a real example. */
export function inputSchema(inputs: readonly string[], example: Readonly<Record<string, number>>): object {
  const fields = new Map(inputs.map((name) => [name, { type: 'number' }]))
  return {
    ...objectSchema(fields, new Set(inputs)),
    description:
      'The inputs of the model, each a number. Names are matched exactly, else regardless of case; other fields are ignored.',
    examples: [nestedExample(example)],
  }
}

/** As callers send it: nested where names are paths. */
export function nestedExample(example: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return nestFields(new Map(Object.entries(example)))
}
