import { createRandom, type Random } from '../../src/core/random.ts'
import {
  burstCount,
  decimals,
  drawAmount,
  drawSecondOfDay,
  type MadeTable,
  pick,
  pickSkewed,
  type TableSize,
  texts,
  wholes,
  writeFloat,
} from './made-table.ts'

const days = 90
const startMs = Date.UTC(2019, 0, 1)
const purchasesPerCard = 180
const fraudShare = 0.0058
const fraudsPerCard = 8

/** What is bought in a category: a usual amount, and what a thief pays there, where thieves go. */
const categories: readonly { readonly name: string; readonly typical: number; readonly stolen?: number }[] = [
  { name: 'gas_transport', typical: 60 },
  { name: 'grocery_pos', typical: 110, stolen: 310 },
  { name: 'home', typical: 40 },
  { name: 'shopping_pos', typical: 30, stolen: 850 },
  { name: 'kids_pets', typical: 40 },
  { name: 'shopping_net', typical: 30, stolen: 980 },
  { name: 'entertainment', typical: 50 },
  { name: 'food_dining', typical: 40 },
  { name: 'personal_care', typical: 35 },
  { name: 'health_fitness', typical: 40 },
  { name: 'misc_pos', typical: 25 },
  { name: 'misc_net', typical: 30, stolen: 780 },
  { name: 'grocery_net', typical: 50 },
  { name: 'travel', typical: 20 },
]
const stolenIn = categories.filter(({ stolen }) => stolen !== undefined)
const names = [
  'Abbott',
  'Becker',
  'Conroy',
  'Dach',
  'Emard',
  'Feil',
  'Goyette',
  'Hauck',
  'Jast',
  'Kub',
  'Mann',
  'Rippin',
]
const firstNames = [
  'Jennifer',
  'Stephanie',
  'Edward',
  'Jeremy',
  'Tyler',
  'Kathryn',
  'Melissa',
  'Steven',
  'Mary',
  'Brian',
]
const towns = [
  'Moravian Falls',
  'Orient',
  'Malad City',
  'Boulder',
  'Doe Hill',
  'Dublin',
  'Holcomb',
  'Edinburg',
  'Manor',
]
const states = ['NC', 'WA', 'ID', 'MT', 'VA', 'PA', 'KS', 'TN', 'IA', 'WV']
const jobs = [
  'Psychologist, counselling',
  "Nurse, children's",
  'Patent attorney',
  'Designer, multimedia',
  'Systems analyst',
]

interface Card {
  readonly number: string
  /** first, last, gender, street, city, state, zip */
  readonly person: readonly string[]
  readonly latitude: number
  readonly longitude: number
  readonly cityPop: number
  readonly job: string
  readonly born: string
  readonly scale: number
}
interface Merchant {
  readonly name: string
  readonly category: (typeof categories)[number]
}
interface Purchase {
  readonly timeMs: number
  readonly card: Card
  readonly merchant: Merchant
  readonly amount: number
  readonly id: string
  readonly latitude: number
  readonly longitude: number
  readonly isFraud: boolean
}

/**
 * Card purchases as Sparkov writes them (Harris 2020): a first column without a name, card numbers, the holder's home
 * and the merchant's place, `unix_time` seven years early. A stolen card buys some eight dear things within two days,
 * mostly at night, which shows against what that card paid before.
 */
export function makeSparkov({ rows, seed }: TableSize): MadeTable {
  const random = createRandom(seed)
  const cards = Array.from({ length: Math.max(30, Math.round(rows / purchasesPerCard)) }, () => drawCard(random))
  const merchants = Array.from({ length: 300 }, (_, index) => drawMerchant(index, random))
  const frauds = drawFrauds(rows, cards, merchants, random)
  const usual = Array.from({ length: Math.max(0, rows - frauds.length) }, () => drawPurchase(cards, merchants, random))
  const purchases = [...frauds.slice(0, rows), ...usual].sort((a, b) => a.timeMs - b.timeMs)
  return {
    columns: [
      ...wholes(''),
      { name: 'trans_date_trans_time', kind: 'date', role: 'time' },
      ...wholes('cc_num'),
      ...texts('merchant', 'category'),
      { name: 'amt', kind: 'decimal', role: 'amount' },
      ...texts('first', 'last', 'gender', 'street', 'city', 'state', 'zip'),
      ...decimals('lat', 'long'),
      ...wholes('city_pop'),
      ...texts('job'),
      { name: 'dob', kind: 'date' },
      { name: 'trans_num', kind: 'text' },
      ...wholes('unix_time'),
      ...decimals('merch_lat', 'merch_long'),
      { name: 'is_fraud', kind: 'whole', role: 'label' },
    ],
    rowCount: rows,
    cells: (row) => cellsOf(row, purchases[row]),
  }
}

function drawFrauds(rows: number, cards: readonly Card[], merchants: readonly Merchant[], random: Random): Purchase[] {
  const dear = merchants.filter(({ category }) => stolenIn.includes(category))
  const bursts = burstCount(rows, fraudShare, fraudsPerCard)
  return Array.from({ length: bursts }).flatMap((_, burst) => {
    const card = pick(cards, random)
    // Over all of the days, so that the last of a small table have frauds, too.
    const start = Math.floor(((burst + random.uniform()) * (days - 2)) / bursts)
    return Array.from({ length: fraudsPerCard - 3 + random.integer(7) }, () => {
      const hour = random.uniform() < 0.8 ? 22 + 5 * random.uniform() : 24 * random.uniform()
      const timeMs = atSecond(start + random.integer(2), Math.floor(hour * 3600))
      const merchant = pick(dear, random)
      const amount = drawAmount(merchant.category.stolen ?? 0, 0.2, random)
      return bought({ timeMs, card, merchant, amount, isFraud: true }, random)
    })
  })
}

function drawPurchase(cards: readonly Card[], merchants: readonly Merchant[], random: Random): Purchase {
  const card = pick(cards, random)
  const merchant = pickSkewed(merchants, random)
  const timeMs = atSecond(random.integer(days), drawSecondOfDay(random))
  const amount = drawAmount(card.scale * merchant.category.typical, 0.8, random)
  return bought({ timeMs, card, merchant, amount, isFraud: false }, random)
}

function bought(purchase: Omit<Purchase, 'id' | 'latitude' | 'longitude'>, random: Random): Purchase {
  const id = Array.from({ length: 4 }, () => random.uint32().toString(16).padStart(8, '0')).join('')
  const near = (place: number) => place + 2 * random.uniform() - 1
  const { latitude, longitude } = purchase.card
  return { ...purchase, id, latitude: near(latitude), longitude: near(longitude) }
}

function drawCard(random: Random): Card {
  const digits = `4${Array.from({ length: 14 }, () => random.integer(10)).join('')}`
  const gender = pick(['F', 'M'], random)
  const street = `${1 + random.integer(999)} ${pick(names, random)} Cove Suite ${random.integer(900)}`
  const zip = String(10_000 + random.integer(89_999))
  return {
    number: digits + checkDigit(digits),
    person: [
      pick(firstNames, random),
      pick(names, random),
      gender,
      street,
      pick(towns, random),
      pick(states, random),
      zip,
    ],
    latitude: 30 + 18 * random.uniform(),
    longitude: -120 + 45 * random.uniform(),
    cityPop: 50 + random.integer(200_000),
    job: pick(jobs, random),
    born: dateOf(Date.UTC(1940 + random.integer(60), random.integer(12), 1 + random.integer(28))),
    scale: Math.exp(0.4 * random.normal()),
  }
}

/** Luhn's. */
function checkDigit(digits: string): string {
  let sum = 0
  for (let back = 1; back <= digits.length; back++) {
    const digit = Number(digits[digits.length - back]) * (back % 2 === 1 ? 2 : 1)
    sum += digit > 9 ? digit - 9 : digit
  }
  return String((10 - (sum % 10)) % 10)
}

function drawMerchant(index: number, random: Random): Merchant {
  const [one, two, three] = [pick(names, random), pick(names, random), pick(names, random)]
  const name = pick([`${one}, ${two} and ${three}`, `${one}-${two}`, `${one} and Sons ${index}`, `${one} LLC`], random)
  return { name: `fraud_${name}`, category: categories[index % categories.length] }
}

function atSecond(day: number, second: number): number {
  return startMs + (day * 86_400 + second) * 1000
}

function dateOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}

function cellsOf(
  row: number,
  { timeMs, card, merchant, amount, id, latitude, longitude, isFraud }: Purchase,
): string[] {
  const early = new Date(timeMs)
  early.setUTCFullYear(early.getUTCFullYear() - 7)
  return [
    String(row),
    new Date(timeMs).toISOString().slice(0, 19).replace('T', ' '),
    card.number,
    merchant.name,
    merchant.category.name,
    writeFloat(amount),
    ...card.person,
    card.latitude.toFixed(4),
    card.longitude.toFixed(4),
    String(card.cityPop),
    card.job,
    card.born,
    id,
    String(early.getTime() / 1000),
    latitude.toFixed(6),
    longitude.toFixed(6),
    isFraud ? '1' : '0',
  ]
}
