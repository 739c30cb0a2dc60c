import type { FieldError } from '../core/errors.ts'
import { isRecord, kindOf } from '../core/json-value.ts'
import { mayBePath, NestedFields } from '../core/nested-fields.ts'

/** Fills one row after another, always the same one: predicting is synchronous, so nobody else holds it. */
interface InputReader {
  readonly row: Float64Array
  /** A parsed body -> `row`, in the order of the inputs; or every bad field, and then `row` means nothing. */
  read(value: unknown, repeated: ReadonlySet<string> | undefined): readonly FieldError[]
}

const noErrors: readonly FieldError[] = []

/**
 * Reads a flat object of the model's inputs. A name counts as it stands, else without regard to case where only one
 * input is written so; what no input is named after is ignored. A loop of our own, because walking a JSON Schema costs
 * more than the forest that it guards.
 */
export function createInputReader(inputs: readonly string[]): InputReader {
  return inputs.some(mayBePath) ? nestedReader(inputs) : flatReader(inputs)
}

function flatReader(inputs: readonly string[]): InputReader {
  const row = new Float64Array(inputs.length)
  return {
    row,
    read(value, repeated) {
      if (!isRecord(value)) return [{ field: '(body)', reason: `is ${kindOf(value)}, where an object is required` }]
      if (repeated !== undefined) return readCarefully(inputs, value, repeated, row)
      for (let index = 0; index < inputs.length; index += 1) {
        const cell = value[inputs[index]]
        if (typeof cell !== 'number' || !Number.isFinite(cell)) return readCarefully(inputs, value, noNames, row)
        row[index] = cell
      }
      return noErrors
    },
  }
}

/** Reads inputs that may be paths into nested objects. */
function nestedReader(inputs: readonly string[]): InputReader {
  const nested = new NestedFields(inputs)
  const row = new Float64Array(inputs.length)
  return {
    row,
    read(value, repeated = noNames) {
      if (!isRecord(value)) return [{ field: '(body)', reason: `is ${kindOf(value)}, where an object is required` }]
      const errors: FieldError[] = []
      for (const name of repeated) {
        if (nested.leadsOn(name)) errors.push({ field: name, reason: 'is given more than once' })
      }
      const fields = nested.read(value, errors)
      const known = new Set(errors.map(({ field }) => field))
      const others = readCarefully(inputs, fields, repeated, row).filter(({ field }) => !known.has(field))
      return [...errors, ...others]
    },
  }
}

const noNames: ReadonlySet<string> = new Set()

function readCarefully(
  inputs: readonly string[],
  value: Readonly<Record<string, unknown>>,
  repeated: ReadonlySet<string>,
  row: Float64Array,
): readonly FieldError[] {
  const inputsByCase = Map.groupBy(inputs, (name) => name.toLowerCase())
  const namesByCase = Map.groupBy(Object.keys(value), (name) => name.toLowerCase())
  const errors: FieldError[] = []
  inputs.forEach((field, index) => {
    const lower = field.toLowerCase()
    const others = inputsByCase.get(lower)?.length === 1 ? (namesByCase.get(lower) ?? []) : []
    const names = Object.hasOwn(value, field) ? [field] : others
    const [name] = names
    if (name === undefined) {
      errors.push({ field, reason: 'is missing' })
    } else if (names.length > 1 || repeated.has(name)) {
      errors.push({ field, reason: 'is given more than once' })
    } else {
      const cell = value[name]
      if (typeof cell === 'number' && Number.isFinite(cell)) row[index] = cell
      else errors.push({ field, reason: reasonAgainst(cell) })
    }
  })
  return errors
}

function reasonAgainst(cell: unknown): string {
  if (typeof cell === 'number') return 'is too large for a 64-bit number'
  return `is ${kindOf(cell)}, where a number is required`
}
