import type { FieldValue } from '../detector/field-value.ts'

// The first byte of a value: a small whole number itself, or what follows.
const smallNumbers = 200
const tag = {
  nan: 200,
  missing: 201,
  text: 202,
  whole: 203,
  negative: 204,
  double: 205,
  hundredths: 206,
  single: 207,
} as const

const firstBytes = 1024
const mostKeptBytes = 4 * 2 ** 20

const encoder = new TextEncoder()
// A byte order mark that begins a text is a part of it.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** Of bytes that are ASCII; several times as fast as the decoder. */
const asciiSlice = Buffer.prototype.latin1Slice

/**
 * Writes values side by side, each in as few bytes as tell it exactly: most of a row are small counts, 0, or money with
 * two decimals.
 */
export class ValueWriter {
  #bytes = new Uint8Array(firstBytes)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** The bytes written so far, valid until more is written. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  clear(): void {
    this.#length = 0
    // After one large record among small ones.
    if (this.#bytes.length > mostKeptBytes) this.#replace(new Uint8Array(firstBytes))
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  double(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** A whole number from 0 up, seven bits a byte. */
  whole(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#length++] = rest
  }

  /** Begins what is written behind its length. @returns what `close` has to be told. */
  open(): number {
    // One byte tells most lengths; for a longer one what was written moves on.
    this.byte(0)
    return this.#length - 1
  }

  /** Ends what was begun, and writes its length before it. */
  close(start: number): void {
    const length = this.#length - start - 1
    if (length < 128) {
      this.#bytes[start] = length
      return
    }
    const written = this.#bytes.slice(start + 1, this.#length)
    this.#length = start
    this.whole(length)
    this.raw(written)
  }

  text(text: string): void {
    const { length } = text
    if (length < 128) this.#reserve(length * 3 + 8)
    // ASCII in the usual case: its bytes are its characters.
    const start = this.#length
    let at = start + (length < 128 ? 1 : 0)
    for (let i = 0; length < 128 && i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 127) {
        at = -1
        break
      }
      this.#bytes[at++] = unit
    }
    if (length < 128 && at >= 0) {
      this.#bytes[start] = length
      this.#length = at
      return
    }
    const bytes = encoder.encode(text)
    this.whole(bytes.length)
    this.raw(bytes)
  }

  value(value: FieldValue): void {
    if (typeof value === 'number') this.number(value)
    else if (value === undefined) this.byte(tag.missing)
    else {
      this.byte(tag.text)
      this.text(value)
    }
  }

  number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.#integer(value)
    else if (Number.isNaN(value)) this.byte(tag.nan)
    else this.#fraction(value)
  }

  #integer(value: number): void {
    if (value >= 0 && value < smallNumbers) this.byte(value)
    else {
      this.byte(value < 0 ? tag.negative : tag.whole)
      this.whole(Math.abs(value))
    }
  }

  #fraction(value: number): void {
    const hundredths = Math.round(value * 100)
    if (value > 0 && hundredths < 2 ** 34 && hundredths / 100 === value) {
      this.byte(tag.hundredths)
      this.whole(hundredths)
    } else if (Math.fround(value) === value) {
      this.byte(tag.single)
      this.#reserve(4)
      this.#view.setFloat32(this.#length, value, true)
      this.#length += 4
    } else {
      this.byte(tag.double)
      this.double(value)
    }
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = new Uint8Array((this.#length + more) * 2)
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#replace(larger)
  }

  #replace(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }
}

/** Texts of so many bytes are put together faster than they are asked of the buffer. */
const shortText = 10

/** Reads what a ValueWriter wrote. Throws RangeError or TypeError where the bytes are something else. */
export class ValueReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0
  #end: number

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#end = bytes.length
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end
  }

  get position(): number {
    return this.#at
  }

  /** Ends after so many bytes until `leave` is told what this returns. */
  enter(length: number): number {
    const end = this.#end
    this.#need(length)
    this.#end = this.#at + length
    return end
  }

  /** Goes on behind what was entered, read to its end or not. */
  leave(end: number): void {
    this.#at = this.#end
    this.#end = end
  }

  raw(length: number): Uint8Array {
    this.#need(length)
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  byte(): number {
    this.#need(1)
    return this.#bytes[this.#at++]
  }

  double(): number {
    this.#need(8)
    this.#at += 8
    return this.#view.getFloat64(this.#at - 8, true)
  }

  whole(): number {
    let value = 0
    for (let unit = 1; ; unit *= 128) {
      const byte = this.byte()
      value += (byte & 127) * unit
      if (!(value <= Number.MAX_SAFE_INTEGER)) throw new RangeError('a whole number is too large')
      if (byte < 128) return value
    }
  }

  text(): string {
    const length = this.whole()
    this.#need(length)
    const bytes = this.#bytes
    const start = this.#at
    const end = start + length
    this.#at = end
    for (let at = start; at < end; at++) if (bytes[at] > 127) return decoder.decode(bytes.subarray(start, end))
    if (length >= shortText) return asciiSlice.call(bytes, start, end)
    let text = ''
    for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at])
    return text
  }

  value(): FieldValue {
    const first = this.byte()
    if (first === tag.missing) return undefined
    return first === tag.text ? this.text() : this.#numberAfter(first)
  }

  number(): number {
    return this.#numberAfter(this.byte())
  }

  #numberAfter(first: number): number {
    if (first < smallNumbers) return first
    switch (first) {
      case tag.nan:
        return Number.NaN
      case tag.whole:
        return this.whole()
      case tag.negative:
        return -this.whole()
      case tag.hundredths:
        return this.whole() / 100
      case tag.double:
        return this.double()
      case tag.single:
        this.#need(4)
        this.#at += 4
        return this.#view.getFloat32(this.#at - 4, true)
      default:
        throw new RangeError(`a value begins with ${first}`)
    }
  }

  #need(length: number): void {
    if (!(this.#at + length <= this.#end)) throw new RangeError('bytes are cut off')
  }
}
