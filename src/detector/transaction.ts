/** Which text or number of a transaction features read: its name in the detector and its column. */
export interface SourceField {
  readonly name: string
  readonly column: string
  /** What its author may have meant if there is no such column: a kind of feature, say. */
  readonly orElse?: string | undefined
}

/** Everything that a detector's features read of a transaction beside its time and amount. */
export interface TransactionLayout {
  /** Keys and categories. */
  readonly texts: readonly SourceField[]
  readonly numbers: readonly SourceField[]
}

/** What arrived, as features see it. Texts and numbers stand in the order of the detector's layout. */
export interface Transaction {
  /** When it took place, by its own account. */
  readonly timestampMs: number
  /** Whole minor units where the detector says how many digits there are, else as it came; NaN where there is none. */
  readonly amount: number
  /** A missing one is undefined. */
  readonly texts: readonly (string | undefined)[]
  /** A missing one is NaN. */
  readonly numbers: ArrayLike<number>
}

/** A column of texts: the code of each row, -1 for a missing one, and what the codes stand for. */
export interface CodedTexts {
  readonly codes: Int32Array
  readonly texts: readonly (string | undefined)[]
}
