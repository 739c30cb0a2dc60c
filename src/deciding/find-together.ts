import type { LookUps, TransactionRecord } from '../log/decision-log.ts'

/** Looks up with one round trip what is asked for in one turn. */
export class FindTogether {
  readonly #lookUps: LookUps
  #wanted = new Set<string>()
  #found: Promise<ReadonlyMap<string, TransactionRecord>> | undefined

  constructor(lookUps: LookUps) {
    this.#lookUps = lookUps
  }

  async find(id: string): Promise<TransactionRecord | undefined> {
    this.#wanted.add(id)
    this.#found ??= this.#findWanted()
    return (await this.#found).get(id)
  }

  async #findWanted(): Promise<ReadonlyMap<string, TransactionRecord>> {
    // Others that ask in this turn come first.
    await Promise.resolve()
    const ids = [...this.#wanted]
    this.#wanted = new Set()
    this.#found = undefined
    return this.#lookUps.find(ids)
  }
}
