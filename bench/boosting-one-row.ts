import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { boostingSettings } from './boosting.ts'
import { onBothTables } from './harness/both-tables.ts'
import { type Rival, startRival } from './harness/child.ts'
import type { BenchOptions, Claim } from './harness/claim.ts'
import { compareTimes, startOnnxInNode, timeRows, variantsTable } from './harness/one-row.ts'
import { benchFile, cacheFolder, findPython, withoutPeers } from './harness/peers.ts'
import type { Parts } from './harness/tables.ts'

const bar = 5

export const boostingOneRow: Claim = {
  title: 'Scoring one row (boosting)',
  packages: ['lightgbm', 'onnxruntime', 'onnxmltools', 'numpy'],
  measure: async (options) => {
    // The trees are LightGBM's, so without it there is nothing to score.
    const python = findPython()
    return python ? onBothTables(options, (parts) => compareOn(parts, python, options)) : withoutPeers
  },
}

async function compareOn(parts: Parts, python: string, options: BenchOptions): Promise<string> {
  const variants = await timeRows(startSides(parts, python, options.log), options)
  const isOurs = ({ name }: { readonly name: string }) => name.startsWith('Shrike')
  const ours = variants.find(isOurs)
  const peer = variants.find((variant) => !isOurs(variant))
  if (!ours || !peer) throw new Error('A side is missing')
  return `${variantsTable(variants)}

The very same trees, against the fastest peer (${peer.name}): ${compareTimes(ours, peer, bar)}.`
}

/** Python first, because it trains the trees that all score. */
async function* startSides(parts: Parts, python: string, log: BenchOptions['log']): AsyncGenerator<Rival> {
  const folder = `${cacheFolder}boosting-${parts.name}`
  const settings = JSON.stringify({ ...boostingSettings, threads: availableParallelism() })
  yield await startRival(python, [benchFile('peers/boosting_one_row.py'), parts.train, parts.test, folder, settings])
  yield* startOnnxInNode(folder, log)
  const ours = fileURLToPath(new URL('./ours/boosting-one-row.ts', import.meta.url))
  yield await startRival(process.execPath, [ours, folder])
}
