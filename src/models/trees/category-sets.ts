/** Which categories go left where trees split on them. A category is a whole number from 0 on. */
export interface CategorySplits {
  /** For each node: where its set begins, or -1 where it splits at a threshold. */
  readonly setAt: Int32Array
  /** Set after set: of how many words it is, then a bit for each category. */
  readonly sets: Int32Array
}

/** Categories are below this. */
export const mostCategories = 65_536

/** Whether a number is in the set that begins at a place; what is no category is in none. */
export function isInSet(sets: Int32Array, at: number, value: number): boolean {
  // What comes behind the point is left out, as LightGBM and XGBoost do.
  const category = Math.trunc(value)
  return value >= 0 && category < 32 * sets[at] && ((sets[at + 1 + (category >>> 5)] >>> (category & 31)) & 1) === 1
}

/** The categories of the set that begins at a place, in ascending order. */
export function categoriesIn(sets: Int32Array, at: number): number[] {
  const found: number[] = []
  for (let category = 0; category < 32 * sets[at]; category++) if (isInSet(sets, at, category)) found.push(category)
  return found
}

/** A set of these categories: its words, before which their number stands. */
export function createSet(categories: readonly number[]): number[] {
  const most = categories.reduce((a, b) => Math.max(a, b), -1)
  const words = new Array<number>((most + 32) >>> 5).fill(0)
  for (const category of categories) words[category >>> 5] |= 1 << (category & 31)
  return [words.length, ...words]
}
