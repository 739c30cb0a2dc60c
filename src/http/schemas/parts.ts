/** A schema by its name in the document. */
export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` })

/** What routes that take many have a line for each item of. */
const lines = { type: 'string', description: 'One object per line.' } as const

/** An array of items that are answered one by one. */
function items(schema: object): object {
  return {
    type: 'array',
    items: { anyOf: [schema, { description: 'The error that answers a bad item, in its place.' }] },
  }
}

/** A body of JSON, with one that the service takes. */
export function jsonBody(schema: object, example: unknown): object {
  return { required: true, content: { 'application/json': { schema, example } } }
}

/** A body of many: an array, or lines of NDJSON. */
export function manyBody(schema: object, example: object): object {
  return {
    required: true,
    content: {
      'application/json': { schema: items(schema), example: [example] },
      'application/x-ndjson': { schema: lines, example: `${JSON.stringify(example)}\n` },
    },
  }
}

export function jsonAnswer(description: string, schema: object): object {
  return answerOf(description, 'application/json', schema)
}

export function answerOf(description: string, type: string, schema: object): object {
  return { description, content: { [type]: { schema } } }
}

/** An answer to each of many, in the form in which they came. */
export function manyAnswers(schema: object): object {
  return {
    description: 'The answers.',
    content: {
      'application/json': { schema: { type: 'array', items: schema } },
      'application/x-ndjson': { schema: lines },
    },
  }
}

/** An object that has all of these. */
export const objectOf = <Properties extends object>(properties: Properties, description?: string) => ({
  type: 'object' as const,
  ...(description !== undefined && { description }),
  properties,
  required: Object.keys(properties),
})

export const listOf = (items: object, description?: string) => ({
  type: 'array' as const,
  ...(description !== undefined && { description }),
  items,
})
