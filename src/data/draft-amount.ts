import { toMinorUnits } from '../core/money.ts'
import type { Detector } from '../detector/detector-schema.ts'
import { lookAt } from './column-look.ts'
import { currencyInName, currencyWords, plainNames } from './column-names.ts'
import type { Column, NumberColumn, Table } from './table.ts'

type Amount = NonNullable<Detector['transaction']['amount']>

export interface DraftedAmount {
  readonly amount: Amount | undefined
  /** Whether amounts of one key may be added up. */
  readonly isOneCurrency: boolean
}

/** Where a draft says what it is unsure of, and what it leaves out. */
interface Remarks {
  readonly unsure: string[]
  leave(column: string, reason: string): void
}

const fewestRows = 20

/** The column's amounts, in whole minor units where they can be, and the currency that the table says they are of. */
export function draftAmount(
  table: Table,
  field: string | undefined,
  isSkippingBadRows: boolean,
  remarks: Remarks,
): DraftedAmount {
  const column = table.columns.find(({ name }) => name === field)
  const { unsure } = remarks
  if (column?.kind !== 'number') {
    unsure.push(
      'amount: no column was recognised by its name, so no feature uses amounts; if there is one, write it: amount: { field: COLUMN, digits: 2 }',
    )
    return { amount: undefined, isOneCurrency: false }
  }
  const digits = digitsOf(column, isSkippingBadRows, unsure)
  const amount = { field: column.name, ...(digits !== undefined && { digits }) }
  const currency = currencyColumn(table, column.name)
  if (currency === undefined) {
    const named = currencyInName(column.name)
    if (named !== undefined) return { amount: { ...amount, currency: named }, isOneCurrency: true }
    unsure.push('amount: no column names a currency; if all amounts are of one, write it: currency: EUR')
    return { amount, isOneCurrency: true }
  }
  const { texts } = lookAt(currency)
  if (texts.length === 1 && /^[A-Z]{3}$/.test(texts[0])) {
    remarks.leave(currency.name, `always ${texts[0]}, which the detector states`)
    return { amount: { ...amount, currency: texts[0] }, isOneCurrency: true }
  }
  unsure.push(
    `amount: ${currency.name} has ${texts.length} values, and no rate to one currency is known, so amounts are not added up; name the rate's column as amount.conversion`,
  )
  return { amount: { ...amount, currency: { field: currency.name } }, isOneCurrency: false }
}

/** How many decimals all amounts have room in; undefined where some have none, or more than minor units have. */
function digitsOf({ name, values }: NumberColumn, isSkippingBadRows: boolean, unsure: string[]): number | undefined {
  const known = values.filter((value) => !Number.isNaN(value))
  const missing = values.length - known.length
  const fits = (digits: number) => known.every((value) => !Number.isNaN(toMinorUnits(value, digits)))
  const digits = missing > 0 && !isSkippingBadRows ? undefined : [2, 3, 4, 5, 6].find(fits)
  if (digits === undefined) {
    const why = missing > 0 ? `${missing} rows have none` : 'some have more than six decimals'
    unsure.push(`amount: ${why}, so amounts are numbers as they come and sums are not exact to the cent`)
  } else if (known.length >= fewestRows && known.every(Number.isInteger)) {
    unsure.push(
      `amount: all of ${name} are whole numbers; if 1250 stands for 12.50, write minorUnits: true and digits: 2 beside the field`,
    )
  }
  return digits
}

/** The column of currencies; the one beside a nested amount before others. */
function currencyColumn({ columns }: Table, amount: string): Extract<Column, { kind: 'text' }> | undefined {
  const found = columns.filter(
    (column): column is Extract<Column, { kind: 'text' }> =>
      column.kind === 'text' && plainNames(column.name).some((name) => currencyWords.includes(name)),
  )
  const parent = amount.slice(0, amount.lastIndexOf('.') + 1)
  return found.find(({ name }) => parent !== '' && name.startsWith(parent)) ?? found[0]
}
