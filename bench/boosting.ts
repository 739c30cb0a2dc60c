import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { averagePrecision } from '../src/evaluation/metrics.ts'
import { onBothTables } from './harness/both-tables.ts'
import { runJson } from './harness/child.ts'
import type { BenchOptions, Claim } from './harness/claim.ts'
import { alternate, type Contestant, summarize } from './harness/measure.ts'
import { readColumns, readNpy } from './harness/npy.ts'
import { benchFile, cacheFolder, findPython, withoutPeers } from './harness/peers.ts'
import { formatSummary, markdownTable, verdict } from './harness/report.ts'
import type { Parts } from './harness/tables.ts'

/** Of the peer's speed: one and a half times its time. */
const bar = 0.67
const mostDifference = 0.01
// A penalty, because without one both are unsteady on tables with so few frauds.
export const boostingSettings = {
  nEstimators: 100,
  learningRate: 0.05,
  maxLeaves: 31,
  regLambda: 10,
  minChildWeight: 0.1,
  minSamplesLeaf: 20,
}
const fitResult = z.object({ seconds: z.number(), averagePrecision: z.number().optional() })

interface Fit {
  readonly seconds: number
  readonly averagePrecision: number
  readonly logLoss: number
}

export const boosting: Claim = {
  title: 'Training gradient boosting',
  packages: ['lightgbm', 'scikit-learn', 'numpy'],
  measure: (options) => onBothTables(options, (parts) => compareOn(parts, options)),
}

async function compareOn(parts: Parts, { rounds = 5, smoke, log }: BenchOptions): Promise<string> {
  const python = findPython()
  const ours = [fileURLToPath(new URL('./ours/train-boosting.ts', import.meta.url))]
  const contestants = [contestant('Shrike', parts, process.execPath, ours)]
  if (python) contestants.push(contestant('LightGBM', parts, python, [benchFile('peers/train_boosting.py')]))
  const fits = await alternate(smoke ? 1 : rounds, contestants, log)
  const rows = contestants.map(({ name }, side) => [
    name,
    formatSummary(summarize(fits[side].map(({ seconds }) => seconds))),
    fits[side][0].averagePrecision.toFixed(4),
    fits[side][0].logLoss.toFixed(6),
  ])
  const text = `${markdownTable(['side', 'fit, s: median (min to max)', 'average precision', 'log loss'], rows)}\n\nSettings of both: ${JSON.stringify(boostingSettings)}, ${availableParallelism()} threads.`
  if (!python) return `${text}\n\n${withoutPeers}`
  const [[mine], [theirs]] = fits
  const times = fits.map((side) => summarize(side.map(({ seconds }) => seconds)).median)
  const apart = (one: number, other: number) => (one - other) / other
  const differences = [
    ['average precision', apart(mine.averagePrecision, theirs.averagePrecision)] as const,
    ['log loss', apart(mine.logLoss, theirs.logLoss)] as const,
  ]
  const quality = differences.map(([name, share]) => {
    return `${name} ${(share * 100).toFixed(2)} %, ${Math.abs(share) <= mostDifference ? 'within' : 'NOT within'} 1 %`
  })
  return `${text}\n\nAgainst LightGBM: ${verdict(times[1] / times[0], bar)}. Ours less theirs: ${quality.join('; ')}.`
}

function contestant(name: string, parts: Parts, command: string, script: readonly string[]): Contestant<Fit> {
  return {
    name,
    async run() {
      const scores = `${cacheFolder}boosted-${name}.npy`
      const options = JSON.stringify({ ...boostingSettings, threads: availableParallelism() })
      const { seconds, averagePrecision: own } = fitResult.parse(
        await runJson(command, [...script, parts.train, parts.test, scores, options]),
      )
      const judged = judge(scores, parts.test)
      if (own !== undefined && Math.abs(own - judged.averagePrecision) > 1e-9) {
        throw new Error(`average precision ${own} by scikit-learn, ${judged.averagePrecision} by our metric`)
      }
      return { seconds, ...judged }
    },
  }
}

function judge(scoresPath: string, test: string): Omit<Fit, 'seconds'> {
  const columns = readColumns(test)
  const labels = Uint8Array.from(columns[columns.length - 2])
  const weights = columns[columns.length - 1]
  const scores = readNpy(scoresPath).values
  let loss = 0
  scores.forEach((score, row) => {
    const likely = Math.min(Math.max(labels[row] === 1 ? score : 1 - score, 1e-15), 1)
    loss -= weights[row] * Math.log(likely)
  })
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return { averagePrecision: averagePrecision(labels, scores, weights), logLoss: loss / total }
}
