import { digitValues } from './digit-values.ts'

const numeral = /(?![\0-\x7f])[\p{N}\p{Script=Han}]/gu

/**
 * A text as somebody would read it who looks for digits: those of other scripts, full-width, styled or circled ones as
 * ASCII; marks, controls and whatever is invisible left out; every other character that is not a letter a hyphen.
 */
export function toPlainDigits(text: string): string {
  // Normalizing a row of marks takes time that grows with the square of its length.
  return text
    .replace(/\p{M}/gu, '')
    .replace(numeral, knownDigit)
    .normalize('NFKC')
    .replace(/(?![\0-\x7f])[\p{M}\p{C}\p{DI}]/gu, '')
    .replace(numeral, asciiDigit)
    .replace(/[^\p{Lu}\p{Ll}\p{Lt}\p{Lo}\p{N}\0-\x7f]/gu, '-')
}

function knownDigit(digit: string): string {
  return String(digitValues.get(digit.codePointAt(0) ?? 0) ?? digit)
}

/** Unicode puts each script's ten decimal digits in a row. */
function asciiDigit(digit: string): string {
  if (!/\p{Nd}/u.test(digit)) return knownDigit(digit)
  const code = digit.codePointAt(0) ?? 0
  let value = 0
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value++
  return String(value)
}

/** One layer of an escape character's own escapes, of which any number is one. */
const repeated = /%(?:25)+(?=[\da-f]{2})|&(?:amp;|#38;|#x26;)+|\\{2,}/gi
const hex = '[\\da-fA-F]'
/** Letters of either case, but of `\\U`, whose small one takes four digits; Node 22 knows no modifiers for a part. */
const escaped = new RegExp(
  [
    `(?:%${hex}{2})+|%[uU]${hex}{4}`,
    `&#\\d+;?|&#[xX]${hex}+;?|&[a-zA-Z]{2,31};`,
    `\\\\U${hex}{8}|\\\\[uU]${hex}{4}|\\\\[uUxX]\\{${hex}+\\}|\\\\[xX]${hex}{2}`,
    // Octal, then as in style sheets, where a blank ends it; either of digits alone.
    '\\\\0(?:6[0-7]|7[01])|\\\\(?:6[0-7]|7[01])(?!\\d)|\\\\[oO]\\{[0-7]+\\}',
    `\\\\00003\\d\\s?|\\\\0{0,3}3\\d(?:\\s|(?!${hex}))`,
    // Tag characters: invisible copies of ASCII, which are left out of the text as it came.
    '\\udb40[\\udc30-\\udc39]',
  ].join('|'),
  'g',
)
const quotedPrintable = /=([\da-f]{2})/gi
const tag = /<[^<>]{0,32}>/g
const mostLayers = 5

/** Whether `readings` may find more than the text itself. */
export function mayBeEscaped(text: string): boolean {
  return /[%&\\=<\udb40]/.test(text)
}

/**
 * The texts behind percent-encoding, character references, backslash escapes and quoted-printable, a layer of them
 * after the other, and last the one without tags.
 */
export function* readings(text: string): Generator<string> {
  let found = text
  for (let layer = 0; layer < mostLayers; layer++) {
    const inner = found.replace(repeated, (given) => given[0]).replace(escaped, unescapeOne)
    if (inner === found) break
    yield inner
    found = inner
  }
  for (const inner of [found.replace(quotedPrintable, (_, byte: string) => characterOf(byte, 16)), found]) {
    const bare = inner.replace(tag, ' ')
    if (inner !== found) yield inner
    if (bare !== inner) yield bare
  }
}

function unescapeOne(given: string): string {
  if (given[0] === '%') return given[1] === 'u' ? characterOf(given.slice(2), 16) : unescapePercent(given)
  if (given[0] === '\udb40') return String.fromCharCode(given.charCodeAt(1) - 0xdc00)
  if (given[0] === '&' && given[1] !== '#') return namedCharacters.get(given.toLowerCase()) ?? ' '
  const [, mark = '', digits = ''] = /^(?:&#|\\)([uxo]?)\{?([\da-f]+)/i.exec(given) ?? []
  if (given[0] === '&') return characterOf(digits, mark === '' ? 10 : 16) || given
  const isOctal = mark === 'o' || (mark === '' && /^0?[67]/.test(digits))
  return characterOf(digits, isOctal ? 8 : 16) || given
}

/** Those that escapes begin with and tags consist of; any other counts as a blank. */
const namedCharacters: ReadonlyMap<string, string> = new Map(
  Object.entries({ amp: '&', num: '#', percnt: '%', bsol: '\\', equals: '=', lt: '<', gt: '>' }).map(
    ([name, character]) => [`&${name};`, character],
  ),
)

function characterOf(digits: string, radix: number): string {
  const code = Number.parseInt(digits, radix)
  return code <= 0x10ffff ? String.fromCodePoint(code) : ''
}

function unescapePercent(given: string): string {
  try {
    return decodeURIComponent(given)
  } catch {
    // The bytes are not UTF-8: each is read as a character.
    return given.replace(/%(..)/g, (_, byte: string) => characterOf(byte, 16))
  }
}
