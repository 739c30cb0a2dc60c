import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { toMinorUnits } from '../src/core/money.ts'
import { openTables } from '../src/data/read-table.ts'
import { TransactionReader } from '../src/data/transaction-reader.ts'
import { type Detector, parseDetectorFile } from '../src/detector/detector.ts'
import { compileDetector, compileFeatures, type FeatureSet } from '../src/features/feature-set.ts'
import { MemoryHistories } from '../src/features/memory-histories.ts'
import { Replay } from '../src/features/replay.ts'
import { assertClose } from './close.ts'
import { examples } from './examples.ts'

const golden = (name: string) => JSON.parse(readFileSync(`test/golden/${name}`, 'utf8'))

/** What pandas made of a window, for the rows that have values. */
interface Summary {
  readonly rows: readonly number[]
  readonly sum: readonly number[]
  readonly mean: readonly number[]
  readonly min: readonly number[]
  readonly max: readonly number[]
  readonly standardDeviation: readonly number[]
  readonly median: readonly number[]
}

interface Windows {
  readonly count: readonly number[]
  readonly distinct: readonly number[]
  readonly amount: Summary
  readonly points: Summary
}

interface Table {
  readonly time: readonly string[]
  readonly card: readonly (string | null)[]
  readonly merchant: readonly (string | null)[]
  readonly country: readonly (string | null)[]
  readonly amount: readonly number[]
  readonly points: readonly (number | null)[]
}

const summaries = ['sum', 'mean', 'min', 'max', 'standardDeviation', 'median'] as const

/** All rows of one feature, by replay of the table. */
function replayTable(table: Table, feature: Detector['features'][number]): number[] {
  const set: FeatureSet = compileDetector({
    detector: 'golden',
    transaction: {
      time: { field: 'time', format: 'iso' },
      amount: { field: 'amount', digits: 2 },
      keys: { card: 'card', merchant: 'merchant' },
      fields: { country: 'country', points: 'points' },
      label: { field: 'label' },
    },
    features: [feature],
  })
  const replay = new Replay(set, new MemoryHistories(set.plan))
  const textsOf = (row: number): Record<string, string | null> => ({
    card: table.card[row],
    merchant: table.merchant[row],
    country: table.country[row],
  })
  return table.time.map((time, row) => {
    const texts = set.layout.texts.map(({ column }) => textsOf(row)[column] ?? undefined)
    const numbers = set.layout.numbers.map(() => table.points[row] ?? Number.NaN)
    const amount = toMinorUnits(table.amount[row], 2)
    return replay.next({ timestampMs: Date.parse(time), amount, texts, numbers })[0]
  })
}

describe('features over windows agree with pandas', () => {
  const { table, expected }: { table: Table; expected: Record<string, Record<string, Record<string, Windows>>> } =
    golden('window-features.json')
  for (const [by, delays] of Object.entries(expected)) {
    for (const [delay, widths] of Object.entries(delays)) {
      for (const [over, windows] of Object.entries(widths)) {
        test(`by ${by} over ${over}, ${delay} ago`, () => {
          const window = { by, over, delay }
          assert.deepEqual(replayTable(table, { count: window }), windows.count)
          assert.deepEqual(replayTable(table, { distinct: { of: 'country', ...window } }), windows.distinct)
          for (const [field, summary] of [
            ['amount', windows.amount],
            ['points', windows.points],
          ] as const) {
            for (const kind of summaries) {
              const values = replayTable(table, { [kind]: { of: field, ...window } })
              const known = new Map(summary.rows.map((row, i) => [row, summary[kind][i]]))
              values.forEach((value, row) => {
                const wanted = known.get(row) ?? (kind === 'sum' ? 0 : Number.NaN)
                const what = `${kind} of ${field}, row ${row}`
                if (Number.isNaN(wanted)) assert.ok(Number.isNaN(value), what)
                else assertClose(value, wanted, 1e-12, what)
              })
            }
          }
        })
      }
    }
  }
})

const handbook = '../shared/data/handbook-transactions.csv.gz'
const skip = existsSync(handbook) ? false : `${handbook} is not there`

test('the handbook’s 15 features agree with pandas on its own transactions', { skip }, async () => {
  const wanted: {
    features: readonly string[]
    rowCount: number
    sums: Record<string, number>
    rows: Record<string, readonly number[]>
  } = golden('handbook-features.json')
  const located = parseDetectorFile(readFileSync('detectors/handbook.yaml', 'utf8'), 'handbook.yaml')
  const set = compileFeatures(located)
  const layout = { ...set.layout, texts: [...set.layout.texts, { name: 'id', column: 'TRANSACTION_ID' }] }
  const order = set.names.map((name) => wanted.features.indexOf(name))
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    [...wanted.features.keys()],
    'the same features',
  )
  const reader = new TransactionReader(located, layout, { file: 'the file', nowMs: Date.now() })
  const replay = new Replay(set, new MemoryHistories(set.plan))
  const sums = new Float64Array(set.names.length)
  const most = examples(400_000)
  const comparedIds: string[] = []
  let rowCount = 0
  for await (const table of openTables(handbook, { columns: reader.kinds, required: [], rowsPerTable: 16_384 })
    .tables) {
    reader.open(table)
    for (let i = 0; i < table.rowCount && rowCount < most; i++, rowCount++) {
      const transaction = reader.read(i)
      const row = replay.next(transaction)
      for (let feature = 0; feature < row.length; feature++) sums[feature] += row[feature]
      const id = transaction.texts.at(-1) ?? ''
      if (wanted.rows[id] !== undefined) {
        comparedIds.push(id)
        assert.deepEqual(
          [...row],
          order.map((at) => wanted.rows[id][at]),
          `transaction ${id}`,
        )
      }
      if (reader.readLabel(i) === 1) replay.label(transaction, { isFraud: true, knownAtMs: reader.readKnownAt(i) })
    }
    if (rowCount === most) break
  }
  assert.deepEqual(
    comparedIds,
    Object.keys(wanted.rows).filter((id) => Number(id) < most),
  )
  // By day it is the first quarter of the file, whose sums nobody told.
  if (rowCount === most) return
  assert.equal(rowCount, wanted.rowCount)
  set.names.forEach((name, feature) => {
    assertClose(sums[feature], wanted.sums[name], 1e-9, name)
  })
})
