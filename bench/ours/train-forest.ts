// The recipe's training in Shrike, in a process of its own: TRAIN.npy TEST.npy --seed N --scores SCORES.npy. Prints one
// line of JSON with the fields that the peer prints.
import { enableCompileCache } from 'node:module'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { oversample } from '../../src/data/resample.ts'
import { fitScaler, transformColumns } from '../../src/data/scaler.ts'
import { trainRandomForest } from '../../src/learners/forest/random-forest.ts'
import type { TreeNodes } from '../../src/models/trees/tree-nodes.ts'
import { mean } from '../harness/measure.ts'
import { readColumns, writeNpy } from '../harness/npy.ts'

/** The recipe draws its copies with this seed, whatever the forest's own. */
const oversamplerSeed = 42

// As `shrike` does in a checkout, for its threads, too.
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/shrike', import.meta.url)))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string', default: '42' }, scores: { type: 'string' } },
})
const [trainPath, testPath] = positionals
const train = readTable(trainPath)
const memoryBeforeMb = peakMemoryMb()

const start = performance.now()
const scaling = fitScaler(train.columns)
const columns = transformColumns(scaling, train.columns)
const scaledAt = performance.now()
const copies = oversample(train.labels, { ratio: 1, seed: oversamplerSeed })
const drawnAt = performance.now()
const { model } = await trainRandomForest(
  { features: train.features, columns, labels: train.labels, copies },
  { nEstimators: 100, seed: Number(values.seed) },
)
const end = performance.now()
const memoryMb = peakMemoryMb()

if (values.scores !== undefined) {
  const test = transformColumns(scaling, readTable(testPath).columns)
  const row = new Float64Array(test.length)
  const scores = test[0].map((_, index) => model.predictProba(row.map((_, input) => test[input][index])))
  writeNpy(values.scores, [scores])
}
const result = {
  scaleSeconds: (scaledAt - start) / 1000,
  oversampleSeconds: (drawnAt - scaledAt) / 1000,
  fitSeconds: (end - drawnAt) / 1000,
  seconds: (end - start) / 1000,
  peakMemoryMb: memoryMb,
  memoryBeforeMb,
  ...shapeOf(model.nodes),
}
process.stdout.write(`${JSON.stringify(result)}\n`)

function readTable(path: string) {
  const columns = readColumns(path)
  const inputs = columns.slice(0, -2)
  return {
    features: inputs.map((_, index) => `x${index}`),
    columns: inputs,
    labels: Uint8Array.from(columns[inputs.length]),
  }
}

function peakMemoryMb(): number {
  return process.resourceUsage().maxRSS / 1024
}

/** Mean depth and leaves of the trees, to see that both sides grew alike. */
function shapeOf({ roots, feature, left }: TreeNodes): { meanDepth: number; meanLeaves: number } {
  const depths = Array.from(roots, (root) => {
    let deepest = 0
    const waiting: [number, number][] = [[root, 0]]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [node, depth] = next
      deepest = Math.max(deepest, depth)
      if (feature[node] >= 0) waiting.push([left[node], depth + 1], [left[node] + 1, depth + 1])
    }
    return deepest
  })
  const leaves = feature.reduce((count, split) => count + (split < 0 ? 1 : 0), 0)
  return { meanDepth: mean(depths), meanLeaves: leaves / roots.length }
}
