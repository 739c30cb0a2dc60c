import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import { showValue } from '../core/show-value.ts'
import { isColumnFault } from './cell-format.ts'
import type { RowWord } from './file-format.ts'
import type { TellLine } from './table.ts'

/** A row that could not be used: where it is, and why. */
export interface BadRow {
  /** The physical line, from 1; in a Parquet file the row, in a JSON array the item, from 1. */
  readonly line: number
  /** The place for people, where there is more to say than its number. */
  readonly place?: string
  /** Missing where the row as a whole is wrong. */
  readonly column?: string
  /** As shown in the message: shortened, control characters escaped, digits of a possible card number masked. */
  readonly value?: string
  /** The reason with column and value, where there are any. */
  readonly reason: string
  /** A stray quote has taken the lines behind this one for a part of its row; they are rows of their own. */
  readonly isLineAlone?: true
}

export interface BadRows {
  readonly count: number
  /** The first twenty, or all where somebody wants to write them. */
  readonly first: readonly BadRow[]
  /** How many there are of each kind: the column and what is wrong, without the values. */
  readonly kinds: ReadonlyMap<string, number>
}

const listed = 20
export const noBadRows: BadRows = { count: 0, first: [], kinds: new Map() }

/** What happens to rows that can't be used: the first one is an error, or they are counted and left out. */
export class BadRowLog {
  readonly #file: string
  readonly #policy: 'fail' | 'skip'
  readonly #rowWord: RowWord
  readonly #most: number
  readonly #first: BadRow[] = []
  readonly #kinds = new Map<string, number>()
  #count = 0
  /** Where a line is, for people; set by who reads the file. */
  tellLine: TellLine | undefined

  constructor(
    file: string,
    policy: 'fail' | 'skip',
    { rowWord = 'line', keepsAll = false }: { readonly rowWord?: RowWord; readonly keepsAll?: boolean } = {},
  ) {
    this.#file = file
    this.#policy = policy
    this.#rowWord = rowWord
    this.#most = keepsAll ? Number.POSITIVE_INFINITY : listed
  }

  get skips(): boolean {
    return this.#policy === 'skip'
  }

  /**
   * Takes a bad row; `kind` is the reason without values that differ from row to row. What is open for a whole column
   * is an error under either policy: the rows that would be left are not the ones that are right.
   */
  add(place: BadPlace, reason: string, kind = reason): void {
    if (this.#policy === 'fail' || isColumnFault(kind)) throw this.refusal(place, reason, kind)
    this.#count++
    const { column } = place
    const shown = column === undefined ? kind : `column "${showValue(column)}": ${kind}`
    this.#kinds.set(shown, (this.#kinds.get(shown) ?? 0) + 1)
    if (this.#first.length < this.#most) this.#first.push(this.#describe(place, reason))
  }

  /** The error for a row, which says that such rows can be left out where they can. */
  refusal(place: BadPlace, reason: string, kind = reason): FraudError {
    if (isColumnFault(kind)) return this.error(place, reason)
    return this.error(place, reason, `${option('badRows')} skip leaves such rows out, and says which they are`)
  }

  /** The error for what can't be left out, such as the header. */
  error(place: BadPlace, reason: string, hint?: string): FraudError {
    const { column } = place
    const message = `${this.#file}, ${this.tell(place.line)}${column === undefined ? ':' : ','} ${this.#describe(place, reason).reason}`
    const errors = column === undefined ? [] : [{ field: showValue(column), reason }]
    return new FraudError('DATA_INVALID', message, { errors, hint })
  }

  /** A line, row or item for people. */
  tell(line: number): string {
    return this.tellLine?.(line) ?? `${this.#rowWord} ${line}`
  }

  #describe(place: BadPlace, reason: string): BadRow {
    return { ...describe(place, reason), ...(this.tellLine && { place: this.tellLine(place.line) }) }
  }

  report(): BadRows {
    return { count: this.#count, first: this.#first, kinds: this.#kinds }
  }
}

/** The bad rows of one file that two readings of it found. */
export function joinBadRows(one: BadRows, other: BadRows): BadRows {
  const first = [...one.first, ...other.first].sort((a, b) => a.line - b.line)
  const kinds = new Map(one.kinds)
  for (const [kind, count] of other.kinds) kinds.set(kind, (kinds.get(kind) ?? 0) + count)
  return { count: one.count + other.count, first, kinds }
}

/** How many bad rows there are of each kind and the first of them, for people. */
export function tellBadRows({ count, first, kinds }: BadRows, rowWord: RowWord): string {
  const sorted = [...kinds].sort(([, one], [, other]) => other - one)
  const shown = sorted.slice(0, listed).map(([kind, times]) => `${times.toLocaleString('en')} × ${kind}`)
  const others = sorted.slice(listed).reduce((sum, [, times]) => sum + times, 0)
  const rows = first.slice(0, listed).map(({ line, place, reason }) => `${place ?? `${rowWord} ${line}`}: ${reason}`)
  const reasons = [...shown, ...(others === 0 ? [] : [`${others.toLocaleString('en')} × others`])].join('\n  ')
  const skipped = count === 1 ? '1 bad row was skipped' : `${count.toLocaleString('en')} bad rows were skipped`
  return `${skipped}:\n  ${reasons}${rows.length === 0 ? '' : `\nthe first of them:\n  ${rows.join('\n  ')}`}`
}

/** Where something is wrong; column and value as they stand in the file. */
export interface BadPlace {
  readonly line: number
  readonly column?: string
  readonly value?: string
  readonly isLineAlone?: true
}

function describe({ line, column, value, isLineAlone }: BadPlace, reason: string): BadRow {
  const shown = {
    line,
    ...(isLineAlone && { isLineAlone }),
    ...(column !== undefined && { column: showValue(column) }),
    ...(value !== undefined && { value: showValue(value) }),
  }
  const subject = `${column === undefined ? '' : `column "${shown.column}": `}${value === undefined ? '' : `"${shown.value}" `}`
  return { ...shown, reason: subject + reason }
}
