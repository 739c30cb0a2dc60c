import type { Random } from '../../../core/random.ts'
import type { Cards } from './cards.ts'
import { type Customers, onlineHabit, reach } from './customers.ts'
import type { Devices } from './devices.ts'
import { isOpen, localHour, type Merchants, merchantAt } from './merchants.ts'
import { cities } from './places.ts'
import { daySeconds, drawAmountMinor, type Purchase } from './purchase.ts'
import type { Trips } from './trips.ts'

export interface Portfolio {
  readonly merchants: Merchants
  readonly customers: Customers
  readonly cards: Cards
  readonly devices: Devices
  readonly trips: Trips
}

const anyHour = 0.03
// Nobody pays in two cities faster than one can travel: on the day of a journey shops come after it.
const arrivalSecond = 10 * 3600
const doorsTried = 5

/** What all customers buy on one day, by their habits, customer after customer. */
export function spendDay(portfolio: Portfolio, day: number, isWeekend: boolean, random: Random): Purchase[] {
  const { customers, trips } = portfolio
  const purchases: Purchase[] = []
  for (let customer = 0; customer < customers.count; customer++) {
    const city = trips.cityOn(day, customer, random)
    const rate = customers.dailyRate[customer] * (isWeekend ? customers.weekendRate[customer] : 1)
    for (let left = drawPoisson(rate, random); left > 0; left--) {
      const second = drawSecond(customers, customer, city, isWeekend, random)
      const terminal = chooseTerminal(portfolio, day, customer, city, second, random)
      if (terminal >= 0) purchases.push(buy(portfolio, day, customer, terminal, second, random))
    }
  }
  return purchases
}

function buy(
  { merchants, customers, cards, devices }: Portfolio,
  day: number,
  customer: number,
  terminal: number,
  second: number,
  random: Random,
): Purchase {
  const merchant = merchantAt(merchants, terminal)
  return {
    second,
    customer,
    card: cards.use(customer, day, random),
    terminal,
    device: merchant.isOnline ? devices.use(customer, random) : -1,
    amountMinor: drawAmountMinor(customers, customer, merchant, random),
    scenario: 0,
  }
}

function drawSecond(
  { middleHour, hourSpread }: Customers,
  customer: number,
  city: number,
  isWeekend: boolean,
  random: Random,
): number {
  const middle = middleHour[customer] + (isWeekend ? 1 : 0)
  const hour = random.uniform() < anyHour ? 24 * random.uniform() : middle + hourSpread[customer] * random.normal()
  const utc = hour - cities[city].hoursFromUtc
  return Math.floor((utc - 24 * Math.floor(utc / 24)) * 3600) % daySeconds
}

/** Online by habit, or because no shop is open that was thought of; -1 where it comes to nothing. */
function chooseTerminal(
  { merchants, customers, trips }: Portfolio,
  day: number,
  customer: number,
  city: number,
  second: number,
  random: Random,
): number {
  const onlineShare = customers.onlineShare[customer]
  const shops = city === customers.city[customer] ? nearby(customers, customer) : merchants.inCity[city]
  const isUnderWay = second < arrivalSecond && trips.isTravelDay(day, customer)
  if (!isUnderWay && random.uniform() >= onlineShare) {
    const hour = localHour(second, cities[city])
    for (let tried = 0; tried < doorsTried; tried++) {
      // The first ones are the favourites.
      const terminal = shops[Math.floor(shops.length * random.uniform() * random.uniform())]
      if (isOpen(merchantAt(merchants, terminal), hour)) return terminal
    }
  }
  if (onlineShare === 0) return -1
  return customers.online[customer * onlineHabit + random.integer(onlineHabit)]
}

function nearby({ nearby, nearbyCount }: Customers, customer: number): Int32Array {
  return nearby.subarray(customer * reach, customer * reach + nearbyCount[customer])
}

/** Knuth's method: multiplied uniform numbers until they are below e to the minus rate. */
function drawPoisson(rate: number, random: Random): number {
  const end = Math.exp(-rate)
  let count = 0
  for (let product = random.uniform(); product > end; product *= random.uniform()) count++
  return count
}
