/** Where the reading of a number stopped. One is kept and passed in again, so that reading a cell allocates nothing. */
export interface DecimalCursor {
  end: number
}

/** How many bytes past the last one `readDecimal` may look at; a buffer is that much longer than its content. */
export const readAheadBytes = 4

// Powers of ten up to 10^22 are exact in a double.
const powersOfTen = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))
const largestExactInteger = 2 ** 53
const minus = 45
const plus = 43
const point = 46
const zero = 48

/**
 * Reads the plain decimal number (sign, digits, point, digits) at `start` and leaves in `cursor.end` where it stopped:
 * at `start` where there is none or none that a double can hold. What it reads is correctly rounded, as Number(text) is.
 *
 * Digits after the point are taken four at a time (a word of four ASCII digits becomes an integer in two
 * multiplications). A mantissa below 2^53 and a power of ten up to 10^22 are both exact, so one division rounds once and
 * correctly (Clinger, "How to read floating point numbers accurately", 1990).
 */
export function readDecimal(bytes: Uint8Array, view: DataView, start: number, cursor: DecimalCursor): number {
  let at = start
  let digit = bytes[at] - zero
  const isNegative = digit === minus - zero
  if (isNegative || digit === plus - zero) digit = bytes[++at] - zero
  if (digit >>> 0 > 9) {
    cursor.end = start
    return Number.NaN
  }
  let mantissa = digit
  digit = bytes[++at] - zero
  while (digit >>> 0 <= 9) {
    mantissa = mantissa * 10 + digit
    digit = bytes[++at] - zero
  }
  let decimals = 0
  if (digit === point - zero) {
    const afterPoint = ++at
    let word = view.getInt32(at, true) ^ 0x30303030
    while (((word & 0xf0f0f0f0) | ((word + 0x06060606) & 0xf0f0f0f0)) === 0) {
      const pairs = (Math.imul(word, 10) + (word >>> 8)) & 0x00ff00ff
      mantissa = mantissa * 10000 + ((Math.imul(pairs, 100) + (pairs >>> 16)) & 0xffff)
      at += 4
      word = view.getInt32(at, true) ^ 0x30303030
    }
    // Fewer than four digits are left, and what follows them stops the loop before the word is used up.
    while ((word & 0xff) <= 9) {
      mantissa = mantissa * 10 + (word & 0xff)
      word >>>= 8
      at++
    }
    decimals = at - afterPoint
  }
  cursor.end = at
  if (mantissa >= largestExactInteger || decimals > 22) return readLongDecimal(bytes, start, at, cursor)
  const value = decimals === 0 ? mantissa : mantissa / powersOfTen[decimals]
  return isNegative ? -value : value
}

/**
 * The number written in bytes[start, end): sign, digits with or without a point, exponent. NaN where the text is not
 * exactly that; infinite where it is too large for a double. Equal to Number(text) for every such text.
 */
export function parseDecimal(bytes: Uint8Array, start: number, end: number): number {
  if (!isDecimal(bytes, start, end)) return Number.NaN
  return Number(latin1(bytes, start, end))
}

function isDecimal(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  if (at < end && (bytes[at] === minus || bytes[at] === plus)) at++
  const wholeEnd = skipDigits(bytes, at, end)
  let digits = wholeEnd - at
  at = wholeEnd
  if (at < end && bytes[at] === point) {
    const decimalsEnd = skipDigits(bytes, at + 1, end)
    digits += decimalsEnd - at - 1
    at = decimalsEnd
  }
  if (digits === 0) return false
  if (at < end && (bytes[at] | 0x20) === 0x65) {
    at++
    if (at < end && (bytes[at] === minus || bytes[at] === plus)) at++
    const exponentEnd = skipDigits(bytes, at, end)
    if (exponentEnd === at) return false
    at = exponentEnd
  }
  return at === end
}

function skipDigits(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && (bytes[at] - zero) >>> 0 <= 9) at++
  return at
}

/**
 * A plain decimal of more than 53 bits, such as the 17 digits that a random double needs. Up to 18 digits the mantissa
 * is held as the exact sum of two doubles and divided with the remainder carried on (Dekker, "A floating-point technique
 * for extending the available precision", 1971), good to about 100 bits. The quotient is rounded only where both ends of
 * its error interval round alike (Ziv's test), which leaves a few in 10^14 to Number().
 */
function readLongDecimal(bytes: Uint8Array, start: number, end: number, cursor: DecimalCursor): number {
  let high = 0
  let low = 0
  let digits = 0
  let lowDigits = 0
  let decimals = -1
  for (let at = start; at < end; at++) {
    const digit = bytes[at] - zero
    if (digit >>> 0 > 9) {
      if (digit === point - zero) decimals = 0
      continue
    }
    if (decimals >= 0) decimals++
    if (digits === 0 && digit === 0) continue
    digits++
    if (digits <= 9) high = high * 10 + digit
    else {
      low = low * 10 + digit
      lowDigits++
    }
  }
  if (digits <= 18 && decimals <= 22) {
    const magnitude = divideExactly(high, powersOfTen[lowDigits], low, powersOfTen[Math.max(0, decimals)])
    if (!Number.isNaN(magnitude)) return bytes[start] === minus ? -magnitude : magnitude
  }
  const value = Number(latin1(bytes, start, end))
  if (!Number.isFinite(value)) cursor.end = start
  return value
}

/** (high * power + low) / divisor, correctly rounded, or NaN where it lies too near the middle between two doubles. */
function divideExactly(high: number, power: number, low: number, divisor: number): number {
  // Both products have at most 45 bits, so they are exact, and the first is zero or larger than the second.
  const highPart = Math.floor(high / 32768) * 32768
  const first = highPart * power
  const second = (high - highPart) * power + low
  const dividend = first + second
  const rest = second - (dividend - first)
  const quotient = dividend / divisor

  const product = quotient * divisor
  const quotientHigh = upperHalf(quotient)
  const quotientLow = quotient - quotientHigh
  const divisorHigh = upperHalf(divisor)
  const divisorLow = divisor - divisorHigh
  const productError =
    quotientHigh * divisorHigh -
    product +
    quotientHigh * divisorLow +
    quotientLow * divisorHigh +
    quotientLow * divisorLow
  const correction = (dividend - product - productError + rest) / divisor

  const margin = Math.abs(correction) * 2 ** -45
  const value = quotient + (correction - margin)
  return value === quotient + (correction + margin) ? value : Number.NaN
}

/** The upper 26 bits of a double (Veltkamp's splitting), so that a product of two halves is exact. */
function upperHalf(value: number): number {
  const scaled = value * 134217729
  return scaled - (scaled - value)
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}
