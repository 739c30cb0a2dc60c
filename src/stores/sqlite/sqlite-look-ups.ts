import type { Found, LookUps, TransactionRecord } from '../../log/decision-log.ts'
import type { SqliteLogReader } from './sqlite-log-reader.ts'

/** Looks up in a file of this machine, which takes less time than waiting would. */
export class SqliteLookUps implements LookUps {
  readonly #reader: SqliteLogReader

  constructor(reader: SqliteLogReader) {
    this.#reader = reader
  }

  mayHold(id: string): boolean {
    return this.#reader.mayHold(id)
  }

  async find(ids: readonly string[]): Promise<ReadonlyMap<string, TransactionRecord>> {
    return this.#read(ids, () => {
      const found = new Map<string, TransactionRecord>()
      for (const id of ids) {
        const record = this.#reader.find(id)
        if (record !== undefined) found.set(id, record)
      }
      return found
    })
  }

  /** Labels of a request are all looked at before the first of them is taken in, and then again. */
  async findLabelled(ids: readonly string[], most?: number): Promise<ReadonlyMap<string, Found>> {
    const labelsOf = (id: string) => (most === 0 ? [] : this.#reader.labelsOf(id, most))
    return this.#read(
      ids,
      () => new Map(ids.map((id) => [id, { transaction: this.#reader.findTwice(id), labels: labelsOf(id) }])),
    )
  }

  #read<Result>(ids: readonly string[], read: () => Result): Result {
    return ids.length > 1 ? this.#reader.atOneInstant(read) : read()
  }
}
