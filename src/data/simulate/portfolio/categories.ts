/** What kind of shop it is, with figures that are plausible, not measured. */
export interface Category {
  readonly name: string
  /** What a middling customer pays there, in minor units. */
  readonly amountMinor: number
  /** Amounts are multiples of this many minor units. */
  readonly stepMinor: number
  /** Shares of terminals and of online shops; relative. */
  readonly terminals: number
  readonly onlineShops: number
  /** Hours of the local day; past 24 it is the next morning. Shops differ from it by an hour or two. */
  readonly opens: number
  readonly closes: number
}

// Name, amount, step, terminals, online shops, opens, closes.
const table = [
  ['groceries', 2600, 1, 30, 5, 7, 22],
  ['restaurants', 2400, 10, 18, 8, 10, 26],
  ['fuel', 4200, 1, 8, 0, 0, 24],
  ['transport', 600, 10, 8, 6, 4, 26],
  ['pharmacy', 1800, 1, 7, 3, 8, 20],
  ['clothing', 4800, 5, 9, 14, 9, 20],
  ['leisure', 3000, 10, 8, 8, 10, 24],
  ['cash', 7000, 1000, 9, 0, 0, 24],
  ['electronics', 7500, 1, 3, 10, 9, 20],
  ['digital', 700, 1, 0, 20, 0, 24],
  ['marketplace', 3500, 1, 0, 18, 0, 24],
  ['travel', 9000, 1, 0, 8, 0, 24],
] as const

export const categories: readonly Category[] = table.map(
  ([name, amountMinor, stepMinor, terminals, onlineShops, opens, closes]) => {
    return { name, amountMinor, stepMinor, terminals, onlineShops, opens, closes }
  },
)
