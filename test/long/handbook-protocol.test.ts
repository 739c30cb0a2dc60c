import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { before, describe, test } from 'node:test'
import { numberColumn } from '../../src/data/columns.ts'
import { readTable } from '../../src/data/read-table.ts'
import { TransactionReader } from '../../src/data/transaction-reader.ts'
import { parseDetectorFile } from '../../src/detector/detector.ts'
import { bookRows } from '../../src/evaluation/protocols/book-figures.ts'
import { dayMs, makeFold, type ProtocolRows } from '../../src/evaluation/protocols/fold.ts'
import { formatHandbook, handbookFolds, runHandbook } from '../../src/evaluation/protocols/handbook.ts'
import { type Figures, meanOf, measureFold } from '../../src/evaluation/protocols/measure-fold.ts'
import { compileFeatures } from '../../src/features/feature-set.ts'
import { MemoryHistories } from '../../src/features/memory-histories.ts'
import { Replay } from '../../src/features/replay.ts'
import { trainDecisionTree, trainRandomForest } from '../../src/learners/forest/random-forest.ts'
import { assertClose } from '../close.ts'

interface GoldenFold {
  readonly start: string
  readonly trainingRows: number
  readonly trainingFrauds: number
  readonly testRows: number
  readonly testFrauds: number
  /** Of the transactions' ids in the test. */
  readonly idSum: number
  readonly byLabel: number
  readonly byAmount: Figures
}

interface Golden {
  readonly versions: Readonly<Record<string, string>>
  readonly testFolds: readonly GoldenFold[]
  readonly validationFolds: readonly GoldenFold[]
  readonly learners: readonly {
    readonly name: string
    readonly folds: readonly Figures[]
    readonly mean: Figures
  }[]
}

type Rows = Required<Pick<ProtocolRows, 'times' | 'labels' | 'cards' | 'amounts'>> & {
  readonly ids: Float64Array
  readonly features: readonly string[]
  readonly columns: readonly Float64Array[]
}

const golden: Golden = JSON.parse(readFileSync('test/golden/handbook-protocol.json', 'utf8'))
const handbook = '../shared/data/handbook-transactions.csv.gz'
const metrics = ['rocAuc', 'averagePrecision', 'cardPrecision'] as const
/** The last day of the last test is 2018-09-04; what comes after it plays no part. */
const endMs = Date.UTC(2018, 8, 5)

async function readHandbook(): Promise<Rows> {
  const located = parseDetectorFile(readFileSync('detectors/handbook.yaml', 'utf8'), 'handbook.yaml')
  const set = compileFeatures(located)
  const reader = new TransactionReader(located, set.layout, { file: 'the file', nowMs: Date.now() })
  const { table } = await readTable(handbook, {
    columns: { ...reader.kinds, TRANSACTION_ID: 'number', TX_FRAUD: 'number' },
  })
  const allTimes = numberColumn(table, 'TX_DATETIME').values
  const rowCount = allTimes.findIndex((time) => time >= endMs)
  const columns = set.names.map(() => new Float64Array(rowCount))
  const cards = new Int32Array(rowCount)
  const replay = new Replay(set, new MemoryHistories(set.plan))
  reader.open(table)
  for (let row = 0; row < rowCount; row++) {
    const transaction = reader.read(row)
    const values = replay.next(transaction)
    for (let i = 0; i < values.length; i++) columns[i][row] = values[i]
    cards[row] = Number(transaction.texts[0])
    replay.label(transaction, { isFraud: reader.readLabel(row) === 1, knownAtMs: reader.readKnownAt(row) })
  }
  const take = (name: string) => numberColumn(table, name).values.slice(0, rowCount)
  return {
    ids: take('TRANSACTION_ID'),
    times: allTimes.slice(0, rowCount),
    labels: Uint8Array.from(take('TX_FRAUD')),
    cards,
    amounts: take('TX_AMOUNT'),
    features: set.names,
    columns,
  }
}

/** Scores of the test rows by a model of the training rows. */
async function trainAndScore(
  { features, columns, labels }: Rows,
  learn: typeof trainRandomForest | typeof trainDecisionTree,
  { train, test: part }: { readonly train: Uint32Array; readonly test: Uint32Array },
  options: { readonly seed: number; readonly maxDepth: number | null },
): Promise<Float64Array> {
  const pick = (column: Float64Array) => Float64Array.from(train, (row) => column[row])
  const dataset = { features, columns: columns.map(pick), labels: Uint8Array.from(train, (row) => labels[row]) }
  const { model } = await learn(dataset, options)
  const rows = new Float64Array(part.length * columns.length)
  part.forEach((row, i) => {
    for (let feature = 0; feature < columns.length; feature++)
      rows[i * columns.length + feature] = columns[feature][row]
  })
  return model.predictProbaOfRows(rows)
}

function assertFigures(actual: Figures, expected: Figures, tolerance: number, what: string): void {
  for (const metric of metrics) assertClose(actual[metric], expected[metric], tolerance, `${what}, ${metric}`)
}

const skip = !existsSync(handbook) && `${handbook} is not there`

describe('the protocol of the Fraud Detection Handbook', { skip }, () => {
  let rows: Rows
  before(async () => {
    rows = await readHandbook()
  })
  const week = 7 * dayMs
  const plan = { trainMs: week, delayMs: week, testMs: week, removesKnown: true }
  const findBaseFold = () => handbookFolds(rows)[3]

  test('has the rows that the book has on its base fold', () => {
    const { train, test: part } = findBaseFold()
    const frauds = (of: Uint32Array) => of.reduce((sum, row) => sum + rows.labels[row], 0)
    assert.deepEqual([train.length, frauds(train)], [67_240, 598])
    assert.deepEqual([part.length, frauds(part)], [58_264, 385])
  })

  test('splits all eight folds as pandas does, and scores them as scikit-learn does', () => {
    const folds = [
      ...handbookFolds(rows),
      ...golden.validationFolds.map(({ start }) => makeFold(rows, Date.parse(start), plan)),
    ]
    for (const [i, expected] of [...golden.testFolds, ...golden.validationFolds].entries()) {
      const { startMs, train, test: part } = folds[i]
      const sum = (of: Uint32Array, values: Uint8Array | Float64Array) => of.reduce((all, row) => all + values[row], 0)
      assert.equal(startMs, Date.parse(expected.start))
      assert.deepEqual(
        [train.length, sum(train, rows.labels), part.length, sum(part, rows.labels), sum(part, rows.ids)],
        [expected.trainingRows, expected.trainingFrauds, expected.testRows, expected.testFrauds, expected.idSum],
      )
      const measure = (scores: Float64Array) => measureFold(rows, folds[i], scores, week, 100).figures
      const byLabel = measure(Float64Array.from(part, (row) => rows.labels[row]))
      assertFigures(byLabel, { rocAuc: 1, averagePrecision: 1, cardPrecision: expected.byLabel }, 1e-12, 'the oracle')
      const byAmount = measure(Float64Array.from(part, (row) => rows.amounts[row]))
      assertFigures(byAmount, expected.byAmount, 1e-12, 'the amount as score')
    }
    // The most that any ranking of these tests could reach.
    const ceilings = golden.testFolds.map(({ byLabel }) => byLabel)
    assertClose(ceilings[3], 0.397, 0.0005)
    assertClose(ceilings.reduce((sum, ceiling) => sum + ceiling, 0) / 4, 0.419, 0.0005)
  })

  test('trains every learner on every fold with every seed', async () => {
    const trained = new Map<string, number>()
    const progress: number[] = []
    const result = await runHandbook(
      rows,
      ({ name }) =>
        async (train, part, seed) => {
          assert.ok(train.length > 60_000)
          trained.set(name, (trained.get(name) ?? 0) + 1)
          return Float64Array.from(part, (row) => (seed === 1 ? rows.amounts[row] : rows.labels[row]))
        },
      [1, 2],
      (done, total) => progress.push(done / total),
    )
    assert.deepEqual(
      [...trained.values()],
      bookRows.map(() => 8),
    )
    assert.deepEqual([progress.length, progress.at(-1)], [8 * bookRows.length, 1])
    const oracle = (cardPrecision: number) => ({ rocAuc: 1, averagePrecision: 1, cardPrecision })
    for (const { learner, folds, baseFold, mean } of result.learners) {
      const expected = golden.testFolds.map(({ byAmount, byLabel }) => meanOf([byAmount, oracle(byLabel)]))
      folds.forEach((figures, i) => {
        assertFigures(figures, expected[i], 1e-12, learner)
      })
      assert.deepEqual(baseFold, folds[3])
      assertFigures(mean, meanOf(expected), 1e-12, learner)
    }
    const table = formatHandbook(result)
    assert.match(table, /^base fold: trained on 67,240 rows with 598 frauds, tested on 58,264 with 385\n/)
    for (const { name } of bookRows) assert.ok(table.includes(`\n${name}`), name)
  })

  // The figures of five seeds on all folds take minutes: `shrike evaluate --protocol handbook`.
  test('gives a tree and a forest the figures that the book prints for its base fold', async () => {
    const { book, peer } = printed('decision tree, depth 2')
    const tree = await trainAndScore(rows, trainDecisionTree, findBaseFold(), { seed: 42, maxDepth: 2 })
    const treeFigures = measureFold(rows, findBaseFold(), tree, week, 100).figures
    assertFigures(treeFigures, book, 0.01, 'decision tree beside the book')
    assertFigures(treeFigures, peer, 0.001, `decision tree beside scikit-learn ${golden.versions['scikit-learn']}`)

    const forest = printed('random forest, 100 trees')
    const scores = await trainAndScore(rows, trainRandomForest, findBaseFold(), { seed: 42, maxDepth: null })
    const forestFigures = measureFold(rows, findBaseFold(), scores, week, 100).figures
    assertFigures(forestFigures, forest.book, 0.01, 'random forest beside the book')
    assertFigures(forestFigures, forest.peer, 0.01, 'random forest beside scikit-learn')
  })
})

test("rows that are not the handbook's, or have no customer, are refused with the dates that it needs", () => {
  const days = (from: number, to: number) =>
    Float64Array.from({ length: (to - from) / dayMs + 1 }, (_, day) => from + day * dayMs)
  const refuse = (times: Float64Array, cards: Int32Array | undefined, reach: RegExp) => {
    const labels = Uint8Array.from(times, (_, row) => row % 2)
    const few: ProtocolRows = { times, labels, ...(cards && { cards }) }
    assert.throws(() => handbookFolds(few), { code: 'DATA_INVALID', message: /2018-07-25 to 2018-09-04/ })
    assert.throws(() => handbookFolds(few), { message: reach })
  }
  const all = days(Date.UTC(2018, 6, 25), Date.UTC(2018, 8, 4))
  const cards = (times: Float64Array) => Int32Array.from(times, (_, row) => row)
  assert.equal(
    handbookFolds({ times: all, labels: Uint8Array.from(all, (_, i) => i % 2), cards: cards(all) }).length,
    4,
  )
  refuse(all, undefined, /2018-07-25 to 2018-09-04/)
  const late = all.slice(1)
  refuse(late, cards(late), /reach from 2018-07-26 to 2018-09-04/)
  const early = all.slice(0, -1)
  refuse(early, cards(early), /reach from 2018-07-25 to 2018-09-03/)
})

/** What the book and scikit-learn say of a learner on the base fold. */
function printed(name: string): { readonly book: Figures; readonly peer: Figures } {
  const book = bookRows.find((row) => row.name === name)?.baseFold
  const peer = golden.learners.find((learner) => learner.name === name)?.folds[3]
  assert(book !== undefined && peer !== undefined, name)
  return { book, peer }
}
