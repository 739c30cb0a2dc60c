const quote = 0x22
const comma = 0x2c
const minus = 0x2d
const point = 0x2e
const digit0 = 0x30
const digit9 = 0x39
const colon = 0x3a
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const firstPrintable = 0x20
const lastAscii = 0x7e

/** Whole numbers of so many digits, and powers of ten up to them, are exact as doubles, so that dividing them rounds once. */
const exactDigits = 15
const powersOfTen = Array.from({ length: exactDigits + 1 }, (_, exponent) => 10 ** exponent)
/** Shorter parts of a text are copies; longer ones would keep the whole text in memory. */
const copiedLength = 12

/**
 * Reads an object as programs write most of them, and as JSON.parse does: texts of printable ASCII without escapes and
 * plain numbers, no value within another, no blanks, no name given twice. Undefined for every other text, whether it is
 * valid or not.
 *
 * JSON.parse looks each short text up in a table of all texts of the process, and keeps it there until the next full
 * collection. Ids and keys are ever new, so looking them up takes longer than reading all else.
 *
 * @param text the same as `bytes`, as far as that is ASCII.
 */
export function readPlainObject(bytes: Buffer, text: string, mostNames: number): object | undefined {
  const { length } = text
  if (length < 2 || text.charCodeAt(0) !== openBrace || length !== bytes.length) return undefined
  const value: Record<string, unknown> = {}
  let names = 0
  for (let at = 1; ; at += 1) {
    if (text.charCodeAt(at) !== quote) return undefined
    const nameEnd = endOfText(text, at + 1)
    if (nameEnd === -1 || text.charCodeAt(nameEnd + 1) !== colon) return undefined
    const name = text.slice(at + 1, nameEnd)
    if (name === '__proto__' || ++names > mostNames) return undefined
    at = nameEnd + 2
    if (text.charCodeAt(at) === quote) {
      const end = endOfText(text, at + 1)
      if (end === -1) return undefined
      value[name] = end - at > copiedLength ? bytes.toString('latin1', at + 1, end) : text.slice(at + 1, end)
      at = end + 1
    } else {
      const end = endOfNumber(text, at)
      if (end === -1) return undefined
      value[name] = numberOf(text, at, end)
      at = end
    }
    const after = text.charCodeAt(at)
    if (after === closeBrace) {
      const isWhole = at === length - 1 && Object.keys(value).length === names
      return isWhole ? value : undefined
    }
    if (after !== comma) return undefined
  }
}

/** Where the quote is that ends a text; -1 where it is not a plain one. */
function endOfText(text: string, start: number): number {
  for (let at = start; ; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit === quote) return at
    // Beyond the end there is NaN.
    if (!(unit >= firstPrintable && unit <= lastAscii) || unit === backslash) return -1
  }
}

/** Just past a plain number; -1 where there is none, or one of more digits than are exact. */
function endOfNumber(text: string, start: number): number {
  const first = text.charCodeAt(start) === minus ? start + 1 : start
  const whole = endOfDigits(text, first)
  if (whole === first || (whole > first + 1 && text.charCodeAt(first) === digit0)) return -1
  if (text.charCodeAt(whole) !== point) return whole - first > exactDigits ? -1 : whole
  const end = endOfDigits(text, whole + 1)
  return end === whole + 1 || end - first - 1 > exactDigits ? -1 : end
}

function endOfDigits(text: string, start: number): number {
  let at = start
  for (let unit = text.charCodeAt(at); unit >= digit0 && unit <= digit9; unit = text.charCodeAt(at)) at += 1
  return at
}

function numberOf(text: string, start: number, end: number): number {
  let digits = 0
  let decimals = -1
  const isNegative = text.charCodeAt(start) === minus
  for (let at = isNegative ? start + 1 : start; at < end; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit === point) decimals = 0
    else {
      digits = digits * 10 + unit - digit0
      if (decimals >= 0) decimals += 1
    }
  }
  const size = decimals > 0 ? digits / powersOfTen[decimals] : digits
  return isNegative ? -size : size
}
