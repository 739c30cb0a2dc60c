import { option } from '../core/option.ts'
import { showValue } from '../core/show-value.ts'

/** What pandas.read_csv takes for missing by default, what MySQL and Hive write (`\N`), and a dash. */
const usualWords = [
  '#N/A',
  '#N/A N/A',
  '#NA',
  '-1.#IND',
  '-1.#QNAN',
  '-NaN',
  '-nan',
  '1.#IND',
  '1.#QNAN',
  '<NA>',
].concat(['N/A', 'NA', 'NULL', 'NaN', 'None', 'n/a', 'nan', 'null', '\\N', '-'])
const mostColumnsNamed = 8

/**
 * The words that stand for a missing value in a file, and how often each was found in which column: a file of people
 * says `None` where nothing is known, and as a key it would be one giant customer. JSON has null for that, so a text
 * that is such a word stays a text there unless somebody names the words, and is only told of.
 */
export class MissingWords {
  /** The words as their UTF-8 bytes, one character each. */
  readonly #words: ReadonlySet<string>
  readonly #longest: number
  readonly #wordTexts: ReadonlySet<string>
  /** For each ASCII code 1 where a word begins with the character, or a blank does. */
  readonly #firsts = new Uint8Array(128)
  readonly #numbers: ReadonlySet<number>
  readonly #areInTexts: boolean
  readonly #counts = new Map<string, Map<string, number>>()
  #pending: { readonly column: string; readonly word: string }[] = []
  #pendingRow = -1
  readonly #texts = new Map<string, Map<string, number>>()

  constructor(given?: readonly string[], format: 'table' | 'json' = 'table') {
    this.#wordTexts = new Set((given ?? usualWords).map((word) => word.trim()))
    this.#firsts.fill(1, 0, 0x21)
    for (const word of this.#wordTexts) this.#firsts[word.charCodeAt(0)] = 1
    const words = [...this.#wordTexts].map((word) => Buffer.from(word).toString('latin1'))
    this.#words = new Set(words)
    this.#longest = Math.max(0, ...words.map((word) => word.length))
    this.#numbers = new Set(
      words
        .filter((word) => word !== '')
        .map(Number)
        .filter(Number.isFinite),
    )
    this.#areInTexts = given !== undefined || format === 'table'
  }

  /** Whether bytes[start, end), without blanks around, stand for a missing value. */
  has(bytes: Uint8Array, start: number, end: number): boolean {
    if (end === start) return true
    return end - start <= this.#longest && this.#words.has(latin1(bytes, start, end))
  }

  /**
   * Notes a word that was found in place of a number or time; an empty cell is none. It counts once its row is kept.
   */
  note(column: string, row: number, bytes: Uint8Array, start: number, end: number): void {
    if (end === start) return
    if (row !== this.#pendingRow) this.keepRow()
    this.#pendingRow = row
    this.#pending.push({ column, word: Buffer.from(bytes.subarray(start, end)).toString() })
  }

  /** The row that words were noted of is whole; a later row's first word says so, too. */
  keepRow(): void {
    for (const { column, word } of this.#pending) add(this.#counts, word, column, 1)
    this.#pending = []
    this.#pendingRow = -1
  }

  /** The row is left out, or will be read again from its start. */
  dropRow(row: number): void {
    if (row === this.#pendingRow) this.#pending = []
  }

  /** Counts the texts of a column that shows nothing but missing values. */
  countTexts(column: string, codes: Int32Array, dictionary: readonly string[]): void {
    for (const code of codes) if (code >= 0) add(this.#counts, dictionary[code].trim(), column, 1)
  }

  /** Makes the numbers missing that stand for a missing value, such as -999; few files have any. */
  blankNumbers(column: string, values: Float64Array): void {
    if (this.#numbers.size === 0) return
    for (let row = 0; row < values.length; row++) {
      if (!this.#numbers.has(values[row])) continue
      add(this.#counts, String(values[row]), column, 1)
      values[row] = Number.NaN
    }
  }

  /** The codes and dictionary of texts, words for a missing value taken out of both. */
  blankTexts(column: string, codes: Int32Array, dictionary: readonly string[]) {
    const words = dictionary.flatMap((text, code) => (this.#isWord(text) ? [code] : []))
    if (words.length === 0) return { codes, dictionary }
    const times = new Map(words.map((code) => [code, 0]))
    for (const code of codes) if (times.has(code)) times.set(code, (times.get(code) ?? 0) + 1)
    for (const [code, count] of times) {
      add(this.#areInTexts ? this.#counts : this.#texts, dictionary[code].trim(), column, count)
    }
    if (!this.#areInTexts) return { codes, dictionary }
    let next = 0
    const newCodes = Int32Array.from(dictionary, (_, code) => (times.has(code) ? -1 : next++))
    return {
      codes: codes.map((code) => (code < 0 ? -1 : newCodes[code])),
      dictionary: dictionary.filter((_, code) => !times.has(code)),
    }
  }

  /** What was found, for people. */
  get notes(): readonly string[] {
    return [
      ...(this.#counts.size === 0
        ? []
        : [`missing where the cell is ${tell(this.#counts)}; ${option('missing')} changes that`]),
      ...(this.#texts.size === 0
        ? []
        : [`texts equal to ${tell(this.#texts)}; ${option('missing')} makes them missing`]),
    ]
  }

  #isWord(text: string): boolean {
    // Most texts begin otherwise, so this costs next to nothing.
    if (this.#firsts[text.charCodeAt(0)] === 0) return false
    const trimmed = text.trim()
    return trimmed !== '' && this.#wordTexts.has(trimmed)
  }
}

/** Where nobody names other words. */
export const usualMissing = new MissingWords()

function add(counts: Map<string, Map<string, number>>, word: string, column: string, times: number): void {
  if (times === 0 || word === '') return
  const columns = counts.get(word) ?? new Map<string, number>()
  counts.set(word, columns.set(column, (columns.get(column) ?? 0) + times))
}

function tell(counts: ReadonlyMap<string, ReadonlyMap<string, number>>): string {
  const words = [...counts].map(([word, columns]) => {
    const named = [...columns].slice(0, mostColumnsNamed).map(([name, count]) => `${showValue(name)} ${count}`)
    const more = columns.size - named.length
    return `"${showValue(word)}" (${named.join(', ')}${more === 0 ? '' : ` and ${more} more columns`})`
  })
  return words.join(', ')
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}
