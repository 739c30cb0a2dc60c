import type { Random } from '../../../core/random.ts'
import { type Customers, visits } from './customers.ts'
import { type Merchant, type Merchants, merchantAt } from './merchants.ts'
import { cities } from './places.ts'
import { daySeconds, drawAmountMinor, drawCount, type Purchase, roundTo } from './purchase.ts'
import { scenario } from './scenario.ts'
import type { Portfolio } from './spending.ts'

interface Takeover {
  readonly merchant: Merchant
  readonly lastDay: number
  /** How many purchases are made up on a day. */
  readonly perDay: number
}

// Per day and customer: one every four days among 5,000.
const takeoversPerCustomer = 0.25 / 5000
const online = 0.4
const shortestDays = 2
const daysApart = 4
const fewestPerDay = 5
const mostPerDay = 15
// Most come at night, when nobody is there to wonder.
const atNight = 0.6
const nightHours = 6
const tries = 30

/** Merchants whose terminals or account a stranger holds for some days, and charges cards that never were there. */
export class Takeovers {
  readonly #portfolio: Portfolio
  #active: readonly Takeover[] = []

  constructor(portfolio: Portfolio) {
    this.#portfolio = portfolio
  }

  /** What is charged on a day: to be called once for each, in order. */
  charge(day: number, random: Random): Purchase[] {
    const active = this.#active.filter(({ lastDay }) => day <= lastDay)
    const begun = drawCount(takeoversPerCustomer * this.#portfolio.customers.count, random)
    for (let left = begun; left > 0; left--) {
      active.push({
        merchant: chooseMerchant(this.#portfolio.merchants, random),
        lastDay: day + shortestDays - 1 + random.integer(daysApart),
        perDay: fewestPerDay + random.integer(mostPerDay - fewestPerDay + 1),
      })
    }
    this.#active = active
    return active.flatMap((takeover) => chargeCards(this.#portfolio, takeover, day, random))
  }
}

function chooseMerchant(merchants: Merchants, random: Random): Merchant {
  const { shopTerminals, terminals } = merchants
  const isOnline = random.uniform() < online
  const terminal = isOnline ? shopTerminals + random.integer(terminals - shopTerminals) : random.integer(shopTerminals)
  return merchantAt(merchants, terminal)
}

function chargeCards(portfolio: Portfolio, { merchant, perDay }: Takeover, day: number, random: Random): Purchase[] {
  const { customers, cards, devices } = portfolio
  const { firstTerminal, endTerminal, isOnline, category } = merchant
  const device = isOnline ? devices.create() : -1
  const purchases: Purchase[] = []
  for (let left = perDay; left > 0; left--) {
    const customer = chooseStranger(customers, merchant, random)
    if (customer < 0) continue
    const usual = drawAmountMinor(customers, customer, merchant, random)
    purchases.push({
      second: drawSecond(merchant, random),
      customer,
      card: cards.use(customer, day, random),
      terminal: firstTerminal + random.integer(endTerminal - firstTerminal),
      device,
      amountMinor: roundTo(category.stepMinor, usual * (1 + random.uniform())),
      scenario: scenario.merchantTakeover,
    })
  }
  return purchases
}

/** A customer whom neither habits nor trips lead to the merchant; -1 where none was found. */
function chooseStranger(customers: Customers, merchant: Merchant, random: Random): number {
  for (let tried = 0; tried < tries; tried++) {
    const customer = random.integer(customers.count)
    if (!merchant.isOnline && customers.tripCity[customer] === merchant.city) continue
    let isKnown = false
    for (let terminal = merchant.firstTerminal; terminal < merchant.endTerminal; terminal++) {
      isKnown ||= visits(customers, customer, terminal)
    }
    if (!isKnown) return customer
  }
  return -1
}

function drawSecond({ city }: Merchant, random: Random): number {
  if (random.uniform() >= atNight) return random.integer(daySeconds)
  const hour = nightHours * random.uniform() - cities[city].hoursFromUtc
  return Math.floor((hour + 24) * 3600) % daySeconds
}
