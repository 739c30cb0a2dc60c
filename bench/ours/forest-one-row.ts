// One row at a time through Shrike: BUNDLE ROWS.npy (raw rows), then, where the peers exported one, TREES_DIR with the
// peer's own forest and rows. Speaks as the rivals do.
import { createTreeEnsemble, type TreeEnsemble } from '../../src/models/trees/tree-ensemble.ts'
import { loadModel } from '../../src/scoring/load-predictor.ts'
import { readColumns, readNpy } from '../harness/npy.ts'
import { answerRounds, microsecondsPerRow, mostDifference, readExported } from '../harness/one-row-rounds.ts'

const mostRows = 10_000

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
    cover: read('cover'),
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
const differences: Record<string, number> = {}
if (treesFolder !== undefined) {
  const name = "Shrike, the peer's forest"
  const { rows, expected } = readExported(treesFolder)
  const { predictProba } = readPeerForest(treesFolder, rows[0].length)
  differences[name] = mostDifference(predictProba, rows, expected)
  variants.set(name, () => microsecondsPerRow(predictProba, rows))
}
const probabilities = rawRows.map((row) => predictor.predict(row).probability)
const areProbabilities = probabilities.every((probability) => probability >= 0 && probability <= 1)
await answerRounds({ differences, areProbabilities }, variants)
