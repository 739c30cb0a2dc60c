import { createRandom, type Random } from '../../src/core/random.ts'
import { burstCount, drawAmount, type MadeTable, pick, pickSkewed, type TableSize, texts } from './made-table.ts'

const days = 180
const paymentsPerCustomer = 100
const fraudShare = 0.012
const fraudsPerCustomer = 6

/** A usual amount and what a thief pays, where thieves go. Most payments are the first. */
const categories: readonly { readonly name: string; readonly typical: number; readonly stolen?: number }[] = [
  { name: 'es_transportation', typical: 26 },
  { name: 'es_food', typical: 37 },
  { name: 'es_health', typical: 100, stolen: 400 },
  { name: 'es_wellnessandbeauty', typical: 65, stolen: 230 },
  { name: 'es_fashion', typical: 62, stolen: 250 },
  { name: 'es_barsandrestaurants', typical: 41, stolen: 160 },
  { name: 'es_hyper', typical: 40, stolen: 170 },
  { name: 'es_sportsandtoys', typical: 88, stolen: 340 },
  { name: 'es_tech', typical: 99, stolen: 420 },
  { name: 'es_home', typical: 113, stolen: 460 },
  { name: 'es_hotelservices', typical: 106, stolen: 420 },
  { name: 'es_travel', typical: 700, stolen: 2600 },
  { name: 'es_leisure', typical: 80, stolen: 300 },
]

interface Customer {
  readonly id: string
  readonly age: string
  readonly gender: string
  readonly scale: number
}
interface Merchant {
  readonly id: string
  readonly category: (typeof categories)[number]
}
interface Payment {
  readonly day: number
  readonly customer: Customer
  readonly merchant: Merchant
  readonly amount: number
  readonly isFraud: boolean
}

/**
 * Payments as BankSim writes them (Lopez-Rojas and Axelsson 2014): `step` counts days, texts stand in single quotes,
 * both ZIP codes are always the same. A stolen card pays several times within three days at merchants that thieves like,
 * so fraud shows in the histories of customers and of merchants.
 */
export function makeBanksim({ rows, seed }: TableSize): MadeTable {
  const random = createRandom(seed)
  const customers = Array.from({ length: Math.max(30, Math.round(rows / paymentsPerCustomer)) }, () => ({
    id: `C${1 + random.integer(2 ** 31 - 1)}`,
    age: pick(['0', '1', '2', '2', '3', '3', '4', '5', '6', 'U'], random),
    gender: pick(['F', 'F', 'F', 'M', 'M', 'E', 'U'], random),
    scale: Math.exp(0.4 * random.normal()),
  }))
  const merchants = Array.from({ length: 50 }, (_, index) => ({
    id: `M${1 + random.integer(2 ** 31 - 1)}`,
    category: categories[index < 12 ? index % 2 : index % categories.length],
  }))
  const frauds = drawFrauds(rows, customers, merchants, random)
  const usual = Array.from({ length: Math.max(0, rows - frauds.length) }, () =>
    drawPayment(customers, merchants, random),
  )
  const payments = [...frauds.slice(0, rows), ...usual].sort((a, b) => a.day - b.day)
  return {
    columns: [
      { name: 'step', kind: 'whole', role: 'time' },
      ...texts('customer', 'age', 'gender', 'zipcodeOri', 'merchant', 'zipMerchant', 'category'),
      { name: 'amount', kind: 'decimal', role: 'amount' },
      { name: 'fraud', kind: 'whole', role: 'label' },
    ],
    textMark: "'",
    rowCount: rows,
    cells: (row) => cellsOf(payments[row]),
  }
}

function drawFrauds(
  rows: number,
  customers: readonly Customer[],
  merchants: readonly Merchant[],
  random: Random,
): Payment[] {
  const liked = merchants.filter(({ category }) => category.stolen !== undefined).slice(0, 15)
  return Array.from({ length: burstCount(rows, fraudShare, fraudsPerCustomer) }).flatMap(() => {
    const customer = pick(customers, random)
    const start = random.integer(days - 3)
    return Array.from({ length: fraudsPerCustomer - 3 + random.integer(7) }, () => {
      const merchant = pickSkewed(liked, random)
      const amount = drawAmount(merchant.category.stolen ?? 0, 0.5, random)
      return { day: start + random.integer(3), customer, merchant, amount, isFraud: true }
    })
  })
}

function drawPayment(customers: readonly Customer[], merchants: readonly Merchant[], random: Random): Payment {
  const customer = pick(customers, random)
  const merchant = random.uniform() < 0.8 ? merchants[random.integer(12)] : pick(merchants, random)
  const amount = drawAmount(customer.scale * merchant.category.typical, 0.6, random)
  return { day: random.integer(days), customer, merchant, amount, isFraud: false }
}

function cellsOf({ day, customer, merchant, amount, isFraud }: Payment): string[] {
  return [
    String(day),
    customer.id,
    customer.age,
    customer.gender,
    '28007',
    merchant.id,
    '28007',
    merchant.category.name,
    String(amount),
    isFraud ? '1' : '0',
  ]
}
