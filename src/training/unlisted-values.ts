import { closestName } from '../core/closest-name.ts'
import { FraudError } from '../core/errors.ts'
import type { Progress } from '../core/progress.ts'
import { showValue } from '../core/show-value.ts'
import type { Transaction } from '../detector/transaction.ts'
import type { FeatureSet } from '../features/feature-set.ts'

/** So many different values are told apart; a column with more of them is no list of categories. */
const mostValues = 10_000
const mostShown = 3

interface ListedColumn {
  readonly name: string
  readonly text: number
  readonly values: ReadonlySet<string>
  readonly unlisted: Map<string, number>
  listedRows: number
  unlistedRows: number
}

/** Counts values of categories that the detector does not list: to the model they are missing, misspelt ones too. */
export class UnlistedValues {
  readonly #columns: readonly ListedColumn[]

  constructor({ listed, layout }: FeatureSet) {
    this.#columns = listed.map(({ text, values }) => {
      const { column } = layout.texts[text]
      return { name: column, text, values, unlisted: new Map(), listedRows: 0, unlistedRows: 0 }
    })
  }

  count({ texts }: Transaction): void {
    for (const column of this.#columns) {
      const value = texts[column.text]
      if (value === undefined) continue
      if (column.values.has(value)) column.listedRows++
      else {
        column.unlistedRows++
        const { unlisted } = column
        if (unlisted.has(value) || unlisted.size < mostValues) unlisted.set(value, (unlisted.get(value) ?? 0) + 1)
      }
    }
  }

  /** @throws FraudError DATA_INVALID where no row of a column has a value that is listed. */
  tell(run: Progress): void {
    for (const column of this.#columns) {
      const { name, listedRows, unlistedRows, values } = column
      if (unlistedRows === 0) continue
      if (listedRows === 0) {
        throw new FraudError(
          'DATA_INVALID',
          `None of ${unlistedRows.toLocaleString('en')} rows has a value in ${name} that the detector lists (${showSome([...values])}); ` +
            `the file has ${showValues(column)}`,
        )
      }
      run.warn(
        `${unlistedRows.toLocaleString('en')} rows have a value in ${name} that the detector does not list, so they count as ` +
          `missing there: ${showValues(column)}`,
      )
    }
  }
}

/** The most frequent ones with their counts, and the listed one that each is like. */
function showValues({ unlisted, values }: ListedColumn): string {
  const known = [...values]
  const shown = [...unlisted]
    .sort(([, one], [, other]) => other - one)
    .slice(0, mostShown)
    .map(([value, rows]) => {
      const closest = closestName(value, known)
      const like = closest === undefined ? '' : `, did you mean "${showValue(closest)}"?`
      return `"${showValue(value)}" (${rows.toLocaleString('en')}${like})`
    })
  return `${shown.join(', ')}${unlisted.size > mostShown ? `, and ${unlisted.size - mostShown} more` : ''}`
}

function showSome(values: readonly string[]): string {
  const shown = values.slice(0, mostShown).map((value) => `"${showValue(value)}"`)
  return `${shown.join(', ')}${values.length > mostShown ? ', …' : ''}`
}
