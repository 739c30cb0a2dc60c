import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

/** DuckDB in memory, with one connection. */
export async function openDuckDB(): Promise<{ readonly connection: DuckDBConnection; close(): void }> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  return {
    connection,
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** The pattern that fits no other path. */
export function asPattern(file: string): string {
  return file.replace(/[*?[]/g, '[$&]')
}

/** A text in SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A name in SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Texts in SQL, as one list. */
export function listOf(texts: readonly string[]): string {
  return `[${texts.map(literal).join(', ')}]`
}
