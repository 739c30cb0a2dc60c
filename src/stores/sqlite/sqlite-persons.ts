import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Person, PersonalValue, PersonalValues } from '../../log/personal-values.ts'

const mostRemembered = 100_000
const selectToken = 'SELECT token FROM persons WHERE key = ? AND value = ?'
const selectValue = 'SELECT value FROM persons WHERE token = ?'

/** Tokens of personal values: those in the database, and new ones that are on the way there. */
export class SqlitePersons implements PersonalValues {
  readonly #makeToken: () => string
  #selectToken: StatementSync
  #selectValue: StatementSync
  /** The cache by key and value; the oldest are forgotten first. */
  readonly #remembered = new Map<string, string>()
  /** Tokens that are to be deleted, and may still be in the database. */
  readonly #forgotten = new Set<string>()
  #forgettings = 0
  #new: Person[] = []

  constructor(database: DatabaseSync, makeToken: () => string) {
    this.#makeToken = makeToken
    this.#selectToken = database.prepare(selectToken)
    this.#selectValue = database.prepare(selectValue)
  }

  /** Reads another database with the same content from now on. */
  reopen(database: DatabaseSync): void {
    this.#selectToken = database.prepare(selectToken)
    this.#selectValue = database.prepare(selectValue)
  }

  get forgettings(): number {
    return this.#forgettings
  }

  /** A file of this machine is not worth waiting for. */
  known(key: string, value: string): string | undefined {
    return this.tokenOf(key, value)
  }

  async lookUp(values: readonly PersonalValue[]): Promise<readonly Person[]> {
    const made = new Map<string, Person>()
    for (const { key, value } of values) {
      const place = `${key}\0${value}`
      if (!made.has(place) && this.tokenOf(key, value) === undefined)
        made.set(place, { key, value, token: this.#makeToken() })
    }
    return [...made.values()]
  }

  /** New persons, whose transaction is taken in. */
  keep(persons: readonly Person[]): void {
    for (const person of persons) {
      this.#new.push(person)
      this.#remember(person.key, person.value, person.token)
    }
  }

  valueOf(token: string): string | undefined {
    const value = this.#selectValue.get(token)?.value
    return typeof value === 'string' ? value : undefined
  }

  /** Forgets a value here, and returns the token that is to be deleted; undefined where there is none. */
  forget(key: string, value: string): string | undefined {
    const token = this.tokenOf(key, value)
    if (token === undefined) return undefined
    this.#remembered.delete(`${key}\0${value}`)
    this.#new = this.#new.filter((person) => person.token !== token)
    this.#forgotten.add(token)
    this.#forgettings += 1
    return token
  }

  /** Those that the next commit has to make durable. */
  takeNew(): readonly Person[] {
    const taken = this.#new
    this.#new = []
    return taken
  }

  /** After a failed commit: nobody knows which of them are in the database. */
  dropNew(): void {
    this.#new = []
    this.#remembered.clear()
    this.#forgotten.clear()
    this.#forgettings += 1
  }

  tokenOf(key: string, value: string): string | undefined {
    const remembered = this.#remembered.get(`${key}\0${value}`)
    if (remembered !== undefined) return remembered
    const token = this.#selectToken.get(key, value)?.token
    if (typeof token !== 'string' || this.#forgotten.has(token)) return undefined
    this.#remember(key, value, token)
    return token
  }

  #remember(key: string, value: string, token: string): void {
    if (this.#remembered.size >= mostRemembered) {
      for (const oldest of this.#remembered.keys()) {
        this.#remembered.delete(oldest)
        break
      }
    }
    this.#remembered.set(`${key}\0${value}`, token)
  }
}
