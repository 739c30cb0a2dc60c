import { FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'

/** A row that could not be used: where it is, and why. */
export interface BadRow {
  /** The physical line, from 1; in a Parquet file the row, from 1. */
  readonly line: number
  /** Missing where the row as a whole is wrong. */
  readonly column?: string
  /** As shown in the message: shortened, control characters escaped, digits of a possible card number masked. */
  readonly value?: string
  /** With column and value, where there are any. */
  readonly reason: string
}

export interface BadRows {
  readonly count: number
  /** The first twenty. */
  readonly first: readonly BadRow[]
}

const listed = 20

/** What happens to rows that can't be used: the first one is an error, or they are counted and left out. */
export class BadRowLog {
  readonly #file: string
  readonly #policy: 'fail' | 'skip'
  readonly #rowWord: 'line' | 'row'
  readonly #first: BadRow[] = []
  #count = 0

  constructor(file: string, policy: 'fail' | 'skip', rowWord: 'line' | 'row' = 'line') {
    this.#file = file
    this.#policy = policy
    this.#rowWord = rowWord
  }

  add(place: BadPlace, reason: string): void {
    if (this.#policy === 'fail') throw this.error(place, reason)
    this.#count++
    if (this.#first.length < listed) this.#first.push(describe(place, reason))
  }

  /** The error for a row, or for what can't be left out, such as the header. */
  error(place: BadPlace, reason: string): FraudError {
    const { column } = place
    const message = `${this.#file}, ${this.#rowWord} ${place.line}${column === undefined ? ':' : ','} ${describe(place, reason).reason}`
    return new FraudError(
      'DATA_INVALID',
      message,
      column === undefined ? {} : { errors: [{ field: showValue(column), reason }] },
    )
  }

  report(): BadRows {
    return { count: this.#count, first: this.#first }
  }
}

/** The bad rows of one file that two readings of it found. */
export function joinBadRows(one: BadRows, other: BadRows): BadRows {
  const first = [...one.first, ...other.first].sort((a, b) => a.line - b.line)
  return { count: one.count + other.count, first: first.slice(0, listed) }
}

/** Where something is wrong; column and value as they stand in the file. */
export interface BadPlace {
  readonly line: number
  readonly column?: string
  readonly value?: string
}

function describe({ line, column, value }: BadPlace, reason: string): BadRow {
  const shown = {
    line,
    ...(column !== undefined && { column: showValue(column) }),
    ...(value !== undefined && { value: showValue(value) }),
  }
  const subject = `${column === undefined ? '' : `column "${shown.column}": `}${value === undefined ? '' : `"${shown.value}" `}`
  return { ...shown, reason: subject + reason }
}
