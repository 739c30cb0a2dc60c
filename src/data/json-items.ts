const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a]
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]
const lineFeed = 0x0a
const byteOrderMark = [0xef, 0xbb, 0xbf]

/** What is wrong with the file as a whole: nothing behind it can be told apart. */
export interface BrokenJson {
  readonly line: number
  readonly reason: string
}

type Place = 'start' | 'first' | 'item' | 'inside' | 'after' | 'end'

/**
 * Cuts the bytes of a JSON array, in pieces of any size, into its items, or objects that follow one another into
 * themselves. Only what is between the items is checked: what an item holds is for its reader.
 */
export class JsonItems {
  readonly #onItem: (bytes: Uint8Array, line: number) => void
  readonly #longest: number
  readonly #isPart: boolean
  #pieces: Uint8Array[] = []
  #pendingBytes = 0
  #place: Place = 'start'
  #isArray = false
  #depth = 0
  #isText = false
  #isEscaped = false
  #line = 1
  #itemLine = 1
  #bytesBefore = 0
  /** How many items came. */
  count = 0

  /**
   * @param onItem takes the bytes of an item, valid until it returns, and the line that it begins on.
   * @param isPart whether the file is one of many that hold a table: then one object alone is a row.
   */
  constructor(onItem: (bytes: Uint8Array, line: number) => void, longest: number, isPart = false) {
    this.#onItem = onItem
    this.#longest = longest
    this.#isPart = isPart
  }

  /** Whether the items are those of an array. */
  get isArray(): boolean {
    return this.#isArray
  }

  get #isInside(): boolean {
    return this.#place === 'inside'
  }

  /** Takes the next bytes; returns what is wrong, after which nothing more is taken. */
  write(chunk: Uint8Array): BrokenJson | undefined {
    let start = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]
      if (this.#isInside) {
        const end = this.#inside(chunk, at)
        if (end === undefined) break
        this.#endItem(chunk.subarray(start, end))
        // What ends a bare value is not a part of it.
        at = end - 1
        continue
      }
      if (byte === lineFeed) this.#line++
      if (isBlank(byte) || this.#isMark(byte, at)) continue
      const reason = this.#between(byte)
      if (reason !== undefined) return { line: this.#line, reason }
      if (this.#isInside) {
        start = at
        at--
      }
    }
    this.#bytesBefore += chunk.length
    if (!this.#isInside) return undefined
    // A copy, since a piece is valid only until the next one is asked for.
    this.#pieces.push(Uint8Array.from(chunk.subarray(start)))
    this.#pendingBytes += chunk.length - start
    if (this.#pendingBytes <= this.#longest) return undefined
    const size = `${this.#longest / 2 ** 20} MiB`
    const reason = this.#isArray
      ? `an item of the array begins here and is longer than ${size}; is a bracket or a quote never closed?`
      : `an object begins here and is longer than ${size}; the rows have to be items of an array: [ {…}, {…} ]`
    return { line: this.#itemLine, reason }
  }

  /** No more bytes come. */
  end(): BrokenJson | undefined {
    const place = this.#place
    if (place === 'inside')
      return { line: this.#itemLine, reason: 'what begins here is cut short: the file ends in it' }
    if (place === 'start') return { line: 1, reason: 'the file is empty' }
    if (this.#isArray && place !== 'end') {
      const reason = `the file ends before its array does, whose last item begins on line ${this.#itemLine}`
      return { line: this.#line, reason }
    }
    if (this.#isArray || this.count > 1 || this.#isPart) return undefined
    return { line: 1, reason: 'the file is one object, and not an array of objects: [ {…}, {…} ]' }
  }

  /** Where the item ends in these bytes: past its last one; undefined where it goes on. */
  #inside(chunk: Uint8Array, from: number): number | undefined {
    let at = from
    for (;;) {
      if (this.#isText) at = this.#skipText(chunk, at)
      if (at >= chunk.length) return undefined
      const byte = chunk[at]
      if (byte === quote) this.#isText = true
      else if (byte === lineFeed) this.#line++
      else if (byte === openBrace || byte === openBracket) this.#depth++
      else if (byte === closeBrace || byte === closeBracket) {
        if (this.#depth === 0) return at
        this.#depth--
        if (this.#depth === 0) return at + 1
      } else if (byte === comma && this.#depth === 0) return at
      at++
    }
  }

  /** Goes past the closing quote of the text that is open, or to the end. */
  #skipText(chunk: Uint8Array, from: number): number {
    let at = from
    for (; at < chunk.length; at++) {
      const byte = chunk[at]
      if (this.#isEscaped) this.#isEscaped = false
      else if (byte === backslash) this.#isEscaped = true
      else if (byte === lineFeed) this.#line++
      else if (byte === quote) {
        this.#isText = false
        return at + 1
      }
    }
    return at
  }

  #endItem(last: Uint8Array): void {
    const item = this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last])
    this.#pieces = []
    this.#pendingBytes = 0
    this.#place = 'after'
    this.count++
    this.#onItem(item, this.#itemLine)
  }

  /** What a byte outside of all items does; what is wrong with it. */
  #between(byte: number): string | undefined {
    if (this.#place === 'start' && byte === openBracket) {
      this.#isArray = true
      this.#place = 'first'
      return undefined
    }
    if (this.#place === 'start' && byte !== openBrace) return 'the file begins with neither [ nor {, so it is not JSON'
    if (this.#place === 'end') return 'something comes after the end of the array'
    if (byte === closeBracket && this.#isArray && this.#place !== 'item') {
      this.#place = 'end'
      return undefined
    }
    if (this.#place === 'after' && this.#isArray) {
      if (byte !== comma) return 'a comma is missing between two items of the array'
      this.#place = 'item'
      return undefined
    }
    if (byte === comma || byte === colon || byte === closeBrace || byte === closeBracket) {
      return this.#isArray
        ? 'an item of the array is missing'
        : 'objects that follow one another have nothing between them'
    }
    if (!this.#isArray && byte !== openBrace) return 'what comes after an object is not another one'
    this.#place = 'inside'
    this.#itemLine = this.#line
    return undefined
  }

  #isMark(byte: number, at: number): boolean {
    return this.#place === 'start' && byteOrderMark[this.#bytesBefore + at] === byte
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
