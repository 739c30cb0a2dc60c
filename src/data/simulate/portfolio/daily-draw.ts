import type { Random } from '../../../core/random.ts'
import { drawCount } from './purchase.ts'

export interface DailyDrawOptions {
  /** How many there are to draw from. */
  readonly count: number
  readonly perDay: number
  /** How long a drawn one stays drawn, the day of the draw included. */
  readonly days: number
}

/** Each day some are drawn and stay so for a number of days; those who were drawn before day 0 are there on day 0. */
export class DailyDraw {
  readonly #options: DailyDrawOptions
  readonly #lastDay: Int32Array
  readonly #random: Random

  constructor(options: DailyDrawOptions, random: Random) {
    this.#options = options
    this.#random = random
    this.#lastDay = new Int32Array(options.count).fill(-1)
    for (let day = 1 - options.days; day < 0; day++) this.draw(day)
  }

  /** The draw of a day: to be called once for each, in order. Gives those who were drawn. */
  draw(day: number): readonly number[] {
    const { count, perDay, days } = this.#options
    const drawn = new Set<number>()
    const wanted = Math.min(count, drawCount(perDay, this.#random))
    while (drawn.size < wanted) drawn.add(this.#random.integer(count))
    for (const index of drawn) this.#lastDay[index] = day + days - 1
    return [...drawn]
  }

  isDrawn(index: number, day: number): boolean {
    return day <= this.#lastDay[index]
  }

  /** The last day on which it is drawn, as far as is known today; before today for one that is not. */
  lastDay(index: number): number {
    return this.#lastDay[index]
  }
}
