/** The line of a file that each row of a table begins on; kept only where it is not the one after that of the row before. */
export class LineNumbers {
  #rows: number[] = []
  #lines: number[] = []
  #ahead = Number.NaN

  /** Rows come in their order. */
  add(row: number, line: number): void {
    if (line - row === this.#ahead) return
    this.#ahead = line - row
    this.#rows.push(row)
    this.#lines.push(line)
  }

  /** The lines of the rows so far; those of the next table begin with its row 0. */
  take(): (row: number) => number {
    const { lineOf } = this
    this.#rows = []
    this.#lines = []
    this.#ahead = Number.NaN
    return lineOf
  }

  /** The line of each row so far, and of those that come until they are taken. */
  get lineOf(): (row: number) => number {
    const rows = this.#rows
    const lines = this.#lines
    return (row) => {
      let from = 0
      let to = rows.length
      while (to - from > 1) {
        const middle = (from + to) >> 1
        if (rows[middle] <= row) from = middle
        else to = middle
      }
      return lines[from] + row - rows[from]
    }
  }
}
