const mostFilled = 0.75

/**
 * The first row of each id of a file and a hash of its content, by a hash of the id: open addressing in typed arrays, 20
 * bytes a slot, so that millions of rows take tens of megabytes. Of a million ids two share their hash of 53 bits with a
 * chance of one in 18,000.
 */
export class FirstRows {
  #ids = new Float64Array(2 ** 12).fill(Number.NaN)
  #contents = new Float64Array(2 ** 12)
  #rows = new Uint32Array(2 ** 12)
  #count = 0

  /** The first row of an id; -1 where this row is the first, which is then kept. */
  add(id: number, content: number, row: number): number {
    if (this.#count >= mostFilled * this.#ids.length) this.#grow()
    const at = this.#find(id)
    if (!Number.isNaN(this.#ids[at])) return this.#rows[at]
    this.#put(at, id, content, row)
    this.#count += 1
    return -1
  }

  contentOf(id: number): number {
    return this.#contents[this.#find(id)]
  }

  #find(id: number): number {
    const mask = this.#ids.length - 1
    let at = (id ^ (id / 0x100000000)) & mask
    while (!Number.isNaN(this.#ids[at]) && this.#ids[at] !== id) at = (at + 1) & mask
    return at
  }

  #put(at: number, id: number, content: number, row: number): void {
    this.#ids[at] = id
    this.#contents[at] = content
    this.#rows[at] = row
  }

  #grow(): void {
    const ids = this.#ids
    const contents = this.#contents
    const rows = this.#rows
    this.#ids = new Float64Array(2 * ids.length).fill(Number.NaN)
    this.#contents = new Float64Array(2 * ids.length)
    this.#rows = new Uint32Array(2 * ids.length)
    ids.forEach((id, i) => {
      if (!Number.isNaN(id)) this.#put(this.#find(id), id, contents[i], rows[i])
    })
  }
}
