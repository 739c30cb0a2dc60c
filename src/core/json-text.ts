import { isUtf8 } from 'node:buffer'
import { FraudError } from './errors.ts'
import { deepestNesting } from './nested-fields.ts'
import { readPlainObject } from './plain-object.ts'
import { countColons, repeatedNames } from './repeated-names.ts'

/** A body, a line or an item that was read. */
export interface JsonItem {
  readonly value: unknown
  /** Names that it gives more than once, where it is an object. */
  readonly repeated: ReadonlySet<string> | undefined
}

/**
 * Bytes -> value. Throws BODY_INVALID for what is empty, not UTF-8, not JSON or nested too deep, and BODY_TOO_LARGE for what
 * has too many names; the message repeats nothing of the text, as JSON.parse's own does. A byte order mark is skipped
 * (RFC 8259, section 8.1).
 */
export function readJson(bytes: Buffer, what: 'body' | 'line' | 'item' | 'message', mostNames: number): JsonItem {
  if (bytes.length === 0) throw new FraudError('BODY_INVALID', `The ${what} is empty`)
  if (!isUtf8(bytes)) throw new FraudError('BODY_INVALID', `The ${what} is not UTF-8`)
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  const text = bytes.toString('utf8', start)
  const plain = readPlainObject(bytes, text, mostNames)
  if (plain !== undefined) return { value: plain, repeated: undefined }
  // Each name is followed by one colon: they tell that there are not too many, and that none was given twice.
  const colons = countColons(text, mostNames)
  if (colons > mostNames || mayBeDeep(text)) checkShape(text, what, mostNames)
  const value = parse(text, what)
  return { value, repeated: repeatedNames(text, value, colons) }
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new FraudError('BODY_INVALID', `The ${what} is not valid JSON`)
  }
}

/** Whether so many brackets open that a text may be nested too deep: the usual one opens a single one. */
function mayBeDeep(text: string): boolean {
  let openings = 0
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      openings += 1
      if (openings > deepestNesting) return true
    }
  }
  return false
}

/** Refuses what costs far more to parse than to read through. Strings are skipped; the text need not be valid. */
function checkShape(text: string, what: string, mostNames: number): void {
  let depth = 0
  let names = 0
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit === quote) {
      for (at += 1; at < text.length && text.charCodeAt(at) !== quote; at += 1) {
        if (text.charCodeAt(at) === backslash) at += 1
      }
    } else if (unit === openBrace || unit === openBracket) {
      depth += 1
      if (depth > deepestNesting) throw tooDeep(what)
    } else if (unit === closeBrace || unit === closeBracket) depth -= 1
    else if (unit === colon) {
      names += 1
      if (names > mostNames) throw new FraudError('BODY_TOO_LARGE', `The ${what} has over ${mostNames} names`)
    }
  }
}

export function tooDeep(what: string): FraudError {
  return new FraudError('BODY_INVALID', `The ${what} is nested more than ${deepestNesting} levels deep`)
}

export const quote = 0x22
export const comma = 0x2c
export const backslash = 0x5c
export const openBracket = 0x5b
export const closeBracket = 0x5d
export const openBrace = 0x7b
export const closeBrace = 0x7d
const colon = 0x3a
