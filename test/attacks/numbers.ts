import { FraudError } from '../../src/core/errors.ts'
import type { Random } from '../../src/core/random.ts'
import { parseDetector } from '../../src/detector/detector.ts'
import { ReceivedTransactionReader } from '../../src/detector/received-transaction.ts'
import { compileDetector } from '../../src/features/feature-set.ts'

const startMs = Date.UTC(2026, 10, 22)
const detector = parseDetector({
  detector: 'places',
  transaction: {
    id: 'ID',
    time: { field: 'TIME', format: 'epoch-ms' },
    amount: { field: 'AMOUNT' },
    keys: { card: 'CARD' },
    position: { latitude: 'LAT', longitude: 'LON' },
    label: { field: 'FRAUD' },
  },
  features: [{ count: { by: 'card', over: '1d' } }],
})
const conceal = { hashCardNumber: String, token: String }
const reader = new ReceivedTransactionReader(detector, compileDetector(detector).layout, conceal, () => startMs)

type NumberField = 'AMOUNT' | 'LAT' | 'LON'

/** What is kept of a number in a transaction; undefined where it is refused. */
export function keptOf(field: NumberField, value: number): unknown {
  const transaction = { ID: 't-1', TIME: startMs, CARD: 'c', AMOUNT: 1, LAT: 1, LON: 1, [field]: value }
  try {
    return reader.read(JSON.parse(JSON.stringify(transaction))).fields[reader.columns.indexOf(field)]
  } catch (error) {
    if (error instanceof FraudError) return undefined
    throw error
  }
}

const cards = ['4111111111111111', '5555555555554444', '378282246310005', '30569309025904', '4222222222222']
const withPoint = (digits: string, at: number) => Number(`${digits.slice(0, at)}.${digits.slice(at)}`)

/** Card numbers with a decimal point among their digits, as far as a double holds all of them. */
export const numbersOfCards: readonly { readonly field: NumberField; readonly value: number }[] = cards.flatMap(
  (card) =>
    Array.from({ length: card.length + 1 }, (_, at) => withPoint(card, at))
      .filter((value) => String(value).replace(/^0\.|\D/g, '') === card)
      .flatMap((value) => [
        { field: 'AMOUNT' as const, value },
        { field: 'AMOUNT' as const, value: -value },
        ...(value <= 90 ? [{ field: 'LAT' as const, value }] : []),
        ...(value <= 180 ? [{ field: 'LON' as const, value: -value }] : []),
      ]),
)

const centsOf = (random: Random) => random.integer(10_000_000)

/** Numbers that no more than this share of may be refused. */
export const honestNumbers: readonly {
  readonly name: string
  readonly field: NumberField
  readonly most: number
  readonly make: (random: Random) => number
}[] = [
  { name: 'amount', field: 'AMOUNT', most: 0, make: (random) => centsOf(random) / 100 },
  { name: 'amount with three decimals', field: 'AMOUNT', most: 0, make: (random) => centsOf(random) / 1000 },
  {
    name: 'sum of two amounts in doubles',
    field: 'AMOUNT',
    most: 1 / 100,
    make: (random) => centsOf(random) / 100 + centsOf(random) / 100,
  },
  { name: 'latitude with all decimals', field: 'LAT', most: 0, make: (random) => 180 * random.uniform() - 90 },
  { name: 'longitude with all decimals', field: 'LON', most: 0, make: (random) => 360 * random.uniform() - 180 },
]
