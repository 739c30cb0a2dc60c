import { lengthsInUse, lengthsOfMost } from './card-ranges.ts'
import { digitValues } from './digit-values.ts'
import { withoutReferences } from './known-references.ts'
import { mayBeEscaped, readings, toPlainDigits } from './plain-digits.ts'

const fewestDigits = 13
const mostDigits = 19
const longestSeparator = 3
/** The most characters that a unit beyond ASCII may stand for: ⅒. */
const mostDigitsPerUnit = 3
/** How many digits may come right before a number of the usual kind. */
const mostBefore = 2
const fewestUsual = 15

/**
 * An id, a key or a name is looked at by whole groups of digits; in a text a number may hide among other digits, too.
 */
export type TextKind = 'text' | 'id'

/**
 * Whether a text holds what may be a card number: 13 to 19 digits that pass the Luhn check and begin with a range in
 * use for so many; between two of them there are at most three other characters, none a letter.
 *
 * They begin and end where a group of digits does, so that `4111 1111 1111 1111 12/27` is found. In a text they may
 * also stand anywhere in 20 digits or more without a gap; and a number of the usual kind may have digits right behind
 * it, or, without a gap, two before. More than that would take too many references for cards.
 *
 * Called for every text of every transaction: allocates nothing where a text is ASCII and has few digits.
 */
export function holdsCardNumber(text: string, textKind: TextKind = 'text'): boolean {
  if (!mayHoldOne(text)) return false
  if (isHeld(text, textKind)) return true
  if (mayBeEscaped(text)) for (const reading of readings(text)) if (isHeld(reading, textKind)) return true
  return false
}

/**
 * The digits of a text that is one card number and nothing else; undefined for any other, also for one that holds one.
 */
export function cardNumberDigits(text: string): string | undefined {
  if (!mayHoldOne(text)) return undefined
  // What is behind the escapes comes first: their own digits, as in 3600%261234567002, may look like some of a number.
  for (const reading of mayBeEscaped(text) ? [text, ...readings(text)].reverse() : [text]) {
    const digits = toPlainDigits(reading).replace(/[\W_]/g, '')
    if (/^\d{13,19}$/.test(digits) && beginsAt(digits, 0, 'groups')) return digits
  }
  return undefined
}

/** Whether there are enough digits. */
function mayHoldOne(text: string): boolean {
  let missing = fewestDigits
  const { length } = text
  for (let i = 0; missing > 0; i++) {
    if (missing > mostDigitsPerUnit * (length - i)) return false
    const unit = text.charCodeAt(i)
    if (isDigit(unit)) missing--
    else if (unit > 127 && mayBeDigits(unit)) missing -= mostDigitsPerUnit
  }
  return true
}

/**
 * Whether a character beyond ASCII may be read as digits: letters with accents, of Greek, Cyrillic, Japanese, Korean
 * and most of Chinese may not.
 */
function mayBeDigits(unit: number): boolean {
  if (unit < 0x530) return unit === 0xb2 || unit === 0xb3 || unit === 0xb9 || (unit >= 0xbc && unit <= 0xbe)
  if (unit >= 0x3400 && unit <= 0x9fff) return chineseDigits[unit - 0x3400] === 1
  return !(unit >= 0x3041 && unit <= 0x30ff) && !(unit >= 0xac00 && unit <= 0xd7a3)
}

/** A map would be looked up for each character of a Chinese text. */
const chineseDigits = new Uint8Array(0xa000 - 0x3400)
for (const code of digitValues.keys()) if (code >= 0x3400 && code < 0xa000) chineseDigits[code - 0x3400] = 1

function isHeld(text: string, textKind: TextKind): boolean {
  const plain = isAscii(text) ? text : toPlainDigits(text)
  if (!isFoundIn(plain, textKind)) return false
  const rest = withoutReferences(plain)
  return rest === plain || isFoundIn(rest, textKind)
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}

function isFoundIn(text: string, textKind: TextKind): boolean {
  for (let start = 0; start < text.length; start++) {
    if (!isDigit(text.charCodeAt(start))) continue
    let end = start + 1
    while (end < text.length && isDigit(text.charCodeAt(end))) end++
    if (isFoundInGroup(text, start, end, textKind)) return true
    start = end
  }
  return false
}

/** Zeros that pad a group do not count as digits before a number. */
function isFoundInGroup(text: string, start: number, end: number, textKind: TextKind): boolean {
  let at = start
  let isFirst = true
  for (; at < end && isFirst; at++) {
    if (beginsAt(text, at, textKind === 'id' ? 'groups' : 'first')) return true
    isFirst = text.charCodeAt(at) === zero
  }
  if (textKind === 'id' || end - start < fewestUsual) return false
  const isLong = end - start > mostDigits
  const last = isLong ? end - fewestDigits : Math.min(start + mostBefore, end - 1)
  for (at = start; at <= last; at++) {
    if (isLong && beginsAt(text, at, 'within')) return true
    if (at <= start + mostBefore && beginsAt(text, at, 'last')) return true
  }
  return false
}

/** Where a number may be within groups of digits. */
type Placement = 'groups' | 'first' | 'last' | 'within'

/** Whether a card number begins at this digit. */
function beginsAt(text: string, start: number, placement: Placement): boolean {
  let count = 0
  let prefix = 0
  let firstGroup = 0
  // Which digits Luhn doubles depends on how many there are: both sums are kept, and the end decides.
  let evenDoubled = 0
  let oddDoubled = 0
  let separator = 0
  let before = -1
  for (let i = start; i < text.length && count < mostDigits; i++) {
    const unit = text.charCodeAt(i)
    if (!isDigit(unit)) {
      // A row of one and the same character counts once, and controls don't count.
      if (unit >= 32 && unit !== 127 && unit !== before) separator++
      if (isLetter(unit) || separator > longestSeparator || placement === 'within' || placement === 'last') return false
      before = unit
      continue
    }
    separator = 0
    before = -1
    const digit = unit - zero
    const doubled = digit < 5 ? 2 * digit : 2 * digit - 9
    evenDoubled += count % 2 === 0 ? doubled : digit
    oddDoubled += count % 2 === 0 ? digit : doubled
    if (count < 4) prefix = 10 * prefix + digit
    count++
    if (count === 4 && lengthsInUse[prefix] === 0) return false
    const isEnd = !isDigit(text.charCodeAt(i + 1))
    if (isEnd && firstGroup === 0) firstGroup = count
    if (count < fewestDigits) continue
    const sum = count % 2 === 0 ? evenDoubled : oddDoubled
    if (sum % 10 === 0 && mayBePlaced(placement, isEnd, prefix, count, firstGroup)) return true
  }
  return false
}

function mayBePlaced(placement: Placement, isEnd: boolean, prefix: number, count: number, firstGroup: number): boolean {
  if (((lengthsInUse[prefix] >> count) & 1) === 0) return false
  // Many numbers that begin with 1 are times, and 1764000000-12345 is a time and a counter: UATP's own groups are asked
  // for.
  if (prefix < 2000)
    return isEnd && (placement === 'groups' || placement === 'first') && (firstGroup === 4 || firstGroup === 15)
  if (placement === 'within') return true
  if (isEnd && placement !== 'last') return true
  const isUsual = ((lengthsOfMost[prefix] >> count) & 1) === 1
  return isUsual && (placement === 'first' || (placement === 'last' && isEnd))
}

const zero = 48

function isDigit(unit: number): boolean {
  return unit >= zero && unit < zero + 10
}

/** What is still beyond ASCII here counts as a letter, too. */
function isLetter(unit: number): boolean {
  return (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122) || unit > 127
}
