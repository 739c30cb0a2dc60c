import type { Random } from '../../../core/random.ts'

const shared = 0.1
const otherDevice = 0.03

/** What online payments are made with, as running numbers: mostly the customer's own, or one shared at home. */
export class Devices {
  readonly #own: Int32Array
  #next: number

  constructor(customers: number, random: Random) {
    this.#own = new Int32Array(customers)
    for (let customer = 0; customer < customers; customer++) {
      this.#own[customer] = customer > 0 && random.uniform() < shared ? this.#own[customer - 1] : customer
    }
    this.#next = customers
  }

  /** Now and then it is another one: some only once, some from then on. */
  use(customer: number, random: Random): number {
    const change = random.uniform()
    if (change >= otherDevice) return this.#own[customer]
    const device = this.create()
    if (change < otherDevice / 4) this.#own[customer] = device
    return device
  }

  /** One that nobody has seen. */
  create(): number {
    return this.#next++
  }
}
