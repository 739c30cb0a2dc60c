import { isDeepStrictEqual } from 'node:util'
import { type FieldError, FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import { type Detector, parseDetector } from '../detector/detector.ts'

/**
 * In what another detector's transactions are not those that a log holds. Their id, time and amount are what histories
 * rest on, and a key that both have is one and the same; other fields may come and go.
 */
export function tellOtherTransaction(before: unknown, { transaction: next }: Detector): readonly FieldError[] {
  const known = readTransaction(before)
  if (known === undefined) return []
  const errors: FieldError[] = []
  const compare = (field: string, one: unknown, other: unknown) => {
    if (isDeepStrictEqual(one, other)) return
    errors.push({ field: `transaction.${field}`, reason: `is ${show(other)}, and ${show(one)} in the service` })
  }
  compare('id', known.id, next.id)
  compare('time', known.time, next.time)
  if (known.amount !== undefined && next.amount !== undefined) compare('amount', known.amount, next.amount)
  for (const [name, column] of Object.entries(known.keys ?? {})) {
    const other = next.keys?.[name]
    if (other !== undefined) compare(`keys.${name}`, column, other)
  }
  return errors
}

function show(value: unknown): string {
  return value === undefined ? 'missing' : showValue(typeof value === 'string' ? value : JSON.stringify(value))
}

/** Undefined where this version can't read it: then a takeover says what is wrong. */
function readTransaction(detector: unknown): Detector['transaction'] | undefined {
  try {
    return parseDetector(detector).transaction
  } catch (error) {
    if (error instanceof FraudError) return undefined
    throw error
  }
}
