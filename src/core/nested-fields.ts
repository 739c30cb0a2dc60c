import type { FieldError } from './errors.ts'
import { isRecord, kindOf } from './json-value.ts'
import { showValue } from './show-value.ts'

/** How many levels of arrays and objects a transaction may have. */
export const deepestNesting = 8

/** Whether a name may be a path into nested objects: `payment.card.token`. It may be the name of a flat field, too. */
export function mayBePath(name: string): boolean {
  return name.includes('.')
}

/** The fields of nested objects by their whole paths, side by side. */
export interface FlatFields {
  readonly fields: Readonly<Record<string, unknown>>
  /** Fields that came in two ways, with both of them. */
  readonly clashes: readonly FieldError[]
  /** Whether objects lie deeper in one another than they may; then the fields are not all there. */
  readonly isTooDeep: boolean
}

/**
 * Flattens nested objects: `{"payment": {"card": {"token": "t"}}}` has the field `payment.card.token`, as has the flat
 * `{"payment.card.token": "t"}`. Arrays are values of their own, and so is an object under one of the `whole` names, or
 * an empty one.
 */
export function flattenFields(value: Readonly<Record<string, unknown>>, whole?: ReadonlySet<string>): FlatFields {
  const fields: Record<string, unknown> = Object.create(null)
  const tops = new Map<string, string>()
  const clashes: FieldError[] = []
  let isTooDeep = false
  const add = (path: string, field: unknown, top: string) => {
    if (!tops.has(path)) {
      fields[path] = field
      tops.set(path, top)
      return
    }
    const [one, other] = [tops.get(path) ?? '', top].map((name) => wayTo(path, name))
    clashes.push({ field: path, reason: `is given in two ways, ${one} and ${other}` })
  }
  const walk = (object: Readonly<Record<string, unknown>>, prefix: string, top: string, depth: number) => {
    for (const name in object) {
      const field = object[name]
      const path = prefix + name
      const from = prefix === '' ? name : top
      if (!isRecord(field) || isEmpty(field)) add(path, field, from)
      else if (depth === deepestNesting) isTooDeep = true
      else {
        if (whole?.has(path)) add(path, field, from)
        walk(field, `${path}.`, from, depth + 1)
      }
    }
  }
  walk(value, '', '', 1)
  return { fields, clashes, isTooDeep }
}

function wayTo(path: string, top: string): string {
  return top === path ? `as the flat field "${showValue(path)}"` : `nested in "${showValue(top)}"`
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false
  return true
}

/** The fields of a detector that names some by their paths, out of nested objects. */
export class NestedFields {
  readonly #declared: ReadonlySet<string>
  /** What has to be an object where a path leads through it, by its own path. */
  readonly #containers = new Map<string, readonly string[]>()
  readonly #keepsAll: boolean

  /** @param keepsAll whether fields that are not declared count, too. */
  constructor(declared: Iterable<string>, keepsAll = false) {
    this.#declared = new Set(declared)
    this.#keepsAll = keepsAll
    for (const path of this.#declared) {
      for (let at = path.indexOf('.'); at >= 0; at = path.indexOf('.', at + 1)) {
        const container = path.slice(0, at)
        this.#containers.set(container, [...(this.#containers.get(container) ?? []), path])
      }
    }
  }

  /** Whether a declared path leads through what is given here. */
  leadsOn(path: string): boolean {
    return this.#containers.has(path)
  }

  /** The fields by their paths; what is wrong with how they are nested goes to `errors`. */
  read(value: Readonly<Record<string, unknown>>, errors: FieldError[]): Readonly<Record<string, unknown>> {
    const { fields, clashes, isTooDeep } = flattenFields(value, this.#declared)
    if (isTooDeep) errors.push({ field: '(body)', reason: `is nested more than ${deepestNesting} levels deep` })
    for (const clash of clashes) if (this.#keepsAll || this.#declared.has(clash.field)) errors.push(clash)
    for (const [container, paths] of this.#containers) {
      const given = fields[container]
      if (given === undefined || given === null || isRecord(given) || this.#declared.has(container)) continue
      const missing = paths.find((path) => fields[path] === undefined)
      if (missing === undefined) continue
      const reason = `is ${kindOf(given)}, where an object with ${missing.slice(container.length + 1)} is required`
      errors.push({ field: container, reason })
    }
    return fields
  }
}

/** A path's names, where it is to be shown as nested: neither a name is empty, nor what it leads through a field itself. */
export function namesOfPath(path: string, all: { has(name: string): boolean }): readonly string[] {
  const names = path.split('.')
  const leadsThroughField = names.some((_, i) => i > 0 && all.has(names.slice(0, i).join('.')))
  return leadsThroughField || names.includes('') || names.length >= deepestNesting ? [path] : names
}

/** The nested object that has these fields by their paths; the inverse of flattening. */
export function nestFields(flat: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const nested = new Map<string, unknown>()
  for (const [path, value] of flat) {
    const names = namesOfPath(path, flat)
    let object = nested
    for (const name of names.slice(0, -1)) {
      const inner = object.get(name)
      const next: Map<string, unknown> = inner instanceof Map ? inner : new Map()
      object.set(name, next)
      object = next
    }
    object.set(names[names.length - 1], value)
  }
  return toObject(nested)
}

/** Every name is a field of its own, __proto__ too. */
function toObject(nested: ReadonlyMap<string, unknown>): Record<string, unknown> {
  return Object.fromEntries([...nested].map(([name, value]) => [name, value instanceof Map ? toObject(value) : value]))
}
