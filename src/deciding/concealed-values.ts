import { FraudError } from '../core/errors.ts'
import type { Detector } from '../detector/detector.ts'
import { columnOfName, personalColumns } from '../detector/personal-columns.ts'
import type { ReceivedTransactionReader } from '../detector/received-transaction.ts'
import type { Person, PersonalValue, PersonalValues } from '../log/personal-values.ts'

/** What every token begins with. */
export const tokenMark = 'tok_'

/** Tokens in the place of persons, as the log keeps them, and which of their persons are to be looked up first. */
export class ConcealedValues {
  readonly #reader: Pick<ReceivedTransactionReader, 'readKey'>
  readonly #personalName: (name: string) => string | undefined
  readonly #persons: PersonalValues
  readonly #made: ReadonlyMap<string, string>
  readonly #unknown = new Map<string, PersonalValue>()
  readonly #tokens = new Set<string>()

  /** @param made tokens that were made for persons who have none. */
  constructor(
    reader: Pick<ReceivedTransactionReader, 'readKey'>,
    { transaction }: Detector,
    persons: PersonalValues,
    made: readonly Person[],
  ) {
    this.#reader = reader
    const personal = personalColumns(transaction)
    const { fields = {} } = transaction
    this.#personalName = (name) =>
      personal.get(columnOfName(transaction, name) ?? (Object.hasOwn(fields, name) ? fields[name] : ''))
    this.#persons = persons
    this.#made = new Map(made.map((person) => [nameOf(person), person.token]))
  }

  /** Persons of whom it can't be told yet whether they have a token. */
  get unknown(): readonly PersonalValue[] {
    return [...this.#unknown.values()]
  }

  /** Of the persons that were named. */
  get tokens(): readonly string[] {
    return [...this.#tokens]
  }

  /**
   * @returns undefined of somebody who never came and is to be removed; a mark that stands for nobody where a token has to be made
   * first.
   * @throws FraudError INPUT_INVALID or CARD_NUMBER_REFUSED, as of a transaction with this value
   */
  conceal(name: string, value: string | number, use: 'add' | 'remove'): string | undefined {
    const personal = this.#personalName(name)
    const kept = this.#reader.readKey(name, value)
    if (personal === undefined) return kept
    const token = this.#tokenOf(personal, kept, use)
    if (token !== undefined) this.#tokens.add(token)
    return token
  }

  #tokenOf(key: string, value: string, use: 'add' | 'remove'): string | undefined {
    if (value.startsWith(tokenMark)) {
      if (use === 'remove' || this.#persons.valueOf(value) !== undefined) return value
      const errors = [{ field: 'value', reason: 'is a token that stands for nobody, or for somebody who was erased' }]
      throw new FraudError('INPUT_INVALID', 'A token stands for nobody', { errors })
    }
    if (use === 'remove') return this.#persons.tokenOf(key, value)
    const person = { key, value }
    const token = this.#persons.known(key, value) ?? this.#made.get(nameOf(person))
    if (token === undefined) this.#unknown.set(nameOf(person), person)
    return token ?? tokenMark
  }
}

function nameOf({ key, value }: PersonalValue): string {
  return `${key}\n${value}`
}
