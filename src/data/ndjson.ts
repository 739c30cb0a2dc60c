import { type JsonOptions, JsonRows, longestObjectBytes } from './json-rows.ts'
import type { Table } from './table.ts'

const lineFeed = 0x0a

/** One JSON object per line into typed columns. */
export class NdjsonParser {
  readonly #options: JsonOptions
  readonly #rows: JsonRows
  #pieces: Uint8Array[] = []
  #pendingBytes = 0
  #line = 0

  constructor(options: JsonOptions) {
    this.#options = options
    this.#rows = new JsonRows(options)
  }

  get notes(): readonly string[] {
    return this.#rows.notes
  }

  get rowCount(): number {
    return this.#rows.rowCount
  }

  write(chunk: Uint8Array): void {
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      this.#rows.add(this.#completed(chunk.subarray(start, end)), ++this.#line)
      start = end + 1
    }
    // A copy, since a piece is valid only until the next one is asked for; a Buffer's own slice would share its memory.
    if (start < chunk.length) this.#pieces.push(Uint8Array.from(chunk.subarray(start)))
    this.#pendingBytes += chunk.length - start
    if (this.#pendingBytes > longestObjectBytes) {
      const reason = `the line is longer than ${longestObjectBytes / 2 ** 20} MiB`
      throw this.#options.badRows.error({ line: this.#line + 1 }, reason)
    }
  }

  /** Begins another file, whose lines count on; returns the number of its first one. */
  nextPart(): number {
    if (this.#pendingBytes > 0) this.#rows.add(this.#completed(new Uint8Array(0)), ++this.#line)
    return this.#line + 1
  }

  /** The rows so far; they are forgotten here. */
  take(): Table {
    return this.#rows.take()
  }

  end(): Table {
    this.nextPart()
    return this.#rows.end()
  }

  #completed(last: Uint8Array): Uint8Array {
    const line = this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last])
    this.#pieces = []
    this.#pendingBytes = 0
    return line
  }
}
