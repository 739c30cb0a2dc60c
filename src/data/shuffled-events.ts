import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBType,
  type DuckDBVector,
  VARCHAR,
} from '@duckdb/node-api'
import { asPattern, literal } from './duckdb.ts'

/** What events on disk have beside what every event has: so many texts and numbers. */
export interface EventShape {
  readonly texts: number
  readonly numbers: number
}

/** One transaction of a file, as histories see it. */
export interface StoredEvent {
  /** Its place in the file, from 0. */
  readonly row: number
  readonly timestampMs: number
  readonly amount: number
  readonly label: number
  readonly knownAtMs: number
  readonly texts: readonly (string | undefined)[]
  readonly numbers: ArrayLike<number>
}

/** What tells repeated ids: an event's id, a hash of its content in two words, and its line. */
export interface EventIdentity {
  readonly id: string | undefined
  readonly low: number
  readonly high: number
  readonly line: number
}

/** An event whose id an earlier one has, with other content. */
interface OtherRepeat {
  readonly id: string
  readonly row: number
  readonly line: number
  readonly first: number
  readonly firstLine: number
}

/** Repeated ids: how many with the content of an earlier row, which are left out; how many others; and what is left. */
export interface FoundRepeats {
  readonly same: number
  readonly other: number
  readonly examples: readonly OtherRepeat[]
  readonly kept: number
}

/** An event with its buckets. */
export interface OrderedEvent extends StoredEvent {
  readonly id: string | undefined
  readonly buckets: readonly number[]
}

const rowsPerChunk = 2048
/** What DuckDB gathers before it writes is beside the memory that it is given, so it gathers little. */
const chunksPerFlush = 8
const ownNumbers = ['row', 'time', 'amount', 'label', 'known'] as const
const findRepeats = `
  CREATE TABLE doubtful AS SELECT id FROM events WHERE id IS NOT NULL GROUP BY id HAVING count(*) > 1;
  CREATE TABLE repeats AS
    SELECT id, row, line, first, first_line, row <> alike AS same
    FROM (
      SELECT id, row, line, first_value(row) OVER ids AS first, first_value(line) OVER ids AS first_line,
        min(row) OVER (PARTITION BY id, low, high) AS alike
      FROM events JOIN doubtful USING (id) WINDOW ids AS (PARTITION BY id ORDER BY row)
    )
    WHERE row <> first;
  CREATE VIEW kept AS SELECT * FROM events WHERE row NOT IN (SELECT row FROM repeats WHERE same);`
const identityNumbers = ['low', 'high', 'line'] as const

/**
 * Events of a file that does not fit into memory, in a folder, by DuckDB with so much memory: written in the order of the
 * file, then put into the order of their times, all of them or a bucket of one key.
 */
export class ShuffledEvents {
  readonly #folder: string
  readonly #shape: EventShape
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection

  private constructor(folder: string, shape: EventShape, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#folder = folder
    this.#shape = shape
    this.#instance = instance
    this.#connection = connection
  }

  /** Makes the folder's events, or opens those that were written. */
  static async open(folder: string, shape: EventShape, memoryMb: number): Promise<ShuffledEvents> {
    const { instance, connection } = await openDatabase(folder, 'events', memoryMb)
    return new ShuffledEvents(folder, shape, instance, connection)
  }

  /** Keeps all events that it is given. */
  async write(events: AsyncIterable<Iterable<readonly [StoredEvent, EventIdentity]>>): Promise<void> {
    const columns = { ...eventColumns(this.#shape), ...typed(identityNumbers, DOUBLE), id: VARCHAR }
    const writer = await createWriter(this.#connection, 'events', columns)
    for await (const group of events) {
      for (const [event, { low, high, line, id }] of group) {
        writer.add([...eventValues(event), low, high, line, id])
      }
    }
    writer.close()
  }

  /** Leaves out events that repeat the id and the content of an earlier one, and tells of repeated ids. */
  async leaveOutRepeats(mostExamples: number): Promise<FoundRepeats> {
    await this.#connection.run(findRepeats)
    const counted = await this.#connection.runAndReadAll(
      'SELECT count(*) FILTER (same), count(*) FILTER (NOT same) FROM repeats',
    )
    const [same, other] = counted.getRowsJS()[0].map(Number)
    const found = await this.#connection.runAndReadAll(
      `SELECT id, row, line, first, first_line FROM repeats WHERE NOT same ORDER BY row LIMIT ${mostExamples}`,
    )
    const examples = found.getRowsJS().map(([id, row, line, first, firstLine]) => ({
      ...{ id: String(id), row: Number(row), line: Number(line), first: Number(first), firstLine: Number(firstLine) },
    }))
    const kept = Number((await this.#connection.runAndReadAll('SELECT count(*) FROM kept')).getRowsJS()[0][0])
    return { same, other, examples, kept }
  }

  /** Writes the events into so many files, those with one value of a text always into one. */
  async divide(text: number, name: string, buckets: number): Promise<void> {
    const columns = Object.keys(eventColumns(this.#shape)).join(', ')
    const folder = literal(join(this.#folder, name))
    await this.#connection.run(
      `COPY (SELECT ${columns}, (hash(t${text}) % ${buckets})::INTEGER AS bucket FROM kept)
       TO ${folder} (FORMAT parquet, PARTITION_BY (bucket), OVERWRITE_OR_IGNORE true)`,
    )
  }

  /** Writes all events in the order of their times, each with its bucket by each of these texts, for `readOrdered`. */
  async order(texts: readonly number[], buckets: number): Promise<void> {
    const bucketOf = texts.map((text, i) => `(hash(t${text}) % ${buckets})::DOUBLE AS b${i}`)
    await this.#connection.run(
      `SET preserve_insertion_order = true;
       COPY (SELECT ${[...orderedColumns(this.#shape), ...bucketOf].join(', ')} FROM kept ORDER BY time, row)
       TO ${literal(orderedFile(this.#folder))} (FORMAT parquet, ROW_GROUP_SIZE ${orderedAtOnce})`,
    )
  }

  close(): void {
    this.#connection.closeSync()
    this.#instance.closeSync()
  }
}

/** All events in the order of their times, as `order` wrote them, each with its bucket by each of so many texts. */
export async function* readOrdered(
  folder: string,
  { shape, texts: keys, memoryMb }: { readonly shape: EventShape; readonly texts: number; readonly memoryMb: number },
): AsyncGenerator<readonly OrderedEvent[]> {
  const { instance, connection } = await openDatabase(folder, 'ordered', memoryMb)
  try {
    // What is read once need not stay in memory.
    await connection.run('SET preserve_insertion_order = true; SET enable_external_file_cache = false')
    const columns = orderedColumns(shape)
    const sql = `SELECT * FROM read_parquet(${literal(asPattern(orderedFile(folder)))}, hive_partitioning = false)`
    for await (const { rowCount, texts, numbers } of readRows(connection, sql)) {
      yield Array.from({ length: rowCount }, (_, row) => ({
        ...eventOf(shape, texts, numbers, row),
        id: texts[columns.length - 1][row] ?? undefined,
        buckets: Array.from({ length: keys }, (_, i) => numbers[columns.length + i][row]),
      }))
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** So few that a group of them is read into little memory. */
const orderedAtOnce = 20_480

function orderedFile(folder: string): string {
  return join(folder, 'ordered.parquet')
}

function orderedColumns(shape: EventShape): readonly string[] {
  return [...Object.keys(eventColumns(shape)), 'id']
}

/** The events of one bucket that `divide` wrote, in the order of their times. */
export async function* readBucket(
  folder: string,
  { name, bucket, shape, memoryMb }: BucketFiles & { readonly shape: EventShape },
): AsyncGenerator<readonly StoredEvent[]> {
  const { instance, connection } = await openDatabase(folder, `${name}-${bucket}`, memoryMb)
  try {
    const files = literal(`${asPattern(join(folder, name))}/bucket=${bucket}/*.parquet`)
    const columns = Object.keys(eventColumns(shape)).join(', ')
    const sql = `SELECT ${columns} FROM read_parquet(${files}, hive_partitioning = false) ORDER BY time, row`
    for await (const { rowCount, texts, numbers } of readRows(connection, sql)) {
      yield Array.from({ length: rowCount }, (_, row) => eventOf(shape, texts, numbers, row))
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

/** Where the events of a bucket are: in the folder that `divide` made under this name. */
export interface BucketFiles {
  readonly name: string
  readonly bucket: number
  readonly memoryMb: number
}

async function openDatabase(folder: string, name: string, memoryMb: number) {
  const spilt = join(folder, `${name}-spilt`)
  await mkdir(spilt, { recursive: true, mode: 0o700 })
  const instance = await DuckDBInstance.create(join(folder, `${name}.duckdb`), {
    memory_limit: `${memoryMb}MB`,
    temp_directory: spilt,
    threads: '1',
    preserve_insertion_order: 'false',
  })
  return { instance, connection: await instance.connect() }
}

type Columns = Readonly<Record<string, DuckDBType>>

function typed(names: readonly string[], type: DuckDBType): Columns {
  return Object.fromEntries(names.map((name) => [name, type]))
}

function eventColumns({ texts, numbers }: EventShape): Columns {
  const named = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i}`)
  return { ...typed(ownNumbers, DOUBLE), ...typed(named('t', texts), VARCHAR), ...typed(named('n', numbers), DOUBLE) }
}

function eventValues({ row, timestampMs, amount, label, knownAtMs, texts, numbers }: StoredEvent): Cell[] {
  return [row, timestampMs, amount, label, knownAtMs, ...texts, ...Array.from(numbers)]
}

function eventOf(
  { texts, numbers }: EventShape,
  textCells: TextCells,
  numberCells: NumberCells,
  row: number,
): StoredEvent {
  const textsAt = ownNumbers.length
  const numbersAt = textsAt + texts
  return {
    row: numberCells[0][row],
    timestampMs: numberCells[1][row],
    amount: numberCells[2][row],
    label: numberCells[3][row],
    knownAtMs: numberCells[4][row],
    texts: Array.from({ length: texts }, (_, i) => textCells[textsAt + i][row] ?? undefined),
    numbers: Array.from({ length: numbers }, (_, i) => numberCells[numbersAt + i][row]),
  }
}

type Cell = number | string | undefined
type TextCells = readonly (readonly (string | null)[])[]
type NumberCells = readonly Float64Array[]

/** Makes a table and fills it row by row. */
async function createWriter(connection: DuckDBConnection, table: string, columns: Columns) {
  const declared = Object.entries(columns).map(([name, type]) => `${name} ${type}`)
  await connection.run(`CREATE TABLE ${table} (${declared.join(', ')})`)
  const appender = await connection.createAppender(table)
  const chunk = DuckDBDataChunk.create(Object.values(columns))
  let chunks = 0
  let used = 0
  let vectors = emptyVectors(chunk)
  const flush = () => {
    for (const vector of vectors) vector.flush()
    chunk.rowCount = used
    appender.appendDataChunk(chunk)
    if (++chunks % chunksPerFlush === 0) appender.flushSync()
    vectors = emptyVectors(chunk)
    used = 0
  }
  return {
    add(row: readonly Cell[]): void {
      for (let column = 0; column < row.length; column++) vectors[column].setItem(used, row[column] ?? null)
      if (++used === rowsPerChunk) flush()
    },
    close(): void {
      if (used > 0) flush()
      appender.closeSync()
    },
  }
}

/** Room for so many rows; without the reset a chunk would keep all texts that were ever in it. */
function emptyVectors(chunk: DuckDBDataChunk): readonly DuckDBVector[] {
  chunk.reset()
  chunk.rowCount = rowsPerChunk
  return Array.from({ length: chunk.columnCount }, (_, column) => chunk.getColumnVector(column))
}

/** The rows of a question, in pieces; a column is in `texts` or in `numbers`, at its place. */
async function* readRows(connection: DuckDBConnection, sql: string) {
  const result = await connection.stream(sql)
  const isText = result.columnTypes().map((type) => type === VARCHAR)
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const { rowCount } = chunk
    const texts: (string | null)[][] = []
    const numbers: Float64Array[] = []
    isText.forEach((text, column) => {
      const vector = chunk.getColumnVector(column)
      if (text) texts[column] = Array.from({ length: rowCount }, (_, row) => vector.getItem(row) as string | null)
      else numbers[column] = Float64Array.from({ length: rowCount }, (_, row) => vector.getItem(row) as number)
    })
    yield { rowCount, texts, numbers }
  }
}
