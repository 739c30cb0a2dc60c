import type { Random } from '../../../core/random.ts'
import { isOpen, localHour, type Merchants, merchantAt, placeOf } from './merchants.ts'
import { cities, distanceKm } from './places.ts'
import { daySeconds, drawAmountMinor, drawCount, type Purchase, roundTo } from './purchase.ts'
import { scenario } from './scenario.ts'
import type { Portfolio } from './spending.ts'

// Per day and customer: three clones a day among 5,000.
const clonesPerCustomer = 3 / 5000
const mostUses = 3
const leastKm = 800
// Faster than an airliner from one end to the other, with room for the width of cities.
const kmPerHour = 1000
const soonestSeconds = 300
const latestSeconds = 3 * 3600
const tries = 30

/** Copies of cards are used far away, too soon after the card itself was used at home. */
export function cloneCards(portfolio: Portfolio, genuine: readonly Purchase[], random: Random): Purchase[] {
  const clones: Purchase[] = []
  for (let left = drawCount(clonesPerCustomer * portfolio.customers.count, random); left > 0; left--) {
    const original = chooseOriginal(portfolio, genuine, random)
    if (original !== undefined) clones.push(...useClone(portfolio, original, random))
  }
  return clones
}

function chooseOriginal(
  { merchants, customers }: Portfolio,
  genuine: readonly Purchase[],
  random: Random,
): Purchase | undefined {
  for (let tried = 0; tried < tries && genuine.length > 0; tried++) {
    const purchase = genuine[random.integer(genuine.length)]
    const { isOnline, city } = merchantAt(merchants, purchase.terminal)
    if (!isOnline && city === customers.city[purchase.customer]) return purchase
  }
  return undefined
}

function useClone({ merchants, customers }: Portfolio, original: Purchase, random: Random): Purchase[] {
  const { second, customer, card } = original
  const first = chooseFar(merchants, original.terminal, second, random)
  if (first < 0) return []
  const km = distanceKm(placeOf(merchants, original.terminal), placeOf(merchants, first))
  const longest = Math.floor(Math.min(latestSeconds, (km / kmPerHour) * 3600, daySeconds - 1 - second))
  if (longest <= soonestSeconds) return []
  const { city } = merchantAt(merchants, first)
  return Array.from({ length: 1 + random.integer(mostUses) }, (_, use) => {
    const terminal = use === 0 ? first : chooseOpen(merchants, merchants.inCity[city], second, random)
    const merchant = merchantAt(merchants, terminal)
    const amount = drawAmountMinor(customers, customer, merchant, random) * (1 + random.uniform())
    return {
      second: second + soonestSeconds + random.integer(longest - soonestSeconds),
      customer,
      card,
      terminal,
      device: -1,
      amountMinor: roundTo(merchant.category.stepMinor, amount),
      scenario: scenario.impossibleTravel,
    }
  })
}

/** An open terminal a long way from one; -1 where none was found. */
function chooseFar(merchants: Merchants, from: number, second: number, random: Random): number {
  for (let tried = 0; tried < tries; tried++) {
    const terminal = random.integer(merchants.shopTerminals)
    const merchant = merchantAt(merchants, terminal)
    if (!isOpen(merchant, localHour(second, cities[merchant.city]))) continue
    if (distanceKm(placeOf(merchants, from), placeOf(merchants, terminal)) >= leastKm) return terminal
  }
  return -1
}

/** Thieves find an open door nearly always. */
function chooseOpen(merchants: Merchants, terminals: Int32Array, second: number, random: Random): number {
  let terminal = terminals[random.integer(terminals.length)]
  for (let tried = 0; tried < tries; tried++) {
    const merchant = merchantAt(merchants, terminal)
    if (isOpen(merchant, localHour(second, cities[merchant.city]))) break
    terminal = terminals[random.integer(terminals.length)]
  }
  return terminal
}
