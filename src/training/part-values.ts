import { closeSync, openSync, readSync, writeSync } from 'node:fs'

const bytesPerValue = 8

/**
 * Writes rows of values of one bucket into a file, each behind its event's place in the file, so that whoever reads them can tell
 * that none is missing.
 */
export class PartWriter {
  readonly #file: number
  readonly #values: Float64Array
  #used = 0

  constructor(path: string, width: number) {
    this.#file = openSync(path, 'wx', 0o600)
    this.#values = new Float64Array((width + 1) * 1024)
  }

  add(row: number, values: ArrayLike<number>): void {
    if (this.#used === this.#values.length) this.#flush()
    this.#values[this.#used] = row
    this.#values.set(values, this.#used + 1)
    this.#used += values.length + 1
  }

  close(): void {
    this.#flush()
    closeSync(this.#file)
  }

  #flush(): void {
    const bytes = new Uint8Array(this.#values.buffer, 0, this.#used * bytesPerValue)
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done)
    this.#used = 0
  }
}

/** Reads such a file row by row; it is open only while a piece of it is read, since there may be thousands. */
export class PartReader {
  readonly #path: string
  readonly #width: number
  readonly #values: Float64Array
  #next = 0
  #end = 0
  #place = 0

  constructor(path: string, width: number, rowsAtOnce: number) {
    this.#path = path
    this.#width = width
    this.#values = new Float64Array((width + 1) * rowsAtOnce)
  }

  /** The values of the next row, which has to be this event's; valid until the next call. */
  next(row: number): Float64Array {
    if (this.#next === this.#end) this.#fill()
    const start = this.#next
    if (start === this.#end || this.#values[start] !== row) throw new Error(`${this.#path} lacks row ${row}`)
    this.#next += this.#width + 1
    return this.#values.subarray(start + 1, this.#next)
  }

  #fill(): void {
    const file = openSync(this.#path, 'r')
    try {
      const bytes = new Uint8Array(this.#values.buffer)
      let done = 0
      for (let read = -1; read !== 0 && done < bytes.length; done += read) {
        read = readSync(file, bytes, done, bytes.length - done, this.#place + done)
      }
      this.#place += done
      this.#next = 0
      this.#end = done / bytesPerValue
    } finally {
      closeSync(file)
    }
  }
}
