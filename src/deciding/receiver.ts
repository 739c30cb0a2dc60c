import type { Concealment, ReceivedTransaction, ReceivedTransactionReader } from '../detector/received-transaction.ts'
import type { Person, PersonalValue, PersonalValues } from '../log/personal-values.ts'
import { decodeReading, type WayOfReading } from './read-elsewhere.ts'

/** A transaction as it was read, and what is to be looked up before it is complete. */
export interface Received {
  readonly input: ReceivedTransaction
  /** Personal values whose tokens are not known yet; the transaction holds nothing in their places. */
  readonly unknown: readonly PersonalValue[]
  /** Reads it again with what is known by now, and with tokens that were made for it. */
  again(made: readonly Person[]): Received
}

const noPersons: readonly Person[] = []
const noneUnknown: readonly PersonalValue[] = []

/** Receives transactions of the detector in force, and keeps nothing of the persons in them. */
export class Receiver {
  readonly reader: ReceivedTransactionReader
  /** How another thread may read transactions for this one; undefined where none can. */
  readonly elsewhere: WayOfReading | undefined
  readonly #persons: PersonalValues
  /** The unknown values of the transaction that is being read. */
  #unknown = noneUnknown
  #made = noPersons

  /** @param createReader makes the reader whose tokens come from here. */
  constructor(
    persons: PersonalValues,
    createReader: (token: Concealment['token']) => ReceivedTransactionReader,
    elsewhere?: WayOfReading,
  ) {
    this.#persons = persons
    this.elsewhere = elsewhere
    this.reader = createReader((key, value) => this.#token(key, value))
  }

  /** @throws FraudError as `ReceivedTransactionReader.read` */
  receive(value: unknown, repeated: ReadonlySet<string> | undefined, made = noPersons): Received {
    this.#made = made
    this.#unknown = noneUnknown
    const input = this.reader.read(value, repeated)
    return { input, unknown: this.#unknown, again: (persons) => this.receive(value, repeated, persons) }
  }

  /** What another thread has read for this receiver (`ReaderElsewhere`); undefined where it has to be read again. */
  receiveReading(reading: Uint8Array): Received | undefined {
    const input = this.reader.take(decodeReading(reading))
    if (input === undefined) return undefined
    const received: Received = { input, unknown: noneUnknown, again: () => received }
    return received
  }

  #token(key: string, value: string): string {
    const known = this.#persons.known(key, value)
    const token = known ?? this.#made.find((person) => person.key === key && person.value === value)?.token
    if (token !== undefined) return token
    this.#unknown = [...this.#unknown, { key, value }]
    return ''
  }
}
