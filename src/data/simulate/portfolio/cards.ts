import type { Random } from '../../../core/random.ts'

const twoCards = 0.15
const secondCard = 0.3
const never = 2 ** 31 - 1

/** Who holds which card: one or two each, as running numbers, and a new one in place of a compromised one. */
export class Cards {
  // Two slots per customer; -1 where there is no second card.
  readonly #numbers: Int32Array
  readonly #lastDay: Int32Array
  #next: number

  constructor(customers: number, random: Random) {
    this.#numbers = new Int32Array(2 * customers).fill(-1)
    this.#lastDay = new Int32Array(2 * customers).fill(never)
    this.#next = 0
    for (let customer = 0; customer < customers; customer++) {
      this.#numbers[2 * customer] = this.#next++
      if (random.uniform() < twoCards) this.#numbers[2 * customer + 1] = this.#next++
    }
  }

  /** The card that the customer takes out on that day. */
  use(customer: number, day: number, random: Random): number {
    const isSecond = this.#numbers[2 * customer + 1] >= 0 && random.uniform() < secondCard
    const slot = 2 * customer + (isSecond ? 1 : 0)
    if (day > this.#lastDay[slot]) {
      this.#numbers[slot] = this.#next++
      this.#lastDay[slot] = never
    }
    return this.#numbers[slot]
  }

  /** After that day the card, where it is still in use, is replaced. */
  retire(customer: number, card: number, afterDay: number): void {
    const slot = this.#numbers[2 * customer] === card ? 2 * customer : 2 * customer + 1
    if (this.#numbers[slot] === card) this.#lastDay[slot] = Math.min(this.#lastDay[slot], afterDay)
  }
}
