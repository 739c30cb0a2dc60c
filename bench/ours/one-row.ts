// One row at a time through Shrike: BUNDLE ROWS.npy (raw rows), then, where the peers exported one, TREES_DIR with the
// peer's own forest and rows. Speaks as the rivals do: a line when ready, a line for every line on standard input.
import { performance } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { createTreeEnsemble, type TreeEnsemble } from '../../src/models/tree-ensemble.ts'
import { loadModel } from '../../src/scoring/load-predictor.ts'
import { readColumns, readNpy } from '../harness/npy.ts'

const roundMs = 1000
const mostRows = 10_000

type Score = (row: Float64Array) => number

/** The rows' number is a whole number of hundreds, because the clock is read after every hundred. */
function microsecondsPerRow(score: Score, rows: readonly Float64Array[]): number {
  const start = performance.now()
  let sum = 0
  for (let done = 0; ; ) {
    const first = done % rows.length
    for (let row = first; row < first + 100; row++) sum += score(rows[row])
    done += 100
    const elapsedMs = performance.now() - start
    // The sum is used, so that no compiler may leave the work out.
    if (elapsedMs >= roundMs) return Number.isNaN(sum) ? Number.NaN : (elapsedMs / done) * 1000
  }
}

/** The forest that scikit-learn trained, node by node. */
function readPeerForest(folder: string, width: number): TreeEnsemble {
  const read = (name: string) => readNpy(`${folder}/tree-${name}.npy`).values
  const feature = Int32Array.from(read('feature'))
  const names = Array.from({ length: width }, (_, index) => `x${index}`)
  return createTreeEnsemble(names, {
    roots: Int32Array.from(read('roots')),
    feature,
    threshold: read('threshold'),
    left: Int32Array.from(read('left')),
    missingGoesLeft: new Uint8Array(feature.length),
    value: read('value'),
    cover: new Float64Array(feature.length),
  })
}

const [bundlePath, rowsPath, treesFolder] = process.argv.slice(2)
const { predictor } = await loadModel(bundlePath)
const columns = readColumns(rowsPath)
const width = predictor.inputs.length
const rowCount = Math.min(mostRows, Math.floor(columns[0].length / 100) * 100)
const rawRows = Array.from({ length: rowCount }, (_, row) => Float64Array.from(columns.slice(0, width), (c) => c[row]))

const variants = new Map<string, () => number>()
variants.set('Shrike, its own bundle: scaler, forest, threshold', () =>
  microsecondsPerRow((row) => predictor.predict(row).probability, rawRows),
)
let maxDifference = 0
if (treesFolder !== undefined) {
  const { values, shape } = readNpy(`${treesFolder}/rows.npy`)
  const [peerCount, peerWidth] = shape
  const rows = Array.from({ length: peerCount }, (_, row) => values.slice(row * peerWidth, (row + 1) * peerWidth))
  const expected = readNpy(`${treesFolder}/expected.npy`).values
  const forest = readPeerForest(treesFolder, peerWidth)
  maxDifference = rows.reduce(
    (most, row, index) => Math.max(most, Math.abs(forest.predictProba(row) - expected[index])),
    0,
  )
  variants.set("Shrike, the peer's forest", () => microsecondsPerRow(forest.predictProba, rows))
}
const probabilities = rawRows.map((row) => predictor.predict(row).probability)
const areProbabilities = probabilities.every((probability) => probability >= 0 && probability <= 1)
process.stdout.write(`${JSON.stringify({ maxDifference, areProbabilities })}\n`)
for await (const _ of createInterface({ input: process.stdin })) {
  const result: Record<string, number> = {}
  for (const [name, round] of variants) result[name] = round()
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
