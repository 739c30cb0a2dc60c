import type { Random } from '../../src/core/random.ts'

/** Shapes of references that hold no card number but by chance. */
export interface ReferenceShape {
  readonly name: string
  /** At most so many of them may be taken for one. */
  readonly most: number
  readonly make: (random: Random) => string
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

function draw(random: Random, from: string, length: number): string {
  let text = ''
  for (let i = 0; i < length; i++) text += from[random.integer(from.length)]
  return text
}

const digits = (random: Random, length: number) => draw(random, '0123456789', length)
const hexadecimal = (random: Random, length: number) => draw(random, '0123456789abcdef', length)
const timeOf = (random: Random) => 1_262_304_000_000 + random.integer(2 ** 39)
const iso = (random: Random) => new Date(timeOf(random)).toISOString()

function uuid(random: Random): string {
  const hex = hexadecimal(random, 30)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-a${hex.slice(15, 18)}-${hex.slice(18)}`
}

/** ISO 13616: a German account with its check digits. */
function iban(random: Random): string {
  const account = digits(random, 18)
  const check = 98n - (BigInt(`${account}131400`) % 97n)
  return `DE${String(check).padStart(2, '0')}${account}`
}

const rare = 1 / 1000
const one20th = 1 / 20

export const referenceShapes: readonly ReferenceShape[] = [
  ...[13, 14, 15, 16, 17, 18, 19].map((length) => ({
    ...{ name: `${length} digits`, most: one20th, make: (random: Random) => digits(random, length) },
  })),
  { name: '20 alphanumeric', most: rare, make: (random) => draw(random, alphabet, 20) },
  { name: '32 alphanumeric', most: rare, make: (random) => draw(random, alphabet, 32) },
  { name: 'UUID', most: rare, make: uuid },
  ...[24, 32, 40, 64].map((length) => ({
    ...{ name: `${length} hexadecimal`, most: rare, make: (random: Random) => hexadecimal(random, length) },
  })),
  { name: 'ULID', most: rare, make: (random) => `01${draw(random, crockford, 24)}` },
  { name: 'ISO date-time', most: rare, make: iso },
  {
    name: 'date and time with microseconds',
    most: rare,
    make: (random) => `${iso(random).slice(0, 23).replace('T', ' ')}${digits(random, 3)}`,
  },
  { name: 'compact date and time', most: rare, make: (random) => iso(random).replace(/\D/g, '') },
  { name: 'epoch-ms and a counter', most: one20th, make: (random) => `${timeOf(random)}-${random.integer(10_000)}` },
  {
    name: 'order number 3-7-7',
    most: one20th,
    make: (random) => `${digits(random, 3)}-${digits(random, 7)}-${digits(random, 7)}`,
  },
  { name: 'order number with the year', most: rare, make: (random) => `ORD-2026-${digits(random, 8)}` },
  {
    name: 'phone number',
    most: rare,
    make: (random) => `+49 (0) ${digits(random, 3)} ${digits(random, 4)}-${digits(random, 4)}`,
  },
  { name: 'IBAN', most: rare, make: iban },
  { name: 'IBAN in fours', most: rare, make: (random) => iban(random).replace(/(.{4})(?=.)/g, '$1 ') },
]
