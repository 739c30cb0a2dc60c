const fewestDigits = 13
const mostDigits = 19

/**
 * Whether a text holds what may be a card number: 13 to 19 digits, spaces and hyphens between them ignored, that pass
 * the Luhn check and begin with a range in use. They begin and end where a group of digits does, so that
 * `4111 1111 1111 1111 12/27` is found, and 25 digits without a gap are a reference. Called for every text of every
 * transaction: allocates nothing where a text is ASCII.
 */
export function holdsCardNumber(text: string): boolean {
  // How many units may be no digits if there are to be enough.
  let spare = text.length - fewestDigits
  let isAscii = true
  for (let i = 0; i < text.length && spare >= 0; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 127) isAscii = false
    else if (!isDigit(unit)) spare--
  }
  if (spare < 0) return false
  const ascii = isAscii ? text : toAscii(text)
  return isFoundIn(ascii) && isFoundIn(withoutHexadecimalIds(ascii))
}

/** The digits of a text that is one card number and nothing else; undefined for any other, also for one that holds one. */
export function cardNumberDigits(text: string): string | undefined {
  const digits = toAscii(text).replace(/[\s-]+/g, '')
  return /^\d+$/.test(digits) && endOfCardNumber(digits, 0) === digits.length ? digits : undefined
}

/** Only a group's first digit can begin a card number. */
function isFoundIn(text: string): boolean {
  let isWithinGroup = false
  for (let i = 0; i < text.length; i++) {
    const isOne = isDigit(text.charCodeAt(i))
    if (isOne && !isWithinGroup && endOfCardNumber(text, i) >= 0) return true
    isWithinGroup = isOne
  }
  return false
}

/** Where the longest stretch of groups from here on that is a card number ends; -1 where none is one. */
function endOfCardNumber(text: string, start: number): number {
  let found = -1
  let count = 0
  let prefix = 0
  let firstGroup = 0
  // Which digits Luhn doubles depends on how many there are: both sums are kept, and the end decides.
  let evenDoubled = 0
  let oddDoubled = 0
  for (let i = start; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (!isDigit(unit)) {
      if (isGap(unit)) continue
      break
    }
    if (count === mostDigits) break
    const digit = unit - zero
    const doubled = digit < 5 ? 2 * digit : 2 * digit - 9
    evenDoubled += count % 2 === 0 ? doubled : digit
    oddDoubled += count % 2 === 0 ? digit : doubled
    if (count < 4) prefix = 10 * prefix + digit
    count++
    const endsGroup = i + 1 === text.length || !isDigit(text.charCodeAt(i + 1))
    if (endsGroup && firstGroup === 0) firstGroup = count
    if (!endsGroup || count < fewestDigits) continue
    const sum = count % 2 === 0 ? evenDoubled : oddDoubled
    if (sum % 10 === 0 && isInUse(prefix, count, firstGroup)) found = i + 1
  }
  return found
}

/**
 * Ranges of issuers (ISO/IEC 7812) that card schemes use, by a number's first four digits: the schemes' own words and
 * the tables of open libraries. Lengths and groups are not minded, but of UATP: many
 * numbers that begin with 1 are times, and 1764000000-12345 is a time and a counter.
 */
function isInUse(prefix: number, count: number, firstGroup: number): boolean {
  if (prefix >= 4000 && prefix < 7000) return true // Visa, Mastercard, Maestro, Discover, UnionPay, RuPay, Elo, Verve
  if (prefix >= 3000 && prefix < 4000) return isInUseFrom3(prefix)
  if (prefix >= 2221 && prefix <= 2720) return true // Mastercard
  if (prefix >= 2200 && prefix <= 2204) return true // Mir
  if (prefix >= 8100 && prefix < 8300) return true // UnionPay, RuPay
  if (prefix >= 1000 && prefix < 2000) return count === 15 && (firstGroup === 4 || firstGroup === 15) // UATP
  return prefix === 9792 || prefix === 8600 || prefix === 9860 // Troy, Uzcard, Humo
}

function isInUseFrom3(prefix: number): boolean {
  if (prefix <= 3059 || prefix === 3095 || prefix >= 3800) return true // Diners Club
  if (prefix >= 3528 && prefix <= 3589) return true // JCB
  const two = Math.floor(prefix / 100)
  return two === 34 || two === 37 || two === 36 // American Express, Diners Club
}

const hexadecimalId =
  /(?<![\da-z])(?:[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{24}|[\da-f]{32}|[\da-f]{40}|[\da-f]{64})(?![\da-z])/gi

/**
 * Of random UUIDs one in 700 has a stretch of decimal digits that looks like a card number, of other hexadecimal
 * identifiers one in 1,200: the usual forms (UUID, ObjectId, MD5, SHA-1, SHA-256) are taken for what they are.
 */
function withoutHexadecimalIds(text: string): string {
  return text.replace(hexadecimalId, (id) => (/[a-f]/i.test(id) ? 'x' : id))
}

/** Digits of other scripts, full-width or styled ones as ASCII; every kind of space, dash and invisible character as a hyphen. */
function toAscii(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{Nd}/gu, asciiDigit)
    .replace(/[\p{Z}\p{Pd}\p{Cf}\u2212]/gu, '-')
}

/** Unicode puts each script's ten digits in a row. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? zero
  let value = 0
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value++
  return String(value)
}

const zero = 48

function isDigit(unit: number): boolean {
  return unit >= zero && unit < zero + 10
}

/** A hyphen, a space, a tab or an end of line. */
function isGap(unit: number): boolean {
  return unit === 32 || unit === 45 || (unit >= 9 && unit <= 13)
}
