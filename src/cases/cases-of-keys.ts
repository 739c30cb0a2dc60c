import type { Case } from './case.ts'

const none: ReadonlySet<Case> = new Set()

/** The cases with a transaction of a key's value, `name=value`. Most keys are of one case, which needs no set. */
export class CasesOfKeys {
  readonly #cases = new Map<string, Case | Set<Case>>()

  of(key: string): ReadonlySet<Case> {
    const cases = this.#cases.get(key)
    if (cases === undefined) return none
    return cases instanceof Set ? cases : new Set([cases])
  }

  add(one: Case, keys: readonly string[]): void {
    for (const key of keys) {
      const cases = this.#cases.get(key)
      if (cases === undefined) this.#cases.set(key, one)
      else if (cases instanceof Set) cases.add(one)
      else if (cases !== one) this.#cases.set(key, new Set([cases, one]))
    }
  }

  /** Forgets a case under all keys that it has now. */
  forget(one: Case): void {
    for (const key of one.keys) {
      const cases = this.#cases.get(key)
      if (cases instanceof Set) cases.delete(one)
      if (cases === one || (cases instanceof Set && cases.size === 0)) this.#cases.delete(key)
    }
  }
}
