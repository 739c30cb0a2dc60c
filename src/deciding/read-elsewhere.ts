import { readJson } from '../core/json-text.ts'
import type { Detector } from '../detector/detector-schema.ts'
import type { FieldValue } from '../detector/field-value.ts'
import { personalColumns } from '../detector/personal-columns.ts'
import { type Concealment, type ReadTransaction, ReceivedTransactionReader } from '../detector/received-transaction.ts'
import type { TransactionLayout } from '../detector/transaction.ts'
import { ValueReader, ValueWriter } from '../log/packed-values.ts'

/** How a receiver reads transactions, as plain data for a thread that reads some of them for it. */
export interface WayOfReading {
  readonly detector: Detector
  readonly layout: TransactionLayout
  readonly isStrict: boolean
}

/** Undefined where reading takes what only one thread has: persons' tokens, or the key of hashes of card numbers. */
export function wayOfReading(
  detector: Detector,
  layout: TransactionLayout,
  isStrict: boolean,
): WayOfReading | undefined {
  const { transaction } = detector
  const isPlain = personalColumns(transaction).size === 0 && (transaction.hashCardNumber ?? []).length === 0
  return isPlain ? { detector, layout, isStrict } : undefined
}

const nothingConcealed: Concealment = { hashCardNumber: unexpected, token: unexpected }

/** Reads transactions for a receiver of another thread. */
export class ReaderElsewhere {
  readonly #reader: ReceivedTransactionReader
  readonly #mostNames: number
  readonly #writer = new ValueWriter()

  /** @param mostNames as of `readJson`. */
  constructor({ detector, layout, isStrict }: WayOfReading, mostNames: number, clock: () => number) {
    this.#reader = new ReceivedTransactionReader(detector, layout, nothingConcealed, clock, isStrict)
    this.#mostNames = mostNames
  }

  /**
   * What `decodeReading` reads, valid until the next call; undefined where there is anything wrong with the body, which is for
   * the receiver to say.
   */
  read(body: Buffer): Uint8Array | undefined {
    try {
      const { value, repeated } = readJson(body, 'body', this.#mostNames)
      const { id, fields, transaction } = this.#reader.read(value, repeated)
      const writer = this.#writer
      writer.clear()
      writer.text(id)
      writer.double(transaction.timestampMs)
      writer.double(transaction.amount)
      writer.whole(fields.length)
      for (const field of fields) writer.value(field)
      return writer.bytes
    } catch {
      // The receiver meets the same, and has words for it.
      return undefined
    }
  }
}

export function decodeReading(bytes: Uint8Array): ReadTransaction {
  const reader = new ValueReader(bytes)
  const id = reader.text()
  const timestampMs = reader.double()
  const amount = reader.double()
  const fields: FieldValue[] = new Array(reader.whole())
  for (let i = 0; i < fields.length; i++) fields[i] = reader.value()
  return { id, timestampMs, amount, fields }
}

function unexpected(): never {
  throw new Error('nothing is concealed elsewhere')
}
