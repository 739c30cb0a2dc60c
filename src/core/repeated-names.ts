import { isRecord } from './json-value.ts'

/**
 * The names that an object gives more than once; undefined where there are none. JSON.parse silently keeps the last of
 * them, and a filter in front of the service may have looked at the first; so they are found and refused (RFC 7493,
 * section 2.3).
 *
 * Each of the names that `value` has costs a colon; as many colons as names means that nothing was lost, and the text need
 * not be read again. The text has to be valid JSON, and `value` what it was parsed to.
 */
export function repeatedNames(
  text: string,
  value: unknown,
  colons = countColons(text),
): ReadonlySet<string> | undefined {
  const names = isRecord(value) ? Object.keys(value).length : 0
  return colons === names ? undefined : scanNames(text)
}

const digit0 = 0x30
const digit9 = 0x39

/**
 * How many colons may stand behind a name, in a text of JSON; it stops counting past `most`. Those behind a digit, as in
 * times, do not: a name ends with a quote, or with a blank.
 */
export function countColons(text: string, most = Number.POSITIVE_INFINITY): number {
  let count = 0
  for (let at = text.indexOf(':'); at !== -1 && count <= most; at = text.indexOf(':', at + 1)) {
    const before = text.charCodeAt(at - 1)
    if (before < digit0 || before > digit9) count += 1
  }
  return count
}

function scanNames(text: string): ReadonlySet<string> | undefined {
  let repeated: Set<string> | undefined
  const seen = new Set<string>()
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (character === '{' || character === '[') {
      // Names within an array do not count.
      if (depth === 0 && character === '[') return undefined
      depth += 1
    } else if (character === '}' || character === ']') {
      depth -= 1
    } else if (character === '"') {
      const end = endOfString(text, at)
      if (depth === 1 && isName(text, end)) {
        const name = String(JSON.parse(text.slice(at, end)))
        if (seen.has(name)) repeated = (repeated ?? new Set<string>()).add(name)
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
