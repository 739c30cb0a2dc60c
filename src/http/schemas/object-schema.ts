import { namesOfPath } from '../../core/nested-fields.ts'

interface Level {
  readonly properties: Map<string, object>
  readonly required: Set<string>
}

/** The JSON Schema of an object with these fields, nested by their paths; others may stand beside them. */
export function objectSchema(fields: ReadonlyMap<string, object>, required: ReadonlySet<string>): object {
  const levels = new Map<string, Level>()
  const levelAt = (path: string): Level => {
    const known = levels.get(path)
    if (known !== undefined) return known
    const level = { properties: new Map(), required: new Set<string>() }
    levels.set(path, level)
    return level
  }
  for (const [path, schema] of fields) {
    const names = namesOfPath(path, fields)
    names.forEach((name, i) => {
      const { properties, required: needed } = levelAt(names.slice(0, i).join('.'))
      if (i === names.length - 1) properties.set(name, schema)
      else if (!properties.has(name)) properties.set(name, {})
      if (required.has(path)) needed.add(name)
    })
  }
  return schemaOf('', levels)
}

function schemaOf(path: string, levels: ReadonlyMap<string, Level>): object {
  const { properties = new Map(), required = [] } = levels.get(path) ?? {}
  const inner = (name: string, schema: object) => {
    const within = path === '' ? name : `${path}.${name}`
    return levels.has(within) && Object.keys(schema).length === 0 ? schemaOf(within, levels) : schema
  }
  return {
    type: 'object',
    properties: Object.fromEntries([...properties].map(([name, schema]) => [name, inner(name, schema)])),
    required: [...required],
    additionalProperties: true,
  }
}
