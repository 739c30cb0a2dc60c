/** How often a rule could not be told, of how many decisions, and since when; undefined before the first of them. */
export interface UnknownCount {
  readonly count: number
  readonly decisions: number
  readonly sinceMs: number | undefined
}

/**
 * Counts how often rules could not be told for want of a value. No record keeps that, so it begins again with the process, and with
 * every version of the policy; how many decisions it is of, and since when, is therefore told with it.
 */
export class UnknownCounts {
  #counts = new Map<string, number>()
  #decisions = 0
  #sinceMs: number | undefined

  note(unknown: readonly string[], decidedAtMs: number): void {
    this.#sinceMs ??= decidedAtMs
    this.#decisions++
    for (const id of unknown) this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1)
  }

  of(id: string): UnknownCount {
    return { count: this.#counts.get(id) ?? 0, decisions: this.#decisions, sinceMs: this.#sinceMs }
  }

  /** Those that could not be told at least once. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  beginAgain(): void {
    this.#counts = new Map()
    this.#decisions = 0
    this.#sinceMs = undefined
  }
}
