import { FraudError } from '../core/errors.ts'
import {
  backslash,
  closeBrace,
  closeBracket,
  comma,
  type JsonItem,
  openBrace,
  openBracket,
  quote,
  readJson,
  tooDeep,
} from '../core/json-text.ts'
import { deepestNesting } from '../core/nested-fields.ts'
import type { Turns } from './turns.ts'

export interface ArrayLimits {
  readonly items: number
  readonly itemBytes: number
  /** Names that an item may have. */
  readonly names: number
}

/**
 * The items of a body that is an array, read a slice at a time. An array is cut into its items before anything is parsed,
 * so that no call of JSON.parse is larger than an item. Nobody waits for the rest once it is not wanted any more.
 *
 * @throws FraudError BODY_INVALID, INPUT_INVALID for what is not an array, BODY_TOO_LARGE for one that is too long.
 */
export async function readItems(
  bytes: Buffer,
  limits: ArrayLimits,
  turns: Turns,
  isWanted: () => boolean,
): Promise<readonly JsonItem[]> {
  const items: JsonItem[] = []
  await turns.next()
  for (const item of cutItems(bytes, limits)) {
    if (turns.isOver()) await turns.next()
    if (!isWanted()) break
    items.push(readJson(item, 'item', limits.names))
  }
  return items
}

/** Whether a body begins as an array does. */
export function isArray(bytes: Buffer): boolean {
  return bytes[skipBlanks(bytes, startOf(bytes))] === openBracket
}

/** Refuses by its beginning what would be refused as a whole, so that the rest of it need not be kept. */
export function checkBeginning(bytes: Buffer, limits: ArrayLimits): void {
  for (const _ of cutItems(bytes, limits, false));
}

/** The items' bytes, blanks included. Items themselves are not checked. */
export function* cutItems(bytes: Buffer, { items, itemBytes, names }: ArrayLimits, isWhole = true): Generator<Buffer> {
  let at = skipBlanks(bytes, startOf(bytes))
  if (bytes[at] !== openBracket) {
    // A body that is not even JSON is refused as such.
    if (bytes.length <= itemBytes) readJson(bytes, 'body', names)
    throw new FraudError('INPUT_INVALID', 'The body must be an array of objects', {
      errors: [{ field: '(body)', reason: 'is not an array' }],
    })
  }
  for (let count = 0; ; count += 1) {
    const start = at + 1
    at = endOfItem(bytes, start, itemBytes, count)
    if (at === bytes.length) {
      if (isWhole) throw notJson()
      return
    }
    const isLast = bytes[at] === closeBracket
    if (isLast && count === 0 && skipBlanks(bytes, start) === at) break
    if (count === items) {
      throw new FraudError('BODY_TOO_LARGE', `The array has over ${items} items: send fewer, or stream NDJSON`)
    }
    yield bytes.subarray(start, at)
    if (isLast) break
  }
  if (isWhole && skipBlanks(bytes, at + 1) < bytes.length) throw notJson()
}

/** The position of the comma or bracket that ends the item; of the end, where the bytes end before it. */
function endOfItem(bytes: Buffer, start: number, itemBytes: number, index: number): number {
  const end = Math.min(bytes.length, start + itemBytes + 1)
  let depth = 0
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at]
    if (byte === quote) {
      for (at += 1; at < end && bytes[at] !== quote; at += 1) if (bytes[at] === backslash) at += 1
    } else if (byte === openBrace || byte === openBracket) {
      depth += 1
      if (depth > deepestNesting) throw tooDeep('item')
    } else if (byte === closeBrace || byte === closeBracket) {
      if (depth === 0 && byte === closeBracket) return at
      depth -= 1
    } else if (byte === comma && depth === 0) return at
  }
  if (end === bytes.length) return end
  throw new FraudError('BODY_TOO_LARGE', `Item ${index} of the array is over ${itemBytes} bytes`)
}

function notJson(): FraudError {
  return new FraudError('BODY_INVALID', 'The body is not valid JSON')
}

/** The position past a byte order mark. */
function startOf(bytes: Buffer): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
}

const mostBlanks = 64 * 1024

/** The first byte that is not a blank, or that comes after more blanks than anybody needs. */
function skipBlanks(bytes: Buffer, start: number): number {
  let at = start
  while (at < start + mostBlanks && isBlank(bytes[at])) at += 1
  return at
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
