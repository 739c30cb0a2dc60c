import type { Random } from '../../../core/random.ts'
import { daySeconds, drawCount, type Purchase } from './purchase.ts'
import { scenario } from './scenario.ts'
import type { Portfolio } from './spending.ts'

// Per day and customer: a burst every two or three days among 5,000.
const burstsPerCustomer = 0.4 / 5000
const fewestCards = 12
const mostCards = 40
const mostDevices = 3
const shortestSeconds = 180
const longestSeconds = 900
const leastMinor = 50
const mostMinor = 200

/** Someone with a list of stolen cards tries which of them work: many small payments at one online shop, in minutes. */
export function testCards(portfolio: Portfolio, day: number, random: Random): Purchase[] {
  const { customers } = portfolio
  const purchases: Purchase[] = []
  for (let left = drawCount(burstsPerCustomer * customers.count, random); left > 0; left--) {
    purchases.push(...burst(portfolio, day, random))
  }
  return purchases
}

function burst({ merchants, customers, cards, devices }: Portfolio, day: number, random: Random): Purchase[] {
  const size = Math.min(customers.count, fewestCards + random.integer(mostCards - fewestCards + 1))
  const victims = new Set<number>()
  while (victims.size < size) victims.add(random.integer(customers.count))
  const terminal = merchants.shopTerminals + random.integer(merchants.terminals - merchants.shopTerminals)
  const tools = Array.from({ length: 1 + random.integer(mostDevices) }, () => devices.create())
  const seconds = shortestSeconds + random.integer(longestSeconds - shortestSeconds)
  const start = random.integer(daySeconds - seconds)
  return Array.from(victims, (customer) => ({
    second: start + random.integer(seconds),
    customer,
    card: cards.use(customer, day, random),
    terminal,
    device: tools[random.integer(tools.length)],
    amountMinor: leastMinor + random.integer(mostMinor - leastMinor + 1),
    scenario: scenario.cardTesting,
  }))
}
