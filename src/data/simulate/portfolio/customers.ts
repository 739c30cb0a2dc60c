import type { Random } from '../../../core/random.ts'
import { categories } from './categories.ts'
import { type Merchants, merchantAt } from './merchants.ts'
import { cities, placeNear } from './places.ts'

/** Habits, one entry per customer. */
export interface Customers {
  readonly count: number
  readonly city: Uint8Array
  /** Where the trips go: always to the same city. -1 for those who stay at home. */
  readonly tripCity: Int8Array
  readonly dailyRate: Float32Array
  /** What weekends are to the rate. */
  readonly weekendRate: Float32Array
  /** The hour, in local time, around which the day turns, and how widely. */
  readonly middleHour: Float32Array
  readonly hourSpread: Float32Array
  /** What this customer pays where a middling one pays 1, and the deviation as a share of the mean. */
  readonly amountLevel: Float32Array
  readonly amountSpread: Float32Array
  /** How much is bought online. */
  readonly onlineShare: Float32Array
  /** Up to `reach` terminals near home, of shops to their taste; the first ones are the favourites. */
  readonly nearby: Int32Array
  readonly nearbyCount: Uint8Array
  /** `onlineHabit` accounts of online shops. */
  readonly online: Int32Array
}

export const reach = 24
export const onlineHabit = 10

const cityKm = 5
const neverOnline = 0.15
const stayAtHome = 0.4
// Popularity falls off: of two hundred online shops the first few have most of the trade.
const popularity = 2

export function createCustomers(count: number, merchants: Merchants, random: Random): Customers {
  const customers: Customers = {
    count,
    city: new Uint8Array(count),
    tripCity: new Int8Array(count).fill(-1),
    dailyRate: new Float32Array(count),
    weekendRate: new Float32Array(count),
    middleHour: new Float32Array(count),
    hourSpread: new Float32Array(count),
    amountLevel: new Float32Array(count),
    amountSpread: new Float32Array(count),
    onlineShare: new Float32Array(count),
    nearby: new Int32Array(count * reach),
    nearbyCount: new Uint8Array(count),
    online: new Int32Array(count * onlineHabit),
  }
  for (let customer = 0; customer < count; customer++) {
    customers.city[customer] = someCity(merchants, random)
    if (random.uniform() >= stayAtHome) {
      const city = someCity(merchants, random)
      if (city !== customers.city[customer]) customers.tripCity[customer] = city
    }
    customers.dailyRate[customer] = 4 * random.uniform()
    customers.weekendRate[customer] = 0.6 + random.uniform()
    customers.middleHour[customer] = 11.5 + 6 * random.uniform()
    customers.hourSpread[customer] = 2 + 2.5 * random.uniform()
    customers.amountLevel[customer] = 0.35 + 1.3 * random.uniform()
    customers.amountSpread[customer] = 0.3 + 0.35 * random.uniform()
    customers.onlineShare[customer] = random.uniform() < neverOnline ? 0 : 0.6 * random.uniform()
    findNearby(customers, customer, merchants, random)
    const accounts = merchants.terminals - merchants.shopTerminals
    for (let i = 0; i < onlineHabit; i++) {
      const rank = Math.floor(accounts * random.uniform() ** popularity)
      customers.online[customer * onlineHabit + i] = merchants.shopTerminals + rank
    }
  }
  return customers
}

/** People live where shops are. */
function someCity(merchants: Merchants, random: Random): number {
  return merchantAt(merchants, random.integer(merchants.shopTerminals)).city
}

const looks = 80

/** Looks around in the city for terminals within reach; there is always one, be it a long way. */
function findNearby(customers: Customers, customer: number, merchants: Merchants, random: Random): void {
  const city = customers.city[customer]
  const home = placeNear(cities[city], cityKm, random)
  const walkKm = 1.5 + 6 * random.uniform()
  const taste = new Map(categories.map((category) => [category, 0.15 + 0.85 * random.uniform()]))
  const squeeze = Math.cos((home.latitude * Math.PI) / 180)
  const candidates = merchants.inCity[city]
  const start = customer * reach
  let found = 0
  let nearest = candidates[0]
  let nearestKm = Number.POSITIVE_INFINITY
  for (let look = 0; look < looks && found < reach; look++) {
    const terminal = candidates[random.integer(candidates.length)]
    const north = merchants.latitude[terminal] - home.latitude
    const east = squeeze * (merchants.longitude[terminal] - home.longitude)
    // A flat map is true enough within a city.
    const km = 111.2 * Math.sqrt(north * north + east * east)
    if (km < nearestKm) [nearest, nearestKm] = [terminal, km]
    if (km > walkKm) continue
    const liking = taste.get(merchantAt(merchants, terminal).category) ?? 0
    if (random.uniform() < liking) customers.nearby[start + found++] = terminal
  }
  if (found === 0) customers.nearby[start + found++] = nearest
  customers.nearbyCount[customer] = found
}

/** Whether habits, trips left out, ever lead this customer to that terminal. */
export function visits(customers: Customers, customer: number, terminal: number): boolean {
  const start = customer * reach
  if (customers.nearby.subarray(start, start + customers.nearbyCount[customer]).includes(terminal)) return true
  return customers.online.subarray(customer * onlineHabit, (customer + 1) * onlineHabit).includes(terminal)
}
