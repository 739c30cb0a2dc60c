import { isUtf8 } from 'node:buffer'
import { FraudError } from '../core/errors.ts'
import { countNames, repeatedNames } from '../core/repeated-names.ts'

/** JSON as it came and as it was read. */
export interface JsonText {
  readonly text: string
  readonly value: unknown
}

/**
 * Bytes -> text and value. Throws BODY_INVALID for what is empty, no UTF-8 or no JSON; the message repeats nothing of
 * the text, as JSON.parse's own does. A byte order mark is skipped (RFC 8259, section 8.1).
 */
export function decodeJson(bytes: Buffer, what: 'body' | 'line' = 'body'): JsonText {
  if (bytes.length === 0) throw new FraudError('BODY_INVALID', `The ${what} is empty`)
  if (!isUtf8(bytes)) throw new FraudError('BODY_INVALID', `The ${what} is not UTF-8`)
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  const text = bytes.toString('utf8', start)
  return { text, value: parse(text, what) }
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new FraudError('BODY_INVALID', `The ${what} is not valid JSON`)
  }
}

/**
 * The items of a body that is an array, and the names that each gives twice. Throws BODY_INVALID, INPUT_INVALID for what is
 * no array, BODY_TOO_LARGE for one that is too long.
 */
export function readItems(bytes: Buffer, mostItems: number) {
  const { text, value } = decodeJson(bytes)
  if (!Array.isArray(value)) {
    throw new FraudError('INPUT_INVALID', 'The body must be an array of objects', {
      errors: [{ field: '(body)', reason: 'is no array' }],
    })
  }
  const items: readonly unknown[] = value
  if (items.length > mostItems) {
    throw new FraudError('BODY_TOO_LARGE', `The array has over ${mostItems} items: send less, or stream NDJSON`)
  }
  let names = 0
  for (const item of items) names += countNames(item)
  return { items, repeated: repeatedNames(text, names, 1) }
}
