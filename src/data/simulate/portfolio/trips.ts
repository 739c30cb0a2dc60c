import type { Random } from '../../../core/random.ts'
import type { Customers } from './customers.ts'

const tripsPerDay = 1 / 80
const shortestDays = 2
const daysApart = 7

/** Who is away from home, day by day. */
export class Trips {
  readonly #customers: Customers
  readonly #firstDay: Int32Array
  readonly #lastDay: Int32Array

  constructor(customers: Customers) {
    this.#customers = customers
    this.#firstDay = new Int32Array(customers.count).fill(-2)
    this.#lastDay = new Int32Array(customers.count).fill(-2)
  }

  /** Where the customer is on that day; asked once a day, in order of days. */
  cityOn(day: number, customer: number, random: Random): number {
    const { city, tripCity } = this.#customers
    if (tripCity[customer] < 0) return city[customer]
    if (day > this.#lastDay[customer] + 1 && random.uniform() < tripsPerDay) {
      this.#firstDay[customer] = day
      this.#lastDay[customer] = day + shortestDays - 1 + random.integer(daysApart)
    }
    return day <= this.#lastDay[customer] ? tripCity[customer] : city[customer]
  }

  /** Whether the day began elsewhere. */
  isTravelDay(day: number, customer: number): boolean {
    return day === this.#firstDay[customer] || day === this.#lastDay[customer] + 1
  }
}
