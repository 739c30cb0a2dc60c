import type { Mode } from './fair-lock.ts'
import { readArray } from './read-arrays.ts'

interface Stored {
  readonly sequence: number
  readonly timestampMs: number
  readonly score: number | null
  readonly kind: number
  readonly outcome: number
  readonly id: string
  readonly body: Buffer
  readonly hash: Buffer
  /** The epoch that committed it. */
  readonly epoch: number
}

interface StoredPerson {
  readonly key: Buffer
  readonly value: Buffer
  readonly token: string
  readonly mac: Buffer | null
  readonly sequence: number
}

/** What a statement found, and what it changes once it is durable. */
export interface Outcome {
  readonly rows?: readonly object[]
  readonly rowCount?: number
  readonly change?: () => void
}

export interface Transaction {
  readonly changes: (() => void)[]
  readonly removed: Set<number>
  readonly forgotten: Set<string>
  isFailed: boolean
}

/** A connection as the server has it. */
export interface Asker {
  readonly pid: number
  isLeading: boolean
  transaction: Transaction | undefined
}

interface Writer {
  readonly epoch: number
  readonly holder: string
  readonly url: string | null
  readonly backend: number
  readonly beat: number
}

/** Migrations that there are; the schema is up to date. */
const schemaVersion = 3

export class ServerError extends Error {
  readonly code: string
  readonly severity: string

  constructor(code: string, message: string, severity = 'ERROR') {
    super(message)
    this.code = code
    this.severity = severity
  }
}

/** What other connections do to one, and one to them. */
interface Others {
  /** Whether one of them has the lock of who leads. */
  lead(asker: Asker): boolean
  terminate(pid: number): void
}

/** The tables of a log, and what each statement finds and changes there. */
export class SimulatedTables {
  readonly records = new Map<number, Stored>()
  readonly persons = new Map<string, StoredPerson>()
  /** Who led in each epoch. */
  readonly holders = new Map<number, string>()
  isDiskFull = false
  #partitions: { first: number; day: string }[] = []
  #writer: Writer = { epoch: 0, holder: '', url: null, backend: 0, beat: 0 }
  readonly #others: Others

  constructor(others: Others) {
    this.#others = others
  }

  find(text: string): Known {
    const found = this.#known.find(({ form }) => form.test(text))
    if (found === undefined) throw new ServerError('42601', `the simulated server does not know: ${text}`)
    return found
  }

  readonly #known: readonly Known[] = [
    plain(/^SELECT to_regclass\('shrike\.migrations'\)/, () => ({ rows: [{ is_there: true }] })),
    plain(/^SELECT max\(number\) AS number FROM shrike\.migrations$/, () => ({ rows: [{ number: schemaVersion }] })),
    {
      form: /^WITH lead AS MATERIALIZED \(SELECT pg_try_advisory_lock\(\$1, \$2\) AS is_mine\)\s+UPDATE shrike\.writers SET epoch = epoch \+ 1/,
      // The row is locked, and waited for, only by the one that got the lock.
      locks: (_, backend) => ({ writer: this.#tryLead(backend) ? 'exclusive' : undefined }),
      run: ([, , holder, beat], backend) => this.#newEpoch(String(holder), Number(beat), backend),
    },
    plain(/^SELECT holder, url, epoch, beat, backend FROM shrike\.writers WHERE name = 'main'$/, () => ({
      rows: [this.#writer],
    })),
    {
      form: /^UPDATE shrike\.writers SET beat = beat \+ 1 WHERE name = 'main' AND epoch = \$1$/,
      locks: () => ({ writer: 'exclusive' }),
      run: ([epoch]) => this.#ifEpoch(Number(epoch), (writer) => ({ ...writer, beat: writer.beat + 1 })),
    },
    {
      form: /^UPDATE shrike\.writers SET url = \$1 WHERE name = 'main' AND epoch = \$2$/,
      locks: () => ({ writer: 'exclusive' }),
      run: ([url, epoch]) => this.#ifEpoch(Number(epoch), (writer) => ({ ...writer, url: String(url) })),
    },
    {
      form: /^WITH mine AS MATERIALIZED \(SELECT 1 .* WHERE name = 'main' AND epoch = \$1( FOR SHARE)?\).* INSERT INTO shrike\.records/s,
      locks: (text) => ({ writer: text.includes('FOR SHARE') ? 'share' : undefined, table: 'share' }),
      run: (values, backend) => this.#append(values, backend),
    },
    {
      form: /^WITH mine AS .* DELETE FROM shrike\.persons USING mine WHERE token = ANY\(\$2\)$/s,
      locks: () => ({ writer: 'share' }),
      run: (values, backend) => this.#forget(values, backend),
    },
    {
      form: /^WITH mine AS .* DELETE FROM shrike\.records USING mine WHERE id = ANY\(\$2\) AND kind <= 1 AND sequence <= \$3$/s,
      locks: () => ({ writer: 'share', table: 'share' }),
      run: (values, backend) => this.#makeRoom(values, backend),
    },
    plain(
      /^SELECT first, to_char\(day, 'YYYY-MM-DD'\) AS day FROM shrike\.partitions ORDER BY first DESC LIMIT 1$/,
      () => ({
        rows: this.#partitions.slice(-1),
      }),
    ),
    plain(/^SELECT first FROM shrike\.partitions ORDER BY first$/, () => ({
      rows: this.#partitions.map(({ first }) => ({ first })),
    })),
    {
      form: /^BEGIN;.* CREATE TABLE shrike\.records_from_\d+ PARTITION OF.*; COMMIT$/s,
      locks: () => ({ table: 'exclusive' }),
      run: (_, __, text) => this.#addPartition(text),
    },
    {
      form: /^UPDATE shrike\.partitions SET day = \$1 WHERE first = \$2$/,
      locks: () => ({}),
      run: ([day, first]) => ({
        change: () => {
          for (const each of this.#partitions) if (each.first === first) each.day = String(day)
        },
      }),
    },
    {
      form: /^BEGIN; SET LOCAL lock_timeout = '200ms'; DROP TABLE shrike\.records_from_\d+; DELETE FROM shrike\.partitions WHERE first = \d+; COMMIT$/,
      locks: () => ({ table: 'exclusive' }),
      run: (_, __, text) => this.#dropPartition(Number(/first = (\d+)/.exec(text)?.[1])),
    },
    plain(/^VACUUM shrike\.persons$/, () => ({})),
    plain(/^SELECT sequence, hash FROM shrike\.records ORDER BY sequence DESC LIMIT 1$/, () => ({
      rows: [...this.records.values()].sort((a, b) => b.sequence - a.sequence).slice(0, 1),
    })),
    plain(/^SELECT sequence, hash FROM shrike\.records WHERE sequence = \$1$/, ([sequence]) => {
      const record = this.records.get(Number(sequence))
      return { rows: record === undefined ? [] : [record] }
    }),
    plain(
      /^SELECT sequence, timestamp_ms, .* FROM shrike\.records\s+WHERE sequence > \$1 ORDER BY sequence LIMIT \$2$/,
      ([after, most]) => {
        const later = [...this.records.values()].filter(({ sequence }) => sequence > Number(after))
        const rows = later.sort((a, b) => a.sequence - b.sequence).slice(0, Number(most))
        return { rows: rows.map(({ timestampMs, epoch, ...row }) => ({ ...row, timestamp_ms: timestampMs })) }
      },
    ),
    plain(
      /^SELECT key, value, token, mac FROM shrike\.persons WHERE sequence > \$1 AND sequence <= \$2 ORDER BY sequence$/,
      ([after, through]) => ({
        rows: [...this.persons.values()]
          .filter(({ sequence }) => sequence > Number(after) && sequence <= Number(through))
          .sort((a, b) => a.sequence - b.sequence),
      }),
    ),
    plain(
      /^SELECT pg_terminate_backend\(backend\) FROM shrike\.writers WHERE name = 'main' AND backend = \$1 AND epoch = \$2$/,
      ([pid, epoch]) => {
        const { backend, epoch: newest } = this.#writer
        if (backend === pid && newest === epoch) this.#others.terminate(Number(pid))
        return {}
      },
    ),
  ]

  #tryLead(asker: Asker): boolean {
    asker.isLeading = !this.#others.lead(asker)
    return asker.isLeading
  }

  #newEpoch(holder: string, beat: number, { pid, isLeading }: Asker): Outcome {
    if (!isLeading) return { rows: [] }
    const epoch = this.#writer.epoch + 1
    return {
      rows: [{ epoch }],
      change: () => {
        this.holders.set(epoch, holder)
        this.#writer = { epoch, holder, url: null, backend: pid, beat }
      },
    }
  }

  #ifEpoch(epoch: number, changed: (writer: Writer) => Writer): Outcome {
    if (epoch !== this.#writer.epoch) return { rowCount: 0 }
    const change = () => {
      this.#writer = changed(this.#writer)
    }
    return { rowCount: 1, change }
  }

  #append(values: unknown[], { transaction }: Asker): Outcome {
    const epoch = Number(values[0])
    if (epoch !== this.#writer.epoch) return { rowCount: 0 }
    if (this.isDiskFull) throw new ServerError('53100', 'could not extend file: No space left on device')
    const [sequences, times, scores, kinds, outcomes, ids, bodies, hashes] = values.slice(1, 9).map(readArray)
    const records = sequences.map(Number).map(
      (sequence, i): Stored => ({
        ...{ sequence, timestampMs: Number(times[i]), score: scores[i] === null ? null : Number(scores[i]), epoch },
        ...{ kind: Number(kinds[i]), outcome: Number(outcomes[i]), id: String(ids[i]) },
        ...{ body: bytesOf(bodies[i]), hash: bytesOf(hashes[i]) },
      }),
    )
    const removed = transaction?.removed ?? new Set()
    for (const { sequence, id, kind } of records) {
      if (this.records.has(sequence)) throw new ServerError('23505', `duplicate key: record ${sequence}`)
      const first = this.#partitionOf(sequence)
      if (first === undefined) throw new ServerError('23514', `no partition of relation "records" for ${sequence}`)
      const isThere = (other: Stored) =>
        other.id === id &&
        other.kind <= 1 &&
        !removed.has(other.sequence) &&
        this.#partitionOf(other.sequence) === first
      if (kind <= 1 && [...this.records.values()].some(isThere)) throw new ServerError('23505', `duplicate key: ${id}`)
    }
    const persons = values.length > 9 ? this.#readPersons(values, transaction) : []
    return {
      rowCount: records.length,
      change: () => {
        for (const record of records) this.records.set(record.sequence, record)
        for (const person of persons) this.persons.set(person.token, person)
      },
    }
  }

  #readPersons(values: unknown[], transaction: Transaction | undefined): readonly StoredPerson[] {
    const [keys, texts, tokens, macs] = values.slice(9, 13).map(readArray)
    const sequence = Number(values[13])
    const persons = keys.map((key, i): StoredPerson => {
      const mac = macs[i]
      return {
        ...{ key: bytesOf(key), value: bytesOf(texts[i]), token: String(tokens[i]), sequence },
        mac: mac === null ? null : bytesOf(mac),
      }
    })
    for (const { key, value, token } of persons) {
      const isThere = (other: StoredPerson) =>
        !transaction?.forgotten.has(other.token) &&
        (other.token === token || (other.key.equals(key) && other.value.equals(value)))
      if ([...this.persons.values()].some(isThere)) throw new ServerError('23505', `duplicate key: person ${token}`)
    }
    return persons
  }

  #forget([epoch, tokens]: unknown[], { transaction }: Asker): Outcome {
    if (Number(epoch) !== this.#writer.epoch || !Array.isArray(tokens)) return { rowCount: 0 }
    for (const token of tokens) transaction?.forgotten.add(String(token))
    return {
      change: () => {
        for (const token of tokens) this.persons.delete(String(token))
      },
    }
  }

  #makeRoom([epoch, ids, through]: unknown[], { transaction }: Asker): Outcome {
    if (Number(epoch) !== this.#writer.epoch || !Array.isArray(ids)) return { rowCount: 0 }
    const gone = [...this.records.values()].filter(
      ({ id, kind, sequence }) => ids.includes(id) && kind <= 1 && sequence <= Number(through),
    )
    for (const { sequence } of gone) transaction?.removed.add(sequence)
    return {
      change: () => {
        for (const { sequence } of gone) this.records.delete(sequence)
      },
    }
  }

  #addPartition(text: string): Outcome {
    const added = /INSERT INTO shrike\.partitions VALUES \((\d+), '([\d-]+)'\)/.exec(text)
    const ended = /ATTACH PARTITION shrike\.records_from_(\d+) FOR VALUES FROM \(\d+\) TO \((\d+)\)/.exec(text)
    if (added === null) throw new ServerError('42601', text)
    const [first, newest] = [Number(added[1]), this.#partitions.at(-1)?.first]
    if (this.#partitions.some((each) => each.first === first)) throw new ServerError('42P07', 'relation already exists')
    if (Number(ended?.[1] ?? Number.NaN) !== (newest ?? Number.NaN) && newest !== undefined)
      throw new ServerError('42P17', 'partition would overlap')
    if (ended !== null && [...this.records.keys()].some((sequence) => sequence >= Number(ended[2])))
      throw new ServerError('23514', 'partition constraint is violated by some row')
    return { change: () => void this.#partitions.push({ first, day: added[2] }) }
  }

  #dropPartition(first: number): Outcome {
    if (!this.#partitions.some((each) => each.first === first)) throw new ServerError('42P01', 'table does not exist')
    return {
      change: () => {
        const next = this.#partitions.find((each) => each.first > first)?.first ?? Number.POSITIVE_INFINITY
        for (const sequence of this.records.keys())
          if (sequence >= first && sequence < next) this.records.delete(sequence)
        this.#partitions = this.#partitions.filter((each) => each.first !== first)
      },
    }
  }

  #partitionOf(sequence: number): number | undefined {
    return this.#partitions.findLast(({ first }) => first <= sequence)?.first
  }
}

export interface Known {
  readonly form: RegExp
  readonly locks: (
    text: string,
    asker: Asker,
  ) => { readonly writer?: Mode | undefined; readonly table?: Mode | undefined }
  readonly run: (values: unknown[], asker: Asker, text: string) => Outcome
}

/** One that locks nothing. */
function plain(form: RegExp, run: Known['run']): Known {
  return { form, locks: () => ({}), run }
}

function bytesOf(value: unknown): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value)
  throw new ServerError('42804', 'bytes are missing')
}
