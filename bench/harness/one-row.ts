import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { type Rival, startRival } from './child.ts'
import type { BenchOptions } from './claim.ts'
import { alternate, type Contestant, type Summary, summarize } from './measure.ts'
import { hasNodePeer } from './peers.ts'
import { format, formatSummary, markdownTable, verdict } from './report.ts'

/** Of the probabilities that the trees' own library gives. ONNX Runtime sums a hundred leaves in single precision. */
const mostDifference = { doubles: 1e-6, singles: 1e-5 }

const readyLine = z.object({ differences: z.record(z.string(), z.number()), areProbabilities: z.boolean().optional() })
const roundLine = z.record(z.string(), z.number())
type Round = z.infer<typeof roundLine>

/** One way of scoring a row, with its microseconds. */
export interface Variant {
  readonly name: string
  readonly summary: Summary
}

/** Compares what the sides answer, then times them in turn. The fastest variant comes first. */
export async function timeRows(
  sides: AsyncIterable<Rival>,
  { rounds = 5, smoke, log }: BenchOptions,
): Promise<Variant[]> {
  const rivals: Rival[] = []
  try {
    for await (const rival of sides) {
      rivals.push(rival)
      checkAnswers(rival.ready, log)
    }
    const contestants: Contestant<Round>[] = rivals.map((rival, index) => ({
      name: `process ${index + 1}`,
      run: async () => roundLine.parse(await rival.round()),
    }))
    // A round that isn't counted, so that every side is warm.
    await alternate(1, contestants, () => {})
    const results = await alternate(smoke ? 1 : rounds, contestants, log)
    return results
      .flatMap((rounds) =>
        Object.keys(rounds[0]).map((name) => ({ name, summary: summarize(rounds.map((round) => round[name])) })),
      )
      .sort((a, b) => a.summary.median - b.summary.median)
  } finally {
    for (const rival of rivals) rival.stop()
  }
}

function checkAnswers(ready: unknown, log: BenchOptions['log']): void {
  const { differences, areProbabilities } = readyLine.parse(ready)
  for (const [name, difference] of Object.entries(differences)) {
    log(`${name}: at most ${difference} from the probabilities of the trees' own library`)
    const most = name.startsWith('ONNX') ? mostDifference.singles : mostDifference.doubles
    if (!(difference <= most)) throw new Error(`${name} scores something else`)
  }
  if (areProbabilities === false) throw new Error('Some answers are no probabilities')
}

/** ONNX Runtime for Node with the model and the rows that Python left in the folder; nothing where it is not installed. */
export async function* startOnnxInNode(folder: string, log: BenchOptions['log']): AsyncGenerator<Rival> {
  if (hasNodePeer()) {
    const script = fileURLToPath(new URL('../peers/onnx-one-row.ts', import.meta.url))
    yield await startRival(process.execPath, [script, folder])
  } else log('ONNX Runtime for Node is not installed (npm run bench:peers); Python alone stands for it')
}

export function variantsTable(variants: readonly Variant[]): string {
  const rows = variants.map(({ name, summary }) => [name, formatSummary(summary), format(1e6 / summary.median)])
  return markdownTable(['side', 'microseconds per row, median (min to max)', 'rows per second'], rows)
}

export function compareTimes(ours: Variant, peer: Variant, bar: number): string {
  return verdict(peer.summary.median / ours.summary.median, bar)
}
