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
const fromOne = (one: number) => every(visa, (digit) => String.fromCodePoint(one - 1 + Number(digit)))
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

const ofValues = (digits: string) => every(visa, (digit) => [...digits][Number(digit)])
const scripts: readonly Disguise[] = [
  { name: 'Ethiopic digits', text: fromOne(0x1369) },
  { name: 'Tamil, Limbu and Thai digits by turns', text: '4௧1᥇1๑1௧1᥇1๑1௧1᥇' },
  { name: 'a New Tai Lue one', text: every(visa, (digit) => (digit === '1' ? '\u19da' : digit)) },
  { name: 'Kharosthi digits', text: fromOne(0x10a40) },
  { name: 'Brahmi digits', text: fromOne(0x11052) },
  { name: 'Rumi digits', text: fromOne(0x10e60) },
  { name: 'counting rods', text: fromOne(0x1d360) },
  { name: 'Roman numerals', text: fromOne(0x2160) },
  { name: 'Hangzhou digits', text: fromOne(0x3021) },
  { name: 'Chinese digits', text: ofValues('〇一二三四五六七八九') },
  { name: 'Chinese digits with spaces', text: [...ofValues('零一二三四五六七八九')].join(' ') },
  { name: 'financial Chinese digits', text: ofValues('零壹貳參肆伍陸柒捌玖') },
  { name: 'Chinese digits in brackets', text: fromOne(0x3220) },
  { name: 'Chinese digits in circles', text: fromOne(0x3280) },
  { name: 'digits with a comma', text: fromZero(0x1f101) },
  { name: 'zeros in circles', text: `4${'\u{1f10b}'.repeat(7)}${'\u{1f10c}'.repeat(7)}2` },
  { name: 'tag characters', text: fromZero(0xe0030) },
  { name: 'tag characters behind a digit', text: `4${[...fromZero(0xe0030)].slice(1).join('')}` },
  { name: 'tag characters between', text: every(visa, (digit) => `${digit}\u{e0039}`) },
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
  ...reEscaped(),
  { name: 'in a query', text: `https://example.com/pay?pan=${visa}&x=1` },
]

function reEscaped(): readonly Disguise[] {
  const hexadecimal = (before: string, behind = '', length = 2) =>
    every(visa, (digit) => `${before}${digit.charCodeAt(0).toString(16).padStart(length, '0')}${behind}`)
  const octal = every(visa, (digit) => `\\0${digit.charCodeAt(0).toString(8)}`)
  const decimal = every(visa, (digit) => `&#${digit.charCodeAt(0)};`)
  const layers = `%${'25'.repeat(50)}34${visa.slice(1)}`
  return [
    { name: 'references without semicolons', text: decimal.replaceAll(';', '') },
    { name: 'hexadecimal references with zeros', text: hexadecimal('&#x', ';', 9) },
    { name: 'decimal references with zeros', text: decimal.replaceAll('#', '#0000000000') },
    { name: 'references with an escaped ampersand', text: decimal.replaceAll('&', '&amp;amp;#38;') },
    { name: 'references in percent-encoding', text: encodeURIComponent(decimal) },
    { name: 'code points in braces', text: hexadecimal('\\u{', '}') },
    { name: 'code points of Perl', text: hexadecimal('\\x{', '}') },
    { name: 'code points of eight digits', text: hexadecimal('\\U', '', 8) },
    { name: 'JSON escapes of JSON escapes', text: hexadecimal('\\\\\\u', '', 4) },
    { name: 'code units in percent-encoding', text: hexadecimal('%u', '', 4) },
    { name: 'quoted-printable', text: hexadecimal('=') },
    { name: 'quoted-printable spaces', text: fours('=20') },
    { name: 'quoted-printable in percent-encoding', text: encodeURIComponent(hexadecimal('=')) },
    { name: 'octal escapes', text: octal },
    { name: 'octal escapes without zero', text: octal.replaceAll('\\0', '\\') },
    { name: 'octal escapes in braces', text: octal.replace(/\\0(..)/g, '\\o{$1}') },
    { name: 'style sheet escapes', text: hexadecimal('\\', ' ') },
    { name: 'style sheet escapes with zeros', text: hexadecimal('\\', '', 6) },
    { name: 'many layers of percent-encoding', text: layers },
    { name: 'zero-width references between', text: fours('&ZeroWidthSpace;') },
    { name: 'thick spaces between', text: every(visa, (digit) => `${digit}&ThickSpace;`) },
    { name: 'tags between', text: every(visa, (digit) => `${digit}<wbr>`) },
    { name: 'tags around each digit', text: every(visa, (digit) => `<b>${digit}</b>`) },
    { name: 'escaped tags between', text: fours('&lt;span class=a&gt;') },
    { name: 'an escape within a tag', text: `<a href="/%34${visa.slice(1)}">` },
  ]
}

export const disguises: readonly Disguise[] = [
  ...Object.entries(separators).map(([name, separator]) => ({ name: `${name} between`, text: fours(separator) })),
  ...placed,
  ...written,
  ...scripts,
  ...escaped,
]
