// Cells of plain numbers of a CSV file, from its bytes into a block of rows, column after column. Any other cell ends the
// loop and is left to the caller, as is a number that can't be rounded correctly here. The places are as in
// src/data/number-cells.ts.

const columnsAt: usize = 0
/** From one column of the block to the next, in bytes. */
const strideAt: usize = 4
/** Where the bytes of the file end. */
const lengthAt: usize = 8
const separatorAt: usize = 12
/** Where the loop ended. */
const columnAt: usize = 16
const rowAt: usize = 20
const rowStartAt: usize = 24
/** 10^0 to 10^22, which are exact in a double. */
const powersAt: usize = 64
const powers: usize = 23
/** 10^-d as 128 bits from the first that is 1, for d to 27: a place for each half. */
const inversesAt: usize = 256
const inverses: usize = 28
/** 16 times 0 and 16 times 255. */
const stepAt: usize = 704
/** For each place of a point among 16 bytes, and then for none: the order that closes its gap. */
const ordersAt: usize = 736
/** For the same places what the number is to be divided by, and then the same below 0. */
const divisorsAt: usize = 1024
const divisorsBelowAt: usize = 1160
const none: usize = 16
/** Vectors: here they stay in registers, where the engine would make constants anew at each use. */
const zerosAt: usize = 1296
const ninesAt: usize = 1312
const lineFeedsAt: usize = 1328
const tensAt: usize = 1344
const hundredsAt: usize = 1360
const myriadsAt: usize = 1376
/** For each column how it is read, and the byte that ends its cells. */
const waysAt: usize = 2048
const endsAt: usize = 20480
const blockAt: usize = 40960
/**
 * The least way of those that are for this loop, and what the place is of a point before three decimals: such numbers of
 * a column of this way are for the caller.
 */
const undecidedNumber: u32 = 28

const lineFeed: u32 = 10
const carriageReturn: u32 = 13
const quote: u32 = 34
const plus: u32 = 43
const minus: u32 = 45
const point: u32 = 46
const zero: u32 = 48
const largestExact: u64 = 9007199254740992

export function fillTables(): void {
  v128.store(zerosAt, i8x16.splat(<i8>zero))
  v128.store(ninesAt, i8x16.splat(9))
  v128.store(lineFeedsAt, i8x16.splat(<i8>lineFeed))
  v128.store(tensAt, i16x8.splat(2561))
  v128.store(hundredsAt, i16x8(100, 1, 100, 1, 100, 1, 100, 1))
  v128.store(myriadsAt, i16x8(10000, 1, 10000, 1, 10000, 1, 10000, 1))
  memory.fill(stepAt + 16, 255, 16)
  let power: f64 = 1
  for (let i: usize = 0; i < powers; i++, power *= 10) store<f64>(powersAt + (i << 3), power)
  for (let place: usize = 0; place <= none; place++) {
    for (let i: usize = 0; i < 16; i++) {
      store<u8>(ordersAt + (place << 4) + i, <u8>(place == none || i > place ? i : i - 1))
    }
    const divisor = load<f64>(powersAt + ((place == none ? 0 : 15 - place) << 3))
    store<f64>(divisorsAt + (place << 3), divisor)
    store<f64>(divisorsBelowAt + (place << 3), -divisor)
  }
  let power5: u64 = 5
  for (let i: usize = 1; i < inverses; i++, power5 *= 5) invert(power5, inversesAt + (i << 4))
}

/** The first 128 bits of the inverse, rounded up. */
function invert(divisor: u64, to: usize): void {
  let high: u64 = 0
  let low: u64 = 0
  for (let rest: u64 = 1; high >> 63 == 0; ) {
    rest <<= 1
    high = (high << 1) | (low >> 63)
    low <<= 1
    if (rest < divisor) continue
    rest -= divisor
    low |= 1
  }
  low++
  store<u64>(to, low == 0 ? high + 1 : high)
  store<u64>(to, low, 8)
}

/**
 * Reads cells from a column of a row of the block on, to the last of `rows` rows at most; returns where it ended. What
 * ends cells is looked for in 64 bytes at once, so that no cell has to wait for the one before. One of up to 15 bytes
 * takes no branch that depends on it: the gap of its point is closed, and its digits become one number (below 2^53) in
 * three multiplications. Divided by a power of ten that is exact, it is rounded once and correctly (Clinger, "How to read
 * floating point numbers accurately", 1990).
 */
export function readCells(start: usize, firstColumn: usize, firstRow: usize, rows: usize): usize {
  const zeros = v128.load(zerosAt)
  const nines = v128.load(ninesAt)
  const tens = v128.load(tensAt)
  const hundreds = v128.load(hundredsAt)
  const myriads = v128.load(myriadsAt)
  const separators = v128.load8_splat(separatorAt)
  const lineFeeds = v128.load(lineFeedsAt)
  const last = <usize>load<u32>(columnsAt) - 1
  let at = start
  let column = firstColumn
  // A caller that wants a cell or two needs no more than the first 16 bytes.
  let base = at - 48
  let marks = marksOf16(at, separators, lineFeeds) << 48
  for (let row = firstRow; row < rows; row++) {
    if (column == 0) store<u32>(rowStartAt, <u32>at)
    let to = blockAt + column * <usize>load<u32>(strideAt) + (row << 3)
    for (; column <= last; column++, to += <usize>load<u32>(strideAt)) {
      const way = <u32>load<u8>(waysAt + column)
      if (way < undecidedNumber) return stop(at, column, row)
      while (marks == 0) {
        base += 64
        if (base >= <usize>load<u32>(lengthAt)) return stop(at, column, row)
        marks = marksOf(base, separators, lineFeeds)
      }
      const end = base + <usize>ctz(marks)
      marks &= marks - 1
      const size = <u32>(end - at)
      let isRead = false
      if (size < 16) {
        // Bits are those of the 16 bytes before the end, above 16 others.
        const values = i8x16.sub(v128.load(end - 16), zeros)
        const areDigits = v128.and(i8x16.le_u(values, nines), v128.load(stepAt + size))
        const sign = <u32>(<u32>load<u8>(at) == minus)
        const first = 32 - size + sign
        const others = (<u32>i8x16.bitmask(areDigits) << 16) ^ (<u32>-1 << first)
        const place = <usize>ctz(others)
        let faults = (others & (others - 1)) | <u32>(place <= <usize>first)
        faults |= (<u32>load<u8>(end - 32 + place) ^ point) & (<u32>(place >> 5) - 1)
        faults |= (<u32>load<u8>(end) ^ <u32>load<u8>(endsAt + column)) | <u32>(place == way)
        if (faults == 0) {
          const ordered = i8x16.swizzle(v128.and(values, areDigits), v128.load(ordersAt - (none << 4) + (place << 4)))
          const mantissa = numberOf(ordered, tens, hundreds, myriads)
          const divisorAt = divisorsAt - (none << 3) + (place << 3) + <usize>sign * (divisorsBelowAt - divisorsAt)
          store<f64>(to, <f64>(<i64>mantissa) / load<f64>(divisorAt))
          isRead = true
        }
      }
      if (!isRead && !readOther(at, end, column, to)) return stop(at, column, row)
      at = end + 1
    }
    column = 0
  }
  return stop(at, column, rows)
}

function stop(at: usize, column: usize, row: usize): usize {
  store<u32>(columnAt, <u32>column)
  store<u32>(rowAt, <u32>row)
  return at
}

/** A bit for each of 64 bytes that is one of the two. */
// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function marksOf(at: usize, a: v128, b: v128): u64 {
  const lower = marksOf16(at, a, b) | (marksOf16(at + 16, a, b) << 16)
  return lower | (marksOf16(at + 32, a, b) << 32) | (marksOf16(at + 48, a, b) << 48)
}

// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function marksOf16(at: usize, a: v128, b: v128): u64 {
  const bytes = v128.load(at)
  return <u64><u32>i8x16.bitmask(v128.or(i8x16.eq(bytes, a), i8x16.eq(bytes, b)))
}

/** The number that 16 digits are. */
// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function numberOf(digits: v128, tens: v128, hundreds: v128, myriads: v128): u64 {
  // The upper byte of each two is 10 times the first and the second.
  const twos = i16x8.shr_u(i16x8.mul(digits, tens), 8)
  const fours = i32x4.dot_i16x8_s(twos, hundreds)
  const eights = i64x2.extract_lane(i32x4.dot_i16x8_s(i16x8.narrow_i32x4_u(fours, fours), myriads), 0)
  return (<u64>eights & 0xffffffff) * 100000000 + (<u64>eights >> 32)
}

/** A cell that is longer, or is written in a rarer way; false where it is for the caller. */
export function readOther(start: usize, end: usize, column: usize, to: usize): bool {
  if (load<u8>(end) != load<u8>(endsAt + column)) return false
  const sign = <usize>(<u32>load<u8>(start) == minus)
  return readDecimal(start + sign, end) ? put(sign != 0, false, 0, column, to) : readRare(start, end, column, to)
}

/** A cell that is empty or quoted, or has a plus, an exponent or a carriage return behind it. */
function readRare(start: usize, cellEnd: usize, column: usize, to: usize): bool {
  let at = start
  let end = cellEnd
  if (<u32>load<u8>(end) == lineFeed && end > at && <u32>load<u8>(end - 1) == carriageReturn) end--
  if (at == end) {
    store<f64>(to, NaN)
    // A line without anything is no row.
    return load<u32>(columnsAt) > 1
  }
  if (end - at > 2 && <u32>load<u8>(at) == quote && <u32>load<u8>(end - 1) == quote) {
    at++
    end--
  }
  const isNegative = <u32>load<u8>(at) == minus
  if (isNegative || <u32>load<u8>(at) == plus) at++
  if (readDecimal(at, end)) return put(isNegative, false, 0, column, to)
  const e = findExponent(at, end)
  return e < end && readDecimal(at, e) && put(isNegative, true, exponentAt(e + 1, end), column, to)
}

let mantissa: u64 = 0
let decimals: i32 = 0

/** Puts the decimal that was read, times a power of ten, into its place; false where it is for the caller. */
function put(isNegative: bool, hasExponent: bool, exponent: i32, column: usize, to: usize): bool {
  if (!hasExponent && decimals == 0 && mantissa >= largestExact) return false
  if (<u32>load<u8>(waysAt + column) == undecidedNumber && (hasExponent || decimals == 3)) return false
  const value = divide(mantissa, decimals - exponent)
  store<f64>(to, isNegative ? -value : value)
  return value == value
}

/**
 * Reads digits, with or without a point behind the first, 31 bytes at most, into `mantissa` and `decimals`; false for
 * anything else, and for more than 19 significant digits.
 */
function readDecimal(at: usize, end: usize): bool {
  const size = end - at
  if (size == 0 || size > 31) return false
  const zeros = v128.load(zerosAt)
  const nines = v128.load(ninesAt)
  const upper = i8x16.sub(v128.load(end - 32), zeros)
  const lower = i8x16.sub(v128.load(end - 16), zeros)
  const areUpper = v128.and(i8x16.le_u(upper, nines), v128.load(stepAt + (size > 16 ? size - 16 : 0)))
  const areLower = v128.and(i8x16.le_u(lower, nines), v128.load(stepAt + (size > 16 ? 16 : size)))
  const digits = <u32>i8x16.bitmask(areUpper) | (<u32>i8x16.bitmask(areLower) << 16)
  const first = 32 - <u32>size
  const others = digits ^ (<u32>-1 << first)
  const place = <usize>ctz(others)
  if (place <= <usize>first || (others & (others - 1)) != 0) return false
  if (place < 32 && <u32>load<u8>(end - 32 + place) != point) return false
  const tens = v128.load(tensAt)
  const hundreds = v128.load(hundredsAt)
  const myriads = v128.load(myriadsAt)
  const upperOrder = v128.load(ordersAt + (min(place, none) << 4))
  const lowerOrder = v128.load(ordersAt + ((place < 16 ? none : place - 16) << 4))
  const high = numberOf(i8x16.swizzle(v128.and(upper, areUpper), upperOrder), tens, hundreds, myriads)
  const low = numberOf(i8x16.swizzle(v128.and(lower, areLower), lowerOrder), tens, hundreds, myriads)
  const isBelow = place >= 16 && place < 32
  mantissa = high * (isBelow ? 1000000000000000 : 10000000000000000) + low
  decimals = place == 32 ? 0 : 31 - <i32>place
  // What 19 digits are is below 2^64.
  const tooHigh: u64 = isBelow ? 10000 : 1000
  return high < tooHigh
}

/** Where the e is of the exponent that a cell ends with; the end where there is none. */
function findExponent(at: usize, end: usize): usize {
  let e = end - 1
  while (e > at && end - e < 5 && <u32>load<u8>(e) - zero <= 9) e--
  const hasSign = <u32>load<u8>(e) == minus || <u32>load<u8>(e) == plus
  if (hasSign) e--
  return e > at && end - e > (hasSign ? 2 : 1) && (<u32>load<u8>(e) | 32) == 101 ? e : end
}

function exponentAt(start: usize, end: usize): i32 {
  const sign = <u32>load<u8>(start)
  let exponent: i32 = 0
  for (let at = sign == minus || sign == plus ? start + 1 : start; at < end; at++) {
    exponent = exponent * 10 + <i32>load<u8>(at) - <i32>zero
  }
  return sign == minus ? -exponent : exponent
}

/** mantissa / 10^scale, correctly rounded; NaN where that is beyond these ways. */
function divide(mantissa: u64, scale: i32): f64 {
  // Whether digits fit into 53 bits changes from cell to cell, so that is not asked here.
  if (scale > 0 && scale < <i32>inverses && mantissa > 0) return multiply(mantissa, <usize>scale)
  if (mantissa >= largestExact || abs(scale) >= <i32>powers) return NaN
  const power = load<f64>(powersAt + (<usize>abs(scale) << 3))
  return scale < 0 ? <f64>mantissa * power : <f64>mantissa / power
}

/** By the inverse of the power (Lemire, "Number parsing at a gigabyte per second", 2021). */
function multiply(mantissa: u64, scale: usize): f64 {
  const zeros = clz(mantissa)
  const factor = mantissa << zeros
  const inverse = load<u64>(inversesAt + (scale << 4))
  let high = productHigh(factor, inverse)
  let low = factor * inverse
  if ((high & 0x1ff) == 0x1ff) {
    const second = productHigh(factor, load<u64>(inversesAt + (scale << 4), 8))
    low += second
    if (low < second) high++
  }
  const upper = high >> 63
  let bits = high >> (upper + 9)
  // What lies in the middle of two doubles goes to the even one.
  if (low <= 1 && (bits & 3) == 1 && bits << (upper + 9) == high) bits &= ~1
  bits = (bits + (bits & 1)) >> 1
  // The binary logarithm of 10^-scale, rounded down.
  const logarithm = (-<i64>scale * 217706) >> 16
  return <f64>bits * reinterpret<f64>(<u64>(logarithm + 63 + <i64>upper - <i64>zeros - 52 + 1023) << 52)
}

/** The upper half of a product. */
// @ts-ignore: a decorator of a function, which the compiler knows.
@inline
function productHigh(a: u64, b: u64): u64 {
  const aHigh = a >> 32
  const aLow = a & 0xffffffff
  const bHigh = b >> 32
  const bLow = b & 0xffffffff
  const middle = aHigh * bLow + ((aLow * bLow) >> 32)
  const carry = ((middle & 0xffffffff) + aLow * bHigh) >> 32
  return aHigh * bHigh + (middle >> 32) + carry
}
