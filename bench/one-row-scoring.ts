import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { onBothTables } from './harness/both-tables.ts'
import { type Rival, startRival } from './harness/child.ts'
import type { BenchOptions, Claim } from './harness/claim.ts'
import { alternate, type Contestant, summarize } from './harness/measure.ts'
import { benchFile, cacheFolder, findPython, hasNodePeer, withoutPeers } from './harness/peers.ts'
import { recipeModel, shrikeBundle } from './harness/recipe-models.ts'
import { format, formatSummary, markdownTable, verdict } from './harness/report.ts'
import type { Parts } from './harness/tables.ts'

const bar = 4
/** ONNX Runtime sums a hundred leaves in single precision. */
const mostDifference = 1e-5

const readyLine = z.object({ maxDifference: z.number(), areProbabilities: z.boolean().optional() })
const roundLine = z.record(z.string(), z.number())
type Round = z.infer<typeof roundLine>

export const oneRowScoring: Claim = {
  title: 'Scoring one row (forest)',
  packages: ['scikit-learn', 'onnxruntime', 'skl2onnx', 'numpy'],
  measure: (options) => onBothTables(options, (parts) => compareOn(parts, options)),
}

async function compareOn(parts: Parts, { rounds = 5, smoke, log }: BenchOptions): Promise<string> {
  const rivals: Rival[] = []
  try {
    for await (const { name, rival } of startRivals(parts, log)) {
      const { maxDifference, areProbabilities } = readyLine.parse(rival.ready)
      log(`${name}: at most ${maxDifference} from scikit-learn's own probabilities`)
      if (maxDifference > mostDifference || areProbabilities === false) throw new Error(`${name} scores something else`)
      rivals.push(rival)
    }
    const contestants: Contestant<Round>[] = rivals.map((rival, index) => ({
      name: `process ${index + 1}`,
      run: async () => roundLine.parse(await rival.round()),
    }))
    // A round that isn't counted, so that every side is warm.
    await alternate(1, contestants, () => {})
    return report(await alternate(smoke ? 1 : rounds, contestants, log))
  } finally {
    for (const rival of rivals) rival.stop()
  }
}

/** Ours last, because it scores the forest that the Python side exports on its start. */
async function* startRivals(parts: Parts, log: BenchOptions['log']): AsyncGenerator<{ name: string; rival: Rival }> {
  const python = findPython()
  const exported = `${cacheFolder}onnx-${parts.name}`
  if (python) {
    const model = await recipeModel(parts, python, log)
    const args = [benchFile('peers/onnx_one_row.py'), model, parts.test, exported]
    yield { name: 'ONNX Runtime, Python', rival: await startRival(python, args) }
    if (hasNodePeer()) {
      const rival = await startRival(process.execPath, [
        fileURLToPath(new URL('./peers/onnx-one-row.ts', import.meta.url)),
        exported,
      ])
      yield { name: 'ONNX Runtime, Node', rival }
    } else log('ONNX Runtime for Node is not installed (npm run bench:peers); Python alone stands for it')
  }
  const args = [
    fileURLToPath(new URL('./ours/one-row.ts', import.meta.url)),
    await shrikeBundle(parts, log),
    parts.test,
    ...(python ? [exported] : []),
  ]
  yield { name: 'Shrike', rival: await startRival(process.execPath, args) }
}

function report(results: readonly (readonly Round[])[]): string {
  const variants = results
    .flatMap((rounds) =>
      Object.keys(rounds[0]).map((name) => ({ name, summary: summarize(rounds.map((round) => round[name])) })),
    )
    .sort((a, b) => a.summary.median - b.summary.median)
  const rows = variants.map(({ name, summary }) => [name, formatSummary(summary), format(1e6 / summary.median)])
  const table = markdownTable(['side', 'microseconds per row, median (min to max)', 'rows per second'], rows)
  const best = (start: string) => variants.find(({ name }) => name.startsWith(start))
  const [ours, peer] = [best("Shrike, the peer's forest"), best('ONNX Runtime')]
  const bundle = best('Shrike, its own bundle')
  if (!ours || !peer || !bundle) return `${table}\n\n${withoutPeers}`
  return `${table}

The very same forest, against the fastest form of ONNX Runtime (${peer.name}): ${verdict(peer.summary.median / ours.summary.median, bar)}.
Our own bundle, scaler and threshold included, against the same: ${verdict(peer.summary.median / bundle.summary.median, bar)}.`
}
