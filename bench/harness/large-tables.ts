import { createRandom } from '../../src/core/random.ts'
import { simulateCreditcard } from '../../src/data/simulate/creditcard.ts'
import type { NumberColumn, Table } from '../../src/data/table.ts'
import { writeCsv } from '../../src/data/write-csv.ts'
import { makeOnce } from './tables.ts'

const blockRows = 284_807
const blockSeconds = 172_800
const [startMs, spanMs] = [Date.UTC(2026, 0, 1), 180 * 86_400_000]

/** A flat table of any number of rows x 31, written as it is drawn: block after block, each with another seed. */
export function largeFlatCsv(rows: number): Promise<string> {
  return makeOnce(`large-flat-${rows}.csv`, (path) => writeCsv(flatBlocks(rows), path))
}

function* flatBlocks(rows: number): Generator<Table> {
  for (let from = 0, block = 0; from < rows; from += blockRows, block++) {
    const count = Math.min(blockRows, rows - from)
    const { columns } = simulateCreditcard({ rows: count, frauds: Math.ceil(count / 579), seed: block })
    yield { rowCount: count, columns: columns.map((column) => laterBy(column as NumberColumn, block * blockSeconds)) }
  }
}

function laterBy(column: NumberColumn, seconds: number): NumberColumn {
  return column.name === 'Time' ? { ...column, values: column.values.map((value) => value + seconds) } : column
}

/** Transactions of the handbook's columns over 180 days, with as many more customers and terminals as there are more rows. */
export function largePortfolioCsv(rows: number): Promise<string> {
  return makeOnce(`large-portfolio-${rows}.csv`, (path) => writeCsv(portfolioBlocks(rows), path))
}

function* portfolioBlocks(rows: number): Generator<Table> {
  const random = createRandom(rows)
  for (let from = 0; from < rows; from += blockRows) {
    const count = Math.min(blockRows, rows - from)
    const numbers = (name: string, value: (row: number) => number, kind: NumberColumn['kind'] = 'number') => ({
      ...{ kind, name },
      values: Float64Array.from({ length: count }, (_, row) => value(from + row)),
    })
    yield {
      rowCount: count,
      columns: [
        numbers('TRANSACTION_ID', (row) => row),
        numbers('TX_DATETIME', (row) => startMs + 1000 * Math.floor(((row / rows) * spanMs) / 1000), 'time'),
        numbers('CUSTOMER_ID', () => random.integer(Math.ceil(rows / 300))),
        numbers('TERMINAL_ID', () => random.integer(Math.ceil(rows / 150))),
        numbers('TX_AMOUNT', () => random.integer(30_000) / 100),
        numbers('TX_FRAUD', () => Number(random.integer(200) === 0)),
      ],
    }
  }
}
