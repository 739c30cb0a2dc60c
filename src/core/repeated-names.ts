import { isRecord } from './json-value.ts'
import { deepestNesting } from './nested-fields.ts'

/**
 * The names that an object gives more than once, and those that one within it does, by their whole paths
 * (`payment.card.token`); undefined where there are none. JSON.parse silently keeps the last of
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
  return colons === names || colons === countNames(value, 1) ? undefined : scanNames(text)
}

/** The names of an object and of all that is in it; NaN where that lies too deep to be read. */
function countNames(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth > deepestNesting) return Number.NaN
  let count = 0
  for (const item of Object.values(value)) count += countNames(item, depth + 1)
  return Array.isArray(value) ? count : count + Object.keys(value).length
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

/** An object that is being read: the names that it gave, and the last of them, which what follows is the value of. */
interface Scope {
  readonly prefix: string
  readonly seen: Set<string>
  last: string
}

function scanNames(text: string): ReadonlySet<string> | undefined {
  let repeated: Set<string> | undefined
  // Undefined where names do not count: within an array, or deeper than anything is read.
  const scopes: (Scope | undefined)[] = []
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    const scope = scopes.at(-1)
    if (character === '{') {
      const isRead = scopes.length === 0 || (scope !== undefined && scopes.length < deepestNesting)
      const prefix = scope === undefined ? '' : `${scope.prefix}${scope.last}.`
      scopes.push(isRead ? { prefix, seen: new Set(), last: '' } : undefined)
    } else if (character === '[') {
      if (scopes.length === 0) return undefined
      scopes.push(undefined)
    } else if (character === '}' || character === ']') {
      scopes.pop()
    } else if (character === '"') {
      const end = endOfString(text, at)
      if (scope !== undefined && isName(text, end)) {
        scope.last = String(JSON.parse(text.slice(at, end)))
        if (scope.seen.has(scope.last)) repeated = (repeated ?? new Set<string>()).add(scope.prefix + scope.last)
        scope.seen.add(scope.last)
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
