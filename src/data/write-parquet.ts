import { open, rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { asPattern, literal, openDuckDB } from './duckdb.ts'
import type { Table } from './table.ts'
import { writeCsv } from './write-csv.ts'
import type { Place } from './write-file.ts'

const typeOf = { number: 'DOUBLE', time: 'TIMESTAMP', text: 'VARCHAR' } as const

/** Writes a table in batches as Parquet, complete or not at all; a missing value is null. DuckDB makes it of CSV. */
export async function writeParquet(tables: Iterable<Table>, path: string, place: Place = rename): Promise<void> {
  // Where the process is killed it stays, and must not look like a part of a folder of tables.
  const rows = resolve(`${path}.${process.pid}.rows.partial`)
  const target = resolve(`${path}.${process.pid}.partial`)
  const columns = new Map<string, string>()
  function* noted(): Generator<Table> {
    for (const table of tables) {
      for (const { name, kind } of table.columns) columns.set(name, typeOf[kind])
      yield table
    }
  }
  const { connection, close } = await openDuckDB()
  try {
    await writeCsv(noted(), rows)
    const types = [...columns].map(([name, type]) => `${literal(name)}: ${literal(type)}`).join(', ')
    await connection.run(
      `COPY (SELECT * FROM read_csv(${literal(asPattern(rows))}, hive_partitioning = false, header = true, nullstr = '', delim = ',', quote = '"', escape = '"',
        auto_detect = false, columns = {${types}})) TO ${literal(target)} (FORMAT parquet)`,
    )
    const file = await open(target, 'r')
    await file.sync().finally(() => file.close())
    await place(target, path)
  } finally {
    close()
    await rm(rows, { force: true })
    await rm(target, { force: true })
  }
}
