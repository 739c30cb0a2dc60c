/**
 * A text as somebody would read it who looks for digits: those of other scripts, full-width, styled or circled ones as
 * ASCII; marks, controls and whatever is invisible left out; every other character that is not a letter a hyphen.
 */
export function toPlainDigits(text: string): string {
  // To normalize a row of marks takes time that grows with the square of its length.
  return text
    .replace(/\p{M}/gu, '')
    .normalize('NFKC')
    .replace(/(?![\0-\x7f])[\p{M}\p{C}\p{DI}]/gu, '')
    .replace(/(?![\0-\x7f])\p{N}/gu, asciiDigit)
    .replace(/[^\p{Lu}\p{Ll}\p{Lt}\p{Lo}\p{N}\0-\x7f]/gu, '-')
}

/** Digits in circles, from 1 to 9, that NFKC leaves as they are. */
const circledOnes = [0x2776, 0x2780, 0x278a, 0x24f5]

/** Unicode puts each script's ten decimal digits in a row. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0
  if (code === 0x24ff) return '0'
  const one = circledOnes.find((first) => code >= first && code < first + 9)
  if (one !== undefined) return String(code - one + 1)
  if (!/\p{Nd}/u.test(digit)) return digit
  let value = 0
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value++
  return String(value)
}

const escaped = /(?:%[\da-f]{2})+|&#\d{1,7};|&#x[\da-f]{1,6};|&[a-z]{2,8};|\\u[\da-f]{4}|\\x[\da-f]{2}/gi
const mostLayers = 3

/** The text behind percent-encoding, character references and backslash escapes, up to three layers of them. */
export function unescapeText(text: string): string {
  let found = text
  for (let layer = 0; layer < mostLayers; layer++) {
    const inner = found.replace(escaped, unescapeOne)
    if (inner === found) break
    found = inner
  }
  return found
}

function unescapeOne(given: string): string {
  if (given[0] === '%') return unescapePercent(given)
  if (given[0] === '&' && given[1] !== '#') return ' '
  const isDecimal = given[0] === '&' && /\d/.test(given[2])
  const digits = given.replace(/^(?:&#x?|\\[ux])|;$/gi, '')
  const code = Number.parseInt(digits, isDecimal ? 10 : 16)
  return code <= 0x10ffff ? String.fromCodePoint(code) : given
}

function unescapePercent(given: string): string {
  try {
    return decodeURIComponent(given)
  } catch {
    // The bytes are not UTF-8: each is read as a character.
    return given.replace(/%(..)/g, (_, byte: string) => String.fromCharCode(Number.parseInt(byte, 16)))
  }
}
