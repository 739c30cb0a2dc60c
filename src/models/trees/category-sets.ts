/** Which categories go left where trees split on them. A category is a whole number from 0 on. */
export interface CategorySplits {
  /** For each node: where its set begins, or -1 where it splits at a threshold. */
  readonly setAt: Int32Array
  /** Set after set: of how many words it is and how it reads numbers, then a bit for each category. */
  readonly sets: Int32Array
}

/** Categories are below this. */
export const mostCategories = 65_536

/**
 * How numbers that are no whole ones are read. What comes behind the point is left out by all; XGBoost rounds to single
 * precision before, so that 38.99999999 is 39, and LightGBM takes what is above -1 for 0.
 */
const readings = ['shrike', 'lightgbm', 'xgboost'] as const
export type CategoryReading = (typeof readings)[number]

/** A set begins with its number of words, which are 2048 at most, and above these bits with its reading. */
const bitsOfWords = 16

/** How many words the set has that begins at a place. */
export function wordsOfSet(sets: Int32Array, at: number): number {
  return sets[at] & (2 ** bitsOfWords - 1)
}

export function readingOf(sets: Int32Array, at: number): CategoryReading | undefined {
  return readings[sets[at] >>> bitsOfWords]
}

/** Whether a number is in the set that begins at a place; what is no category is in none. */
export function isInSet(sets: Int32Array, at: number, value: number): boolean {
  const reading = sets[at] >>> bitsOfWords
  const read = reading === 2 ? Math.fround(value) : value
  const category = Math.trunc(read)
  const isCategory = reading === 1 ? category >= 0 : read >= 0
  if (!isCategory || !(category < 32 * wordsOfSet(sets, at))) return false
  return ((sets[at + 1 + (category >>> 5)] >>> (category & 31)) & 1) === 1
}

/** The categories of the set that begins at a place, in ascending order. */
export function categoriesIn(sets: Int32Array, at: number): number[] {
  const found: number[] = []
  const end = 32 * wordsOfSet(sets, at)
  for (let category = 0; category < end; category++) if (isInSet(sets, at, category)) found.push(category)
  return found
}

/** A set of these categories: its words, before which their number and the reading stand. */
export function createSet(categories: readonly number[], reading: CategoryReading = 'shrike'): number[] {
  const most = categories.reduce((a, b) => Math.max(a, b), -1)
  const words = new Array<number>((most + 32) >>> 5).fill(0)
  for (const category of categories) words[category >>> 5] |= 1 << (category & 31)
  return [words.length | (readings.indexOf(reading) << bitsOfWords), ...words]
}
