import type { Declaration, Declarations, Subject, Value } from '../../src/language/index.ts'

const number = (slot: number): Declaration => ({ type: 'double', slot })

/** Names of every type that a detector may declare. */
export const declarations: Declarations = {
  names: new Map<string, Declaration>([
    ['amount', { type: 'double', slot: 0, always: true }],
    ['time', { type: 'timestamp', slot: 1, always: true }],
    ['score', number(2)],
    ['card_count_10m', number(3)],
    ['card_count_1h', number(4)],
    ['ip_count_1h', number(5)],
    ['customer_amount_mean_7d', number(6)],
    ['items', { type: 'int', slot: 7 }],
    ['visits', { type: 'int', slot: 8 }],
    ['is_guest', { type: 'bool', slot: 9 }],
    ['account_age', { type: 'duration', slot: 10 }],
    ['country', { type: 'string', slot: 0 }],
    ['ip_country', { type: 'string', slot: 1 }],
    ['email', { type: 'string', slot: 2 }],
    ['payment.method', { type: 'string', slot: 3 }],
    ['merchant name', { type: 'string', slot: 4 }],
    ['device', { type: 'token', slot: 5 }],
    ['last_device', { type: 'token', slot: 6 }],
  ]),
  lists: new Map([
    ['blocked', 0],
    ['known devices', 1],
    ['down', 2],
  ]),
}

/** A subject of these values; any other name is missing. */
export function subjectOf(values: Readonly<Record<string, Value>>): Subject {
  const numbers = new Float64Array(11).fill(Number.NaN)
  const texts: (string | undefined)[] = new Array(7).fill(undefined)
  for (const [name, value] of Object.entries(values)) {
    const declaration = declarations.names.get(name)
    if (declaration === undefined) throw new Error(`${name} is not declared`)
    if (typeof value === 'string') texts[declaration.slot] = value
    else if (value !== undefined) numbers[declaration.slot] = Number(value)
  }
  const lists = [new Set(['d1', 'XX']), new Set(['d2']), { has: () => undefined }]
  return { numbers, texts, lists }
}

/** Milliseconds of a Sunday evening in UTC, which was Monday already in Berlin. */
export const sundayMs = Date.UTC(2026, 0, 4, 23, 30, 15, 250)

export const everyValue = subjectOf({
  amount: 12.5,
  time: sundayMs,
  score: 0.25,
  card_count_10m: 9,
  card_count_1h: 12,
  ip_count_1h: 3,
  customer_amount_mean_7d: 40,
  items: 7,
  visits: 2,
  is_guest: true,
  account_age: 90 * 60_000,
  country: 'DE',
  ip_country: 'FR',
  email: 'anna@example.com',
  'payment.method': 'card',
  'merchant name': 'Café "Zoë" 🦊',
  device: 'd1',
  last_device: 'd2',
})

export const noValue = subjectOf({ amount: 12.5, time: sundayMs })
