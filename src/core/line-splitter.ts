const newline = 0x0a

/** Cuts a stream of bytes into lines and holds no more than one line's limit. A line over it is `undefined`, once. */
export class LineSplitter {
  readonly #limitBytes: number
  #parts: Buffer[] = []
  #length = 0
  #isTooLong = false

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** The lines that end in this chunk. They have to be taken before the next chunk is given. */
  *take(chunk: Buffer): Generator<Buffer | undefined> {
    let start = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#hold(chunk.subarray(start, end))
      yield this.#release()
      start = end + 1
    }
    this.#hold(chunk.subarray(start))
  }

  /** The last line, where no newline ended it. */
  *finish(): Generator<Buffer | undefined> {
    if (this.#length > 0 || this.#isTooLong) yield this.#release()
  }

  #hold(part: Buffer): void {
    if (part.length === 0 || this.#isTooLong) return
    this.#length += part.length
    this.#isTooLong = this.#length > this.#limitBytes
    if (this.#isTooLong) this.#parts = []
    else this.#parts.push(part)
  }

  #release(): Buffer | undefined {
    const [first] = this.#parts
    const whole = this.#parts.length === 1 ? first : Buffer.concat(this.#parts)
    const line = this.#isTooLong ? undefined : whole
    this.#parts = []
    this.#length = 0
    this.#isTooLong = false
    return line
  }
}
