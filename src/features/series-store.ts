/** Entries of one size class in one array, cut into regions of equal capacity. */
interface Page {
  readonly data: Float64Array
  readonly sizeClass: number
  readonly number: number
  /** Where regions begin that are free again. */
  readonly free: number[]
  /** The place from which on no region was used yet. */
  fresh: number
  used: number
}

const entriesPerPage = 4096
/** The first pages of a size are small, so that few series cost little. */
const entriesInFirstPage = 64
// What is known of a series, side by side: its page, where its region and its first entry begin, its length, and notes.
const pageAt = 0
const regionAt = 1
const firstAt = 2
const countAt = 3
const notesAt = 4

/**
 * Many series of entries, each sorted by rank, in typed arrays: no object per series or entry. An entry is `width`
 * numbers side by side, its rank first. A series lies in one piece; a full one moves to a larger region or, where its
 * front is free again, slides down. A position is where an entry begins in the series' data; it is valid until the next
 * insertion into that series.
 */
export class SeriesStore {
  readonly width: number
  /** The most entries that a series ever has. */
  readonly longest: number
  readonly #tail: number
  readonly #recordLength: number
  readonly #capacities: readonly number[]
  readonly #pages: (Page | undefined)[] = []
  readonly #freeNumbers: number[] = []
  /** The pages with room, by size class. */
  readonly #open: Page[][]
  readonly #pagesMade: number[]
  #records = new Int32Array(0)
  #bytes = 0
  entries = 0

  /**
   * @param longest the most entries that a series ever has.
   * @param tail entries that each series has room for behind its last; they move with it.
   * @param notes whole numbers that are kept for each series.
   */
  constructor(width: number, longest: number, { tail = 0, notes = 0 }: { tail?: 0 | 1; notes?: number } = {}) {
    this.width = width
    this.longest = longest
    this.#tail = tail
    this.#recordLength = notesAt + notes
    this.#capacities = sizeClasses(longest + tail)
    this.#open = this.#capacities.map(() => [])
    this.#pagesMade = this.#capacities.map(() => 0)
    this.reserve(64)
  }

  get bytes(): number {
    return this.#bytes + this.#records.byteLength
  }

  /** Makes room for series 0 to `count` - 1; new ones are empty. */
  reserve(count: number): void {
    const { length } = this.#records
    if (count * this.#recordLength <= length) return
    this.#records = extend(
      this.#records,
      this.#recordLength * Math.max(count, Math.ceil((length / this.#recordLength) * 1.5)),
    )
    for (let at = length; at < this.#records.length; at += this.#recordLength) this.#records[at + pageAt] = -1
  }

  count(series: number): number {
    return this.#records[series * this.#recordLength + countAt]
  }

  /** The position of the oldest entry. */
  first(series: number): number {
    return this.#records[series * this.#recordLength + firstAt]
  }

  /** The position after the newest entry. */
  end(series: number): number {
    const record = series * this.#recordLength
    return this.#records[record + firstAt] + this.#records[record + countAt] * this.width
  }

  /** The numbers among which the series has its positions; none for a series without entries. */
  data(series: number): Float64Array {
    const number = this.#records[series * this.#recordLength + pageAt]
    return number < 0 ? noData : (this.#pages[number]?.data ?? noData)
  }

  note(series: number, note: number): number {
    return this.#records[series * this.#recordLength + notesAt + note]
  }

  setNote(series: number, note: number, value: number): void {
    this.#records[series * this.#recordLength + notesAt + note] = value
  }

  /**
   * Makes room for an entry of this rank, after those of the same rank; its other numbers are those of the one after
   * it.
   */
  insert(series: number, rank: number): number {
    const { width } = this
    const record = series * this.#recordLength
    if (this.#isFull(record)) this.#makeRoom(record)
    const data = this.data(series)
    const end = this.end(series)
    const tailEnd = end + this.#tail * width
    let at = end
    if (this.#records[record + countAt] > 0 && data[end - width] > rank) {
      at = upperBound(data, width, this.#records[record + firstAt], end, rank)
      data.copyWithin(at + width, at, tailEnd)
    } else if (tailEnd > end) {
      for (let i = end; i < tailEnd; i++) data[i + width] = data[i]
    }
    data[at] = rank
    this.#records[record + countAt]++
    this.entries++
    return at
  }

  /** Takes one entry out. */
  remove(series: number, at: number): void {
    const { width } = this
    const data = this.data(series)
    data.copyWithin(at, at + width, this.end(series) + this.#tail * width)
    this.#records[series * this.#recordLength + countAt]--
    this.entries--
  }

  /** The entries of a series side by side, and what stands behind the last; valid until the next change. */
  whole(series: number): Float64Array {
    return this.data(series).subarray(this.first(series), this.end(series) + this.#tail * this.width)
  }

  /**
   * Makes room for so many entries in a series that has none, and returns where they are to be written, as `whole` has
   * them.
   */
  load(series: number, count: number): Float64Array {
    const record = series * this.#recordLength
    this.#move(record, this.#classFor(count + this.#tail))
    this.#records[record + countAt] = count
    this.entries += count
    return this.whole(series)
  }

  /** Forgets the oldest entries. */
  dropFirst(series: number, dropped: number): void {
    const record = series * this.#recordLength
    this.#records[record + countAt] -= dropped
    this.entries -= dropped
    if (this.#records[record + countAt] > 0) this.#records[record + firstAt] += dropped * this.width
    else this.#records[record + firstAt] = this.#records[record + regionAt]
  }

  /** Forgets all entries with a rank up to this one. */
  dropThrough(series: number, rank: number): void {
    const record = series * this.#recordLength
    const count = this.#records[record + countAt]
    if (count === 0) return
    const data = this.data(series)
    const first = this.#records[record + firstAt]
    if (data[first] > rank) return
    let dropped = 1
    while (dropped < count && data[first + dropped * this.width] <= rank) dropped++
    this.dropFirst(series, dropped)
  }

  /** Forgets the series and gives its memory back. */
  clear(series: number): void {
    const record = series * this.#recordLength
    this.entries -= this.#records[record + countAt]
    this.#records[record + countAt] = 0
    this.#release(record)
  }

  #isFull(record: number): boolean {
    const page = this.#pages[this.#records[record + pageAt]]
    if (page === undefined) return true
    const head = (this.#records[record + firstAt] - this.#records[record + regionAt]) / this.width
    return head + this.#records[record + countAt] + this.#tail === this.#capacities[page.sizeClass]
  }

  /** Slides a series down within its region where enough of the front is free, else moves it to one that fits. */
  #makeRoom(record: number): void {
    const from = this.#pages[this.#records[record + pageAt]]
    const count = this.#records[record + countAt]
    const first = this.#records[record + firstAt]
    const region = this.#records[record + regionAt]
    const length = (count + this.#tail) * this.width
    const wanted = this.#classFor(count + this.#tail + 1 + (count >> 3))
    if (from !== undefined && wanted <= from.sizeClass && wanted >= from.sizeClass - 1) {
      from.data.copyWithin(region, first, first + length)
      this.#records[record + firstAt] = region
      return
    }
    const to = this.#move(record, wanted)
    if (from === undefined) return
    to.data.set(from.data.subarray(first, first + length), this.#records[record + regionAt])
  }

  /**
   * Gives a series a region of this size; its old one is free from now on, with its content untouched until the next.
   */
  #move(record: number, sizeClass: number): Page {
    const to = this.#open[sizeClass].at(-1) ?? this.#addPage(sizeClass)
    const start = to.free.pop() ?? this.#freshRegion(to)
    to.used++
    if (!this.#hasRoom(to)) this.#open[sizeClass].splice(this.#open[sizeClass].indexOf(to), 1)
    this.#release(record)
    this.#records[record + pageAt] = to.number
    this.#records[record + regionAt] = start
    this.#records[record + firstAt] = start
    return to
  }

  #classFor(entries: number): number {
    let sizeClass = 0
    while (this.#capacities[sizeClass] < entries && sizeClass < this.#capacities.length - 1) sizeClass++
    return sizeClass
  }

  #addPage(sizeClass: number): Page {
    const capacity = this.#capacities[sizeClass]
    const wanted = Math.min(entriesPerPage, entriesInFirstPage * 2 ** this.#pagesMade[sizeClass]++)
    const data = new Float64Array(Math.max(1, Math.floor(wanted / capacity)) * capacity * this.width)
    const number = this.#freeNumbers.pop() ?? this.#pages.length
    const page: Page = { data, sizeClass, number, free: [], fresh: 0, used: 0 }
    this.#pages[number] = page
    this.#open[sizeClass].push(page)
    this.#bytes += data.byteLength
    return page
  }

  #freshRegion(page: Page): number {
    const start = page.fresh
    page.fresh += this.#capacities[page.sizeClass] * this.width
    return start
  }

  #hasRoom({ free, fresh, data }: Page): boolean {
    return free.length > 0 || fresh < data.length
  }

  #release(record: number): void {
    const page = this.#pages[this.#records[record + pageAt]]
    this.#records[record + pageAt] = -1
    if (page === undefined) return
    const open = this.#open[page.sizeClass]
    if (!this.#hasRoom(page)) open.push(page)
    page.free.push(this.#records[record + regionAt])
    page.used--
    if (page.used > 0) return
    open.splice(open.indexOf(page), 1)
    this.#pages[page.number] = undefined
    this.#freeNumbers.push(page.number)
    this.#pagesMade[page.sizeClass] = Math.max(0, this.#pagesMade[page.sizeClass] - 1)
    this.#bytes -= page.data.byteLength
  }
}

/** So many entries are looked at one by one before the rest is halved. */
const nearSteps = 12
const noData = new Float64Array(0)

/** The first position of [from, to) whose rank is greater; positions are `width` apart and ranks rise. */
export function upperBound(data: Float64Array, width: number, from: number, to: number, rank: number): number {
  let low = from
  let count = (to - from) / width
  while (count > 0) {
    const half = count >>> 1
    const middle = low + half * width
    if (data[middle] <= rank) {
      low = middle + width
      count -= half + 1
    } else count = half
  }
  return low
}

/** As `upperBound`, where the answer is likely to be near `guess`. */
export function upperBoundNear(
  data: Float64Array,
  width: number,
  from: number,
  to: number,
  rank: number,
  guess: number,
): number {
  let at = Math.max(guess, from)
  let steps = nearSteps
  if (at < to && data[at] <= rank) {
    do at += width
    while (--steps > 0 && at < to && data[at] <= rank)
    return steps > 0 ? at : upperBound(data, width, at, to, rank)
  }
  while (at > from && data[at - width] > rank) {
    at -= width
    if (--steps === 0) return upperBound(data, width, from, at, rank)
  }
  return at
}

/** Eight sizes to a doubling; the largest leaves room to slide in. */
function sizeClasses(longest: number): number[] {
  const capacities = [1, 2, 3, 4, 5, 6, 7]
  for (let base = 8; ; base *= 2) {
    for (let eighth = 8; eighth < 16; eighth++) {
      const capacity = (base / 8) * eighth
      capacities.push(capacity)
      if (capacity >= longest + 2 + (longest >> 3)) return capacities
    }
  }
}

/** A longer array with the same beginning. */
export function extend(from: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(length)
  to.set(from)
  return to
}
