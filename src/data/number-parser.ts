/** How many bytes past the last one `readDecimal` may look at; a buffer is that much longer than its content. */
export const readAheadBytes = 8

// Powers of ten up to 10^22 are exact in a double.
const powersOfTen = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))
const signedPowers = Float64Array.of(...powersOfTen, ...powersOfTen.map((power) => -power))
const largestExactInteger = 2 ** 53
const minus = 45
const plus = 43
const point = 46
const zero = 48

/**
 * Reads the plain decimal number (sign, digits, point, digits) at `start` into `values[index]` and returns where it
 * stopped: at `start`, with NaN, where there is none, or none that this function takes. What it takes is correctly
 * rounded, as Number(text) is. The byte after the content must be no digit.
 *
 * Digits after the point are taken four at a time (a word of four ASCII digits becomes an integer in two
 * multiplications). A mantissa below 2^53 and a power of ten up to 10^22 are both exact, so one division rounds once and
 * correctly (Clinger, "How to read floating point numbers accurately", 1990). The value is stored, not returned, because
 * a double returned from a function that is too large to inline costs an allocation per cell. What is longer has a
 * function of its own, which keeps this one short.
 */
export function readDecimal(bytes: Uint8Array, view: DataView, start: number, values: Float64Array, index: number) {
  // 1 after a minus: a branch would be guessed wrong for every second number where signs are mixed.
  const isNegative = ((bytes[start] ^ minus) - 1) >>> 31
  let at = start + isNegative
  let digit = bytes[at] - zero
  if (digit >>> 0 <= 9) {
    let mantissa = digit
    digit = bytes[++at] - zero
    while (digit >>> 0 <= 9) {
      mantissa = mantissa * 10 + digit
      digit = bytes[++at] - zero
    }
    let decimals = 0
    if (digit === point - zero) {
      decimals = -++at
      let word = view.getInt32(at, true) ^ 0x30303030
      while (((word & 0xf0f0f0f0) | ((word + 0x06060606) & 0xf0f0f0f0)) === 0) {
        const pairs = (word * 10 + (word >> 8)) & 0x00ff00ff
        mantissa = mantissa * 10000 + ((pairs * 100 + (pairs >> 16)) & 0xffff)
        at += 4
        word = view.getInt32(at, true) ^ 0x30303030
      }
      // At most three are left, and what follows them ends the loop before the word is used up.
      while ((word & 0xff) <= 9) {
        mantissa = mantissa * 10 + (word & 0xff)
        word >>= 8
        at++
      }
      decimals += at
    }
    // A mantissa that was rounded on the way is not below this, either.
    if (mantissa < largestExactInteger && decimals < powersOfTen.length) {
      values[index] = mantissa / signedPowers[decimals + isNegative * powersOfTen.length]
      return at
    }
  }
  return readOtherDecimal(bytes, view, start, values, index)
}

/** The same where the number has a plus or more digits, or is none. */
function readOtherDecimal(bytes: Uint8Array, view: DataView, start: number, values: Float64Array, index: number) {
  values[index] = Number.NaN
  let at = start
  let digit = bytes[at] - zero
  const isNegative = digit === minus - zero
  if (isNegative || digit === plus - zero) digit = bytes[++at] - zero
  if (digit >>> 0 > 9) return start
  let mantissa = digit
  digit = bytes[++at] - zero
  while (digit >>> 0 <= 9) {
    mantissa = mantissa * 10 + digit
    digit = bytes[++at] - zero
  }
  let rest = 0
  let restDigits = 0
  let decimals = 0
  if (digit === point - zero) {
    const afterPoint = ++at
    // With a short whole part the mantissa is exact up to here; what follows is kept apart.
    const lastWord = at + 12
    let word = view.getInt32(at, true) ^ 0x30303030
    while (((word & 0xf0f0f0f0) | ((word + 0x06060606) & 0xf0f0f0f0)) === 0) {
      const pairs = (Math.imul(word, 10) + (word >> 8)) & 0x00ff00ff
      const four = (Math.imul(pairs, 100) + (pairs >> 16)) & 0xffff
      if (at < lastWord) mantissa = mantissa * 10000 + four
      else if (at === lastWord) rest = four
      else return start
      at += 4
      word = view.getInt32(at, true) ^ 0x30303030
    }
    restDigits = at > lastWord ? 4 : 0
    // At most three are left, and what follows them ends the loop before the word is used up.
    while ((word & 0xff) <= 9) {
      rest = (Math.imul(rest, 10) + (word & 0xff)) | 0
      word >>= 8
      at++
      restDigits++
    }
    decimals = at - afterPoint
  }
  const whole = mantissa * powersOfTen[restDigits] + rest
  let value = whole / powersOfTen[decimals]
  if (whole >= largestExactInteger) {
    if (mantissa >= largestExactInteger) return start
    value = divideExactly(mantissa, powersOfTen[restDigits], rest, powersOfTen[decimals])
    if (Number.isNaN(value)) return start
  }
  values[index] = isNegative ? -value : value
  return at
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
 * (high * power + low) / divisor, correctly rounded, or NaN where it lies too near the middle between two doubles: for
 * mantissas of more than 53 bits, such as the 17 digits that a random double needs. Dividend and quotient are held as
 * sums of two doubles, which is good to about 100 bits (Dekker, "A floating-point technique for extending the available
 * precision", 1971), and rounded only where both ends of the error's interval round alike (Ziv's test).
 */
function divideExactly(high: number, power: number, low: number, divisor: number): number {
  const product = high * power
  const dividend = product + low
  const rest = low - (dividend - product) + productError(high, power, product)
  const quotient = dividend / divisor
  const back = quotient * divisor
  const correction = (dividend - back - productError(quotient, divisor, back) + rest) / divisor
  const margin = Math.abs(correction) * 2 ** -45
  const value = quotient + (correction - margin)
  return value === quotient + (correction + margin) ? value : Number.NaN
}

/** What rounding took from a product, exactly. */
function productError(a: number, b: number, product: number): number {
  const aHigh = upperHalf(a)
  const aLow = a - aHigh
  const bHigh = upperHalf(b)
  const bLow = b - bHigh
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow
}

/** The upper 26 bits of a double (Veltkamp's splitting), so that a product of two halves is exact. */
function upperHalf(value: number): number {
  const scaled = value * 134217729
  return scaled - (scaled - value)
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}
