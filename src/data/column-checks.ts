import { type FieldError, FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import { declaredFields } from '../detector/declared-fields.ts'
import type { LocatedDetector } from '../detector/detector.ts'
import { namesOfFile } from '../detector/field-names.ts'
import { fixedCurrency, whyOtherCurrency } from '../detector/fixed-currency.ts'
import { longestId, longestText } from '../detector/kept-text.ts'
import type { TransactionLayout } from '../detector/transaction.ts'
import { type CardNumberShare, cardNumberShare } from './card-number-columns.ts'
import type { CellReader, RefuseCell } from './cell-readers.ts'
import { FractionKeys, whyRefused, whySpoilt } from './spoilt-keys.ts'
import type { Column, Table } from './table.ts'

interface CheckOptions {
  /** What to call the file in errors. */
  readonly file: string
  readonly fail: RefuseCell
  /** Where a row of the open table is, for people. */
  readonly tellRow: (row: number) => string
}

/**
 * What whole columns say that a detector's transactions can't be read from: card numbers in the clear, misspelt names, keys
 * that a program has spoilt, another currency.
 */
export class ColumnChecks {
  readonly #located: LocatedDetector
  readonly #layout: TransactionLayout
  readonly #options: CheckOptions
  readonly #ids: ReadonlySet<string>
  /** The columns whose texts are taken. */
  readonly #taken: ReadonlySet<string>
  readonly #fractionKeys = new FractionKeys()

  constructor(located: LocatedDetector, layout: TransactionLayout, options: CheckOptions) {
    this.#located = located
    this.#layout = layout
    this.#options = options
    const { id = '', keys = {} } = located.detector.transaction
    this.#ids = new Set([id, ...Object.values(keys)])
    this.#taken = new Set([...this.#ids, ...layout.texts.map(({ column }) => column)])
  }

  /** Checks of each row, of the columns that hold what is not an id or a key, what a service refuses, or another currency. */
  rowChecks(table: Table): CellReader<void>[] {
    return [...this.#ofTexts(table), ...this.#ofCurrency(table)]
  }

  /** What is to be said of keys that a program has written as fractions; whole once all tables were taken up. */
  spoiltKeys(): readonly string[] {
    return this.#fractionKeys.warnings(this.#options.file)
  }

  /** A column of card numbers is refused as a whole, unless the detector says what to do about them. */
  refuseCardNumbers({ columns }: Table): void {
    const { id, amount, hashCardNumber = [], notCardNumber = [] } = this.#located.detector.transaction
    const handled = new Set([...notCardNumber, ...hashCardNumber, amount?.field, amount?.conversion])
    if (id !== undefined && hashCardNumber.includes(id)) handled.delete(id)
    const declared = new Set([id, ...declaredFields(this.#located.detector, this.#layout).map(({ column }) => column)])
    for (const column of columns) {
      if (!declared.has(column.name) || handled.has(column.name)) continue
      const share = cardNumberShare(column)
      if (share !== undefined) throw cardNumbersRefused(this.#options.file, column, share)
    }
  }

  /** A column that no feature reads may be missing, but not under a name that is like its own. */
  refuseMisspelt({ columns }: Table): void {
    const errors: FieldError[] = []
    const header = Object.fromEntries(columns.map(({ name }) => [name, true]))
    namesOfFile(this.#located.detector, this.#layout).refuse('misspelt', header, errors)
    if (errors.length === 0) return
    const [{ field, reason }] = errors
    throw new FraudError('DATA_INVALID', `${this.#options.file}: the column "${field}" ${reason}`, { errors })
  }

  /** What a key's texts must not be, and what the service does not take. */
  *#ofTexts({ columns }: Table): Generator<CellReader<void>> {
    const { fail } = this.#options
    const { id } = this.#located.detector.transaction
    for (const column of columns) {
      if (column.kind !== 'text' || !this.#taken.has(column.name)) continue
      const isKey = this.#ids.has(column.name)
      if (isKey) this.#fractionKeys.add(column, this.#options.tellRow)
      const longest = column.name === id ? longestId : longestText
      const reasons = isKey ? whySpoilt(column, longest) : whyRefused(column)
      if (reasons === undefined) continue
      const { codes, dictionary } = column
      yield (row) => {
        const reason = reasons[codes[row]]
        if (reason === undefined) return
        throw fail(row, column.name, `"${showValue(dictionary[codes[row]])}" ${reason}`, reason)
      }
    }
  }

  /** A column that says of an amount that it is of another currency than the detector says. */
  *#ofCurrency({ columns }: Table): Generator<CellReader<void>> {
    const { fail } = this.#options
    const { detector } = this.#located
    const fixed = fixedCurrency(detector, namesOfFile(detector, this.#layout).declared)
    if (fixed === undefined) return
    for (const column of columns) {
      if (!fixed.fields.has(column.name)) continue
      const why = (given: unknown) => whyOtherCurrency(fixed.code, given)
      const reasons = column.kind === 'text' ? column.dictionary.map(why) : []
      yield (row) => {
        const reason =
          column.kind === 'text'
            ? reasons[column.codes[row]]
            : Number.isNaN(column.values[row])
              ? undefined
              : why(column.values[row])
        if (reason !== undefined) throw fail(row, column.name, reason)
      }
    }
  }
}

function cardNumbersRefused(file: string, { name }: Column, { candidates, found }: CardNumberShare): FraudError {
  const field = showValue(name)
  const reason = `the column "${field}" holds card numbers, by ${found} of its ${candidates} different long numbers`
  const cure =
    'list it in transaction.hashCardNumber if it is a key or a field (a keyed hash takes their place), leave it out of the features, or list it in transaction.notCardNumber if they are something else'
  return new FraudError('CARD_NUMBER_REFUSED', `${file}: ${reason}; ${cure}`, { errors: [{ field, reason }] })
}
