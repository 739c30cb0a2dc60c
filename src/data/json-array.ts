import { FraudError } from '../core/errors.ts'
import { type BrokenJson, JsonItems } from './json-items.ts'
import { type JsonOptions, JsonRows, longestObjectBytes } from './json-rows.ts'
import { LineNumbers } from './line-numbers.ts'
import type { Table } from './table.ts'

/**
 * A JSON array of objects, or objects one after another, into typed columns, item by item: a file need not fit into
 * memory. Rows are known by the number of their item, since an array may be written in one line, and by their line.
 */
export class JsonArrayParser {
  readonly #options: JsonOptions
  readonly #rows: JsonRows
  /** The line of each item of the current table, by its place after the last item of the table before. */
  readonly #lines = new LineNumbers()
  #itemsBefore = 0
  #item = 0
  #items: JsonItems

  constructor(options: JsonOptions) {
    this.#options = options
    this.#rows = new JsonRows(options)
    options.badRows.tellLine = this.#tellItem(this.#lines.lineOf)
    this.#items = this.#begin()
  }

  get notes(): readonly string[] {
    return this.#rows.notes
  }

  get rowCount(): number {
    return this.#rows.rowCount
  }

  write(chunk: Uint8Array): void {
    this.#refuse(this.#items.write(chunk))
  }

  /** Begins another file, whose items count on; returns the number of its first one. */
  nextPart(): number {
    this.#refuse(this.#items.end())
    this.#items = this.#begin()
    return this.#item + 1
  }

  /** The rows so far; they are forgotten here. */
  take(): Table {
    const tellLine = this.#tellItem(this.#lines.take())
    this.#itemsBefore = this.#item
    this.#options.badRows.tellLine = this.#tellItem(this.#lines.lineOf)
    return { ...this.#rows.take(), tellLine }
  }

  end(): Table {
    this.#refuse(this.#items.end())
    return { ...this.#rows.end(), tellLine: this.#tellItem(this.#lines.take()) }
  }

  #begin(): JsonItems {
    return new JsonItems(
      (bytes, line) => {
        this.#item += 1
        this.#lines.add(this.#item - this.#itemsBefore - 1, line)
        this.#rows.add(bytes, this.#item)
      },
      longestObjectBytes,
      this.#options.parts !== undefined,
    )
  }

  #tellItem(lineOf: (row: number) => number): (item: number) => string {
    const before = this.#itemsBefore + 1
    const { parts } = this.#options
    return (item) => `${parts?.tellLine(item) ?? `item ${item}`} (line ${lineOf(item - before)})`
  }

  #refuse(broken: BrokenJson | undefined): void {
    if (broken === undefined) return
    const { file, parts } = this.#options
    throw new FraudError('DATA_INVALID', `${parts?.current ?? file}, line ${broken.line}: ${broken.reason}`)
  }
}
