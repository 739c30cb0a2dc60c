import { isRecord } from './json-value.ts'

/** How many names a value of JSON has; 0 for what is not an object. */
export function countNames(value: unknown): number {
  return isRecord(value) ? Object.keys(value).length : 0
}

/** No name is repeated: the usual case, shared. */
const none: ReadonlyMap<number, ReadonlySet<string>> = new Map()

/**
 * The names that an object gives more than once, by item: 0 for the object itself at depth 0, the position in the array
 * for objects in an array at depth 1. JSON.parse keeps the last of them without a word, and a filter in front of the
 * service may have looked at the first; so they are found and refused (RFC 7493, section 2.3).
 *
 * `names` is how many names all these objects have once parsed. Each costs a colon, which stands behind a quote or a
 * blank; so as many such colons as names means that nothing was lost, and the text need not be read again. The text has to
 * be valid JSON. Colons behind a digit, as in times, are none of these.
 */
export function repeatedNames(text: string, names: number, depth: 0 | 1): ReadonlyMap<number, ReadonlySet<string>> {
  return countColons(text) === names ? none : scanNames(text, depth)
}

const digit0 = 0x30
const digit9 = 0x39

function countColons(text: string): number {
  let count = 0
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) {
    const before = text.charCodeAt(at - 1)
    if (before < digit0 || before > digit9) count += 1
  }
  return count
}

function scanNames(text: string, wanted: 0 | 1): ReadonlyMap<number, ReadonlySet<string>> {
  const repeated = new Map<number, Set<string>>()
  let seen = new Set<string>()
  let depth = 0
  let item = 0
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (character === '{' || character === '[') {
      if (depth === wanted) seen = new Set()
      depth += 1
    } else if (character === '}' || character === ']') {
      depth -= 1
    } else if (character === ',' && wanted === 1 && depth === 1) {
      item += 1
    } else if (character === '"') {
      const end = endOfString(text, at)
      if (depth === wanted + 1 && isName(text, end)) {
        const name = String(JSON.parse(text.slice(at, end)))
        if (seen.has(name)) repeated.set(item, (repeated.get(item) ?? new Set<string>()).add(name))
        seen.add(name)
      }
      at = end - 1
    }
  }
  return repeated
}

/** Just past the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

/** A string is a name when a colon is the next thing after it. */
function isName(text: string, end: number): boolean {
  let at = end
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1
  return text[at] === ':'
}
