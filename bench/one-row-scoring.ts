import { fileURLToPath } from 'node:url'
import { onBothTables } from './harness/both-tables.ts'
import { type Rival, startRival } from './harness/child.ts'
import type { BenchOptions, Claim } from './harness/claim.ts'
import { compareTimes, startOnnxInNode, timeRows, variantsTable } from './harness/one-row.ts'
import { benchFile, cacheFolder, findPython, withoutPeers } from './harness/peers.ts'
import { recipeModel, shrikeBundle } from './harness/recipe-models.ts'
import type { Parts } from './harness/tables.ts'

const bar = 6

export const oneRowScoring: Claim = {
  title: 'Scoring one row (forest)',
  packages: ['scikit-learn', 'onnxruntime', 'skl2onnx', 'numpy'],
  measure: (options) => onBothTables(options, (parts) => compareOn(parts, options)),
}

async function compareOn(parts: Parts, options: BenchOptions): Promise<string> {
  const variants = await timeRows(startSides(parts, options.log), options)
  const table = variantsTable(variants)
  const best = (start: string) => variants.find(({ name }) => name.startsWith(start))
  const [ours, peer] = [best("Shrike, the peer's forest"), best('ONNX Runtime')]
  const bundle = best('Shrike, its own bundle')
  if (!ours || !peer || !bundle) return `${table}\n\n${withoutPeers}`
  return `${table}

The very same forest, against the fastest form of ONNX Runtime (${peer.name}): ${compareTimes(ours, peer, bar)}.
Our own bundle, scaler and threshold included, against the same: ${compareTimes(bundle, peer, bar)}.`
}

/** Ours last, because it scores the forest that the Python side exports on its start. */
async function* startSides(parts: Parts, log: BenchOptions['log']): AsyncGenerator<Rival> {
  const python = findPython()
  const exported = `${cacheFolder}onnx-${parts.name}`
  if (python) {
    const model = await recipeModel(parts, python, log)
    yield await startRival(python, [benchFile('peers/forest_one_row.py'), model, parts.test, exported])
    yield* startOnnxInNode(exported, log)
  }
  yield await startRival(process.execPath, [
    fileURLToPath(new URL('./ours/forest-one-row.ts', import.meta.url)),
    await shrikeBundle(parts, log),
    parts.test,
    ...(python ? [exported] : []),
  ])
}
