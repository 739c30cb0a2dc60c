import { FraudError } from '../core/errors.ts'
import { TransientMap } from '../core/transient-map.ts'

/** An id, a personal value, or the order that a sender wants to be kept. */
type Lane = string | symbol

const none: readonly Promise<void>[] = []

/**
 * The second of a lane waits for the first: from when something is looked up until the step that rests on it.
 * All wait only for those that came before them, so that none wait for each other.
 */
export class Lanes {
  /** Resolves, by lane, when the last one has left it. */
  readonly #tails = new TransientMap<Lane, Promise<void>>()
  readonly #most: number
  #size = 0

  /** @param most how many lanes may be taken at once. */
  constructor(most: number) {
    this.#most = most
  }

  /** How many lanes are taken, each as often as somebody is in it or waits for it. */
  get size(): number {
    return this.#size
  }

  /** Resolves when all who are in a lane now have left it; undefined where it is free. */
  left(lane: Lane): Promise<void> | undefined {
    return this.#tails.get(lane)
  }

  isFree(lane: Lane | undefined): boolean {
    return this.#size === 0 || lane === undefined || !this.#tails.has(lane)
  }

  /**
   * Looks something up once the lanes are free, and steps at once when it is found, and when all that came before in
   * the same order have stepped: what they look up is looked up meanwhile.
   *
   * @throws FraudError OVERLOADED where too many are in lanes already.
   */
  async enter<Found, Taken>(
    lanes: readonly Lane[],
    order: Lane | undefined,
    lookUp: () => Promise<Found>,
    step: (found: Found) => Taken | Promise<Taken>,
  ): Promise<Taken> {
    if (this.#size >= this.#most)
      throw new FraudError('OVERLOADED', 'Too many transactions and labels are being looked up')
    const before = this.#tails.size === 0 ? none : lanes.flatMap((lane) => this.#tails.get(lane) ?? none)
    const stepBefore = order && this.#tails.get(order)
    const { promise: left, resolve: leave } = Promise.withResolvers<void>()
    const taken = order === undefined ? lanes : [...lanes, order]
    for (const lane of taken) this.#tails.set(lane, left)
    this.#size += lanes.length
    try {
      if (before.length > 0) await Promise.all(before)
      const found = await lookUp()
      if (stepBefore !== undefined) await stepBefore
      // What the step promises is not waited for in the lanes.
      return step(found)
    } finally {
      this.#size -= lanes.length
      for (const lane of taken) if (this.#tails.get(lane) === left) this.#tails.delete(lane)
      leave()
    }
  }
}
