import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { averagePrecision } from '../src/evaluation/metrics.ts'
import { onBothTables } from './harness/both-tables.ts'
import { runJson } from './harness/child.ts'
import type { BenchOptions, Claim } from './harness/claim.ts'
import { alternate, type Contestant, mean, summarize } from './harness/measure.ts'
import { readColumns, readNpy } from './harness/npy.ts'
import { benchFile, cacheFolder, findPython, withoutPeers } from './harness/peers.ts'
import { recipeFolder } from './harness/recipe-models.ts'
import { format, formatSummary, markdownTable, verdict } from './harness/report.ts'
import type { Parts } from './harness/tables.ts'

const bar = 25
const mostQualityLost = 0.01
const firstSeed = 42

const fitResult = z.object({
  seconds: z.number(),
  scaleSeconds: z.number(),
  oversampleSeconds: z.number(),
  fitSeconds: z.number(),
  peakMemoryMb: z.number(),
  memoryBeforeMb: z.number(),
  meanDepth: z.number(),
  meanLeaves: z.number(),
})
type Fit = z.infer<typeof fitResult> & { readonly averagePrecision: number }

export const training: Claim = {
  title: 'Training a random forest',
  packages: ['scikit-learn', 'imbalanced-learn', 'numpy'],
  measure: (options) => onBothTables(options, (parts) => compareOn(parts, options)),
}

async function compareOn(parts: Parts, { rounds = 5, smoke, log }: BenchOptions): Promise<string> {
  const python = findPython()
  const contestants = [
    contestant('Shrike', parts, process.execPath, () => [
      fileURLToPath(new URL('./ours/train-forest.ts', import.meta.url)),
    ]),
  ]
  // The other benchmarks take the recipe's model from here; saving it is no part of its time.
  const save = ['--save', recipeFolder(parts)]
  const peer = (seed: number) => [benchFile('peers/train_recipe.py'), ...(seed === firstSeed ? save : [])]
  if (python) contestants.push(contestant('scikit-learn', parts, python, peer))
  const fits = await alternate(smoke ? 1 : rounds, contestants, log)
  const text = fitTable(contestants, fits)
  if (!python) return `${text}\n\n${withoutPeers}`

  const [ours, theirs] = fits
  const ratio = summarize(theirs.map((fit) => fit.seconds)).median / summarize(ours.map((fit) => fit.seconds)).median
  const quality = (side: readonly Fit[]) => mean(side.map((fit) => fit.averagePrecision))
  const difference = quality(ours) - quality(theirs)
  const qualityVerdict =
    Math.abs(difference) <= mostQualityLost
      ? `within ${mostQualityLost} of`
      : `more than ${mostQualityLost} ${difference > 0 ? 'above' : 'BELOW'}`
  return `${text}

Whole fit against scikit-learn with \`n_jobs=-1\`: ${verdict(ratio, bar)}. Mean average precision: ours ${signed(difference)}, ${qualityVerdict} scikit-learn's.`
}

function contestant(
  name: string,
  parts: Parts,
  command: string,
  script: (seed: number) => readonly string[],
): Contestant<Fit> {
  return {
    name,
    async run(round) {
      const seed = firstSeed + round
      const scores = `${cacheFolder}scores-${name}.npy`
      const args = [parts.train, parts.test, '--seed', String(seed), '--scores', scores]
      const result = await runJson(command, [...script(seed), ...args])
      const precision = scoredPrecision(scores, parts.test)
      checkMetric(result, precision)
      return { ...fitResult.parse(result), averagePrecision: precision }
    },
  }
}

/** Both sides' scores are judged by the one function, which the tests hold against scikit-learn's. */
function scoredPrecision(scores: string, test: string): number {
  const columns = readColumns(test)
  const labels = Uint8Array.from(columns[columns.length - 2])
  return averagePrecision(labels, readNpy(scores).values, columns[columns.length - 1])
}

/** What scikit-learn says itself about its scores must be what we say about them. */
function checkMetric(result: unknown, precision: number): void {
  const { averagePrecision: own } = z.object({ averagePrecision: z.number().optional() }).parse(result)
  if (own === undefined) return
  assert(Math.abs(own - precision) < 1e-9, `average precision ${own} by scikit-learn, ${precision} by our metric`)
}

function fitTable(contestants: readonly { readonly name: string }[], fits: readonly (readonly Fit[])[]): string {
  const header = [
    'side',
    'whole fit, s: median (min to max)',
    'scaler, s',
    'oversampler, s',
    'forest, s',
    'peak memory, MB',
    'average precision: mean (min to max)',
    'mean depth',
    'mean leaves',
  ]
  const rows = contestants.map(({ name }, index) => {
    const by = (key: keyof Fit) => summarize(fits[index].map((fit) => fit[key]))
    const precision = by('averagePrecision')
    const meanPrecision = mean(fits[index].map((fit) => fit.averagePrecision))
    return [
      name,
      formatSummary(by('seconds')),
      format(by('scaleSeconds').median),
      format(by('oversampleSeconds').median),
      format(by('fitSeconds').median),
      `${format(by('peakMemoryMb').max)} (${format(by('memoryBeforeMb').max)} before the fit)`,
      `${meanPrecision.toFixed(4)} (${precision.min.toFixed(4)} to ${precision.max.toFixed(4)})`,
      format(by('meanDepth').median),
      format(by('meanLeaves').median),
    ]
  })
  return markdownTable(header, rows)
}

function signed(value: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(4)}`
}
