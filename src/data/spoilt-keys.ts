import { showValue } from '../core/show-value.ts'
import { longestText, whyNotKept } from '../detector/kept-text.ts'
import type { Column } from './table.ts'

type TextColumn = Extract<Column, { kind: 'text' }>

/** What a spreadsheet makes of a long whole number: its last digits are gone, and many become one. */
const shortened = /^[+-]?\d(?:[.,]\d+)?E\+\d{2,3}$/i
/** What pandas makes of whole numbers in a column that has blanks, too. */
const withFraction = /^-?\d+\.0$/

const shortenedReason =
  'is a number that a spreadsheet has shortened, so that several become one; write the column again, as text'

/** Why texts of a key's column are not keys, by their place in its dictionary; undefined where all are. */
export function whySpoilt({ dictionary }: TextColumn, longest = longestText): Reasons | undefined {
  return someOf(
    dictionary.map((text) => whyNotKept(text, longest) ?? (shortened.test(text.trim()) ? shortenedReason : undefined)),
  )
}

/** Why texts of another column are not what the service takes, as above. */
export function whyRefused({ dictionary }: TextColumn): Reasons | undefined {
  return someOf(dictionary.map((text) => whyNotKept(text, longestText)))
}

type Reasons = readonly (string | undefined)[]

function someOf(reasons: Reasons): Reasons | undefined {
  return reasons.some((reason) => reason !== undefined) ? reasons : undefined
}

/** Finds columns of keys whose every value is a whole number with a fraction of nothing, over all tables of a file. */
export class FractionKeys {
  /** The counts by column; undefined where another value was seen. */
  readonly #found = new Map<string, { count: number; from: string } | undefined>()

  /** @param placeOf tells where a row is. */
  add(column: TextColumn, placeOf: (row: number) => string): void {
    const { name, codes, dictionary } = column
    const before = this.#found.get(name)
    if (this.#found.has(name) && before === undefined) return
    const hasFraction = dictionary.map((text) => withFraction.test(text.trim()))
    // Most columns have no such value, and then no row needs to be looked at.
    if (!hasFraction.includes(true)) {
      if (dictionary.length > 0) this.#found.set(name, undefined)
      return
    }
    let { count, from } = before ?? { count: 0, from: '' }
    for (let row = 0; row < codes.length; row++) {
      if (codes[row] < 0) continue
      if (!hasFraction[codes[row]]) return void this.#found.set(name, undefined)
      if (count++ === 0) from = placeOf(row)
    }
    if (count > 0) this.#found.set(name, { count, from })
  }

  warnings(file: string): readonly string[] {
    return [...this.#found].flatMap(([name, found]) => {
      if (found === undefined) return []
      const isOne = found.count === 1
      const values = isOne ? 'The one value' : `All ${found.count.toLocaleString('en')} values`
      return [
        `${file}: ${values} of "${showValue(name)}" ${isOne ? 'ends' : 'end'} in .0, from ${found.from} on, as pandas writes whole ` +
          'numbers beside blanks. They are kept as they are, so 1.0 is a different key than the 1 that a service receives: ' +
          "write whole numbers, as pandas does after astype('Int64')",
      ]
    })
  }
}
