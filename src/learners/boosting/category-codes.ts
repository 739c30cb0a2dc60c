import { FraudError } from '../../core/errors.ts'
import type { Dataset } from '../../data/dataset.ts'
import { mostCategories } from '../../models/trees/category-sets.ts'

/**
 * Numbers the categories of each feature that has such from 0 on, so that each is its own bin; NaN are missing ones
 * and, where there are more than bins, those that weigh least. Each class weighs the same, as with other bins, so that
 * a category of frauds is not lost among many rows.
 */
export class CategoryCodes {
  /** For each feature: the categories in the order of their codes. */
  readonly #categories: readonly (Int32Array | undefined)[]

  /** @throws FraudError DATA_INVALID where a value is no category. */
  constructor({ features, columns, labels }: Dataset, names: readonly string[], bins: number) {
    this.#categories = features.map((feature, i) => {
      if (!names.includes(feature)) return undefined
      checkCategories(feature, columns[i])
      return heaviest(columns[i], labels, bins)
    })
  }

  /** The codes of a feature; undefined where its values are not categories. */
  of(feature: number): Int32Array | undefined {
    return this.#categories[feature]
  }

  /** The columns with codes in the place of categories. */
  encode(columns: readonly Float64Array[]): Float64Array[] {
    return columns.map((column, feature) => {
      const categories = this.#categories[feature]
      if (categories === undefined) return column
      const codes = new Map(Array.from(categories, (category, code) => [category, code]))
      return column.map((value) => codes.get(value) ?? Number.NaN)
    })
  }
}

function checkCategories(feature: string, column: Float64Array): void {
  const wrong = column.findIndex((value) => !(Number.isNaN(value) || isCategory(value)))
  if (wrong < 0) return
  const limit = mostCategories.toLocaleString('en')
  throw new FraudError(
    'DATA_INVALID',
    `${feature} has categories, which are whole numbers from 0 to below ${limit}; row ${wrong} has ${column[wrong]}`,
  )
}

function isCategory(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < mostCategories
}

function heaviest(column: Float64Array, labels: Uint8Array, bins: number): Int32Array {
  const frauds = labels.reduce((sum, label) => sum + label, 0)
  const weights = [1 / (labels.length - frauds), 1 / frauds]
  const masses = new Map<number, number>()
  column.forEach((category, row) => {
    if (!Number.isNaN(category)) masses.set(category, (masses.get(category) ?? 0) + weights[labels[row]])
  })
  const byMass = [...masses].sort(([a, massA], [b, massB]) => massB - massA || a - b)
  return Int32Array.from(byMass.slice(0, bins), ([category]) => category).sort()
}
