const minus = 45
const plus = 43
const point = 46
const zero = 48
const mostSafeDigits = 15

/**
 * Where the plain decimal number (minus, digits, point, digits) at `start` ends; `start` where there is none, or where it
 * is a whole number that may be past 2^53. The byte after the content must be no digit.
 */
export function skipDecimal(bytes: Uint8Array, start: number): number {
  const wholeStart = bytes[start] === minus ? start + 1 : start
  const wholeEnd = skipDigits(bytes, wholeStart, bytes.length)
  if (wholeEnd === wholeStart) return start
  if (bytes[wholeEnd] === point) return skipDigits(bytes, wholeEnd + 1, bytes.length)
  return wholeEnd - wholeStart > mostSafeDigits ? start : wholeEnd
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

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}
