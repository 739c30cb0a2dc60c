/** A card number as somebody may write it, by accident or to get it past a filter. */
export interface Disguise {
  readonly name: string
  readonly text: string
  /** Hidden among other digits, which ids and keys are not looked through for: they are checked as whole values. */
  readonly isWithin?: boolean
}

const visa = '4111111111111111'
const mastercard = '5555555555554444'
const amex = '378282246310005'

const every = (digits: string, each: (digit: string) => string) => [...digits].map(each).join('')
const fours = (separator: string) => visa.replace(/(\d{4})(?=\d)/g, `$1${separator}`)
const fromZero = (zero: number) => every(visa, (digit) => String.fromCodePoint(zero + Number(digit)))

const separators: Record<string, string> = {
  ...{ space: ' ', hyphen: '-', dot: '.', underscore: '_', slash: '/', comma: ',', colon: ':', bar: '|', plus: '+' },
  ...{ star: '*', semicolon: ';', backslash: '\\', hash: '#', tilde: '~', equals: '=', at: '@', ampersand: '&' },
  ...{ bracket: ')(', quote: "'", 'double quote': '"', 'angle bracket': '><', caret: '^', dollar: '$', percent: '%' },
  ...{ tab: '\t', 'line feed': '\n', 'carriage return and line feed': '\r\n', 'null character': '\0' },
  ...{ 'bell and backspace': '\x07\b', 'delete character': '\x7f', 'next line': '\x85', escape: '\x1b' },
  ...{
    'no-break space': '\u00a0',
    'thin space': '\u2009',
    'ideographic space': '\u3000',
    'zero-width space': '\u200b',
  },
  ...{ 'zero-width joiner': '\u200d', 'word joiner': '\u2060', 'byte order mark': '\ufeff', 'soft hyphen': '\u00ad' },
  ...{
    'right-to-left mark': '\u200f',
    'bidi isolate': '\u2067',
    'line separator': '\u2028',
    'hangul filler': '\u3164',
  },
  ...{ 'en dash': '\u2013', 'minus sign': '\u2212', 'figure dash': '\u2012', 'middle dot': '\u00b7', bullet: '\u2022' },
  ...{ 'full-width hyphen': '\uff0d', 'katakana mark': '\u30fc', 'ideographic comma': '\u3001', emoji: '\u{1f4b3}' },
  ...{ 'private character': '\ue000', 'spaced hyphen': ' - ', 'many spaces': '      ', 'many hyphens': '----' },
}

/** Each scheme of a few, bare and between other things. */
const placed: readonly Disguise[] = [
  { name: 'nothing at all', text: visa },
  { name: 'another scheme', text: amex },
  { name: 'words around', text: `card ${visa} thanks` },
  { name: 'letters right around', text: `PAN${visa}END` },
  { name: 'groups of five', text: '41111 11111 11111 1' },
  { name: 'a separator after each digit', text: every(visa, (digit) => `${digit}.`) },
  { name: 'zeros before', text: `0000${visa}` },
  { name: 'a track of a magnetic stripe', text: `%B${visa}^DOE/JOHN^27121010000?` },
  { name: 'the second track', text: `;${visa}=27121010000012300000?` },
  { name: 'a group with its date behind', text: `${fours(' ')} 12/27` },
  { name: 'a digit before', text: `7${mastercard}`, isWithin: true },
  { name: 'two digits before', text: `12${visa}`, isWithin: true },
  { name: 'a digit behind', text: `${visa}0`, isWithin: true },
  { name: 'its security code behind', text: `${visa}123`, isWithin: true },
  { name: 'the date behind', text: `${visa}1227`, isWithin: true },
  { name: 'the date and code behind', text: `${visa}1227123`, isWithin: true },
  { name: 'the date before', text: `1227${visa}`, isWithin: true },
  { name: 'American Express with its code', text: `${amex}1234`, isWithin: true },
  { name: 'a day before', text: `20261127${visa}`, isWithin: true },
  { name: 'in the midst of 40 digits', text: `812938471029${visa}918273645012`, isWithin: true },
  { name: 'the date behind the last group', text: `${fours('-')}1227`, isWithin: true },
  { name: 'hexadecimal letters around', text: `c${visa}f0e1d2c` },
  { name: 'an object id', text: `ab${visa}cdefab` },
]

const written: readonly Disguise[] = [
  { name: 'full-width digits', text: fromZero(0xff10) },
  { name: 'Arabic digits', text: fromZero(0x660) },
  { name: 'Devanagari digits', text: fromZero(0x966) },
  { name: 'bold digits', text: fromZero(0x1d7ce) },
  { name: 'double-struck digits', text: fromZero(0x1d7d8) },
  { name: 'superscripts', text: every(visa, (digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)] ?? '') },
  { name: 'subscripts', text: every(visa, (digit) => String.fromCodePoint(0x2080 + Number(digit))) },
  { name: 'circled digits', text: every(visa, (digit) => String.fromCodePoint(0x245f + Number(digit))) },
  { name: 'dark circled digits', text: every(visa, (digit) => String.fromCodePoint(0x2775 + Number(digit))) },
  { name: 'digits in brackets', text: every(visa, (digit) => String.fromCodePoint(0x2473 + Number(digit))) },
  { name: 'digits with a full stop', text: every(visa, (digit) => String.fromCodePoint(0x2487 + Number(digit))) },
  { name: 'keycaps', text: every(visa, (digit) => `${digit}\ufe0f\u20e3`) },
  { name: 'struck out', text: every(visa, (digit) => `${digit}\u0336`) },
  { name: 'accents', text: every(visa, (digit) => `${digit}\u0301\u0323`) },
  { name: 'variation selectors', text: every(visa, (digit) => `${digit}\ufe00`) },
]

const percent = (text: string) => every(text, (digit) => `%${digit.charCodeAt(0).toString(16)}`)
const escaped: readonly Disguise[] = [
  { name: 'percent-encoded', text: percent(visa) },
  { name: 'percent-encoded twice', text: percent(visa).replaceAll('%', '%25') },
  { name: 'percent-encoded in part', text: `%34${visa.slice(1)}` },
  { name: 'percent-encoded spaces', text: fours('%20') },
  { name: 'percent-encoded full-width digits', text: encodeURIComponent(fromZero(0xff10)) },
  { name: 'character references', text: every(visa, (digit) => `&#${digit.charCodeAt(0)};`) },
  { name: 'hexadecimal references', text: every(visa, (digit) => `&#x${digit.charCodeAt(0).toString(16)};`) },
  { name: 'named references between', text: fours('&nbsp;') },
  { name: 'JSON escapes', text: every(visa, (digit) => `\\u00${digit.charCodeAt(0).toString(16)}`) },
  { name: 'backslash escapes', text: every(visa, (digit) => `\\x${digit.charCodeAt(0).toString(16)}`) },
  { name: 'in a query', text: `https://example.com/pay?pan=${visa}&x=1` },
]

export const disguises: readonly Disguise[] = [
  ...Object.entries(separators).map(([name, separator]) => ({ name: `${name} between`, text: fours(separator) })),
  ...placed,
  ...written,
  ...escaped,
]
