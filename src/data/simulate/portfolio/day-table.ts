import type { Column, Table } from '../../table.ts'
import type { Customers } from './customers.ts'
import { type Merchants, merchantAt } from './merchants.ts'
import { cities } from './places.ts'
import type { Purchase } from './purchase.ts'

/** A purchase with what is known of it only in its place among the others. */
export interface TimedPurchase extends Purchase {
  readonly timestampMs: number
  readonly labelKnownAtMs: number
}

/** Rows as the file has them; the first is transaction number `first`, from 1. */
export function toTable(
  purchases: readonly TimedPurchase[],
  first: number,
  { merchants, customers }: { readonly merchants: Merchants; readonly customers: Customers },
): Table {
  const { latitude, longitude, merchantOf } = merchants
  const merchant = ({ terminal }: TimedPurchase) => merchantAt(merchants, terminal)
  const columns = [
    tokens('transaction_id', 't', purchases, (_, row) => first + row),
    numbers('time', purchases, ({ timestampMs }) => timestampMs, 'time'),
    tokens('customer_id', 'c', purchases, ({ customer }) => customer + 1),
    tokens('card_id', 'k', purchases, ({ card }) => card + 1),
    tokens('terminal_id', 'p', purchases, ({ terminal }) => terminal + 1),
    tokens('merchant_id', 'm', purchases, ({ terminal }) => merchantOf[terminal] + 1),
    tokens('device_id', 'd', purchases, ({ device }) => device + 1),
    numbers('amount', purchases, ({ amountMinor }) => amountMinor / 100),
    texts('currency', purchases, () => 'EUR'),
    texts('category', purchases, (purchase) => merchant(purchase).category.name),
    texts('country', purchases, (purchase) => cities[merchant(purchase).city].country),
    // A bank at home issued the card.
    texts('card_country', purchases, ({ customer }) => cities[customers.city[customer]].country),
    texts('channel', purchases, (purchase) => (merchant(purchase).isOnline ? 'online' : 'pos')),
    numbers('latitude', purchases, ({ terminal }) => latitude[terminal]),
    numbers('longitude', purchases, ({ terminal }) => longitude[terminal]),
    numbers('is_fraud', purchases, ({ scenario }) => (scenario === 0 ? 0 : 1)),
    numbers('label_known_at', purchases, ({ labelKnownAtMs }) => labelKnownAtMs, 'time'),
    numbers('scenario', purchases, ({ scenario }) => scenario),
  ]
  return { rowCount: purchases.length, columns }
}

function numbers(
  name: string,
  purchases: readonly TimedPurchase[],
  of: (purchase: TimedPurchase) => number,
  kind: 'number' | 'time' = 'number',
): Column {
  const values = new Float64Array(purchases.length)
  for (let row = 0; row < purchases.length; row++) values[row] = of(purchases[row])
  return { kind, name, values }
}

function texts(name: string, purchases: readonly TimedPurchase[], textOf: (purchase: TimedPurchase) => string): Column {
  return { kind: 'text', name, ...encode(purchases, textOf, (text) => text) }
}

/** Running numbers as texts that nobody takes for a card's number; 0 is missing. */
function tokens(
  name: string,
  prefix: string,
  purchases: readonly TimedPurchase[],
  numberOf: (purchase: TimedPurchase, row: number) => number,
): Column {
  const tokenOf = (number: number) => (number === 0 ? undefined : `${prefix}-${String(number).padStart(7, '0')}`)
  return { kind: 'text', name, ...encode(purchases, numberOf, tokenOf) }
}

/** A code for each distinct value in order of appearance, and what it is written as; -1 where that is nothing. */
function encode<T>(
  purchases: readonly TimedPurchase[],
  of: (purchase: TimedPurchase, row: number) => T,
  textOf: (value: T) => string | undefined,
): { codes: Int32Array; dictionary: string[] } {
  const codeOf = new Map<T, number>()
  const dictionary: string[] = []
  const codes = new Int32Array(purchases.length)
  for (let row = 0; row < purchases.length; row++) {
    const value = of(purchases[row], row)
    let code = codeOf.get(value)
    if (code === undefined) {
      const text = textOf(value)
      code = text === undefined ? -1 : dictionary.push(text) - 1
      codeOf.set(value, code)
    }
    codes[row] = code
  }
  return { codes, dictionary }
}
