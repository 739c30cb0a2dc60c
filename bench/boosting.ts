import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { averagePrecision, logLoss } from '../src/evaluation/metrics.ts'
import { describe, onBothTables } from './harness/both-tables.ts'
import { runJson } from './harness/child.ts'
import type { BenchOptions, Claim } from './harness/claim.ts'
import { withoutHandbook } from './harness/handbook.ts'
import { alternate, type Contestant, mean, summarize } from './harness/measure.ts'
import { readColumns, readNpy } from './harness/npy.ts'
import { benchFile, cacheFolder, findPython, withoutPeers } from './harness/peers.ts'
import { handbookParts, portfolioParts } from './harness/replayed-tables.ts'
import { formatSummary, markdownTable, verdict } from './harness/report.ts'
import type { LearnerParts } from './harness/tables.ts'

/** Of the peer's speed: one and a half times its time. */
const bar = 1
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
/** What is timed draws nothing. One fit on few frauds says little of quality, so that is a mean over fits that do draw. */
const wholeFit = { ...boostingSettings, subsample: 1, seed: 1 }
const sampledFits = [1, 2, 3, 4, 5].map((seed) => ({ ...boostingSettings, subsample: 0.8, seed }))
const fitResult = z.object({ seconds: z.number(), averagePrecision: z.number().optional() })

interface Quality {
  readonly averagePrecision: number
  readonly logLoss: number
}

interface Fit extends Quality {
  readonly seconds: number
}

export const boosting: Claim = {
  title: 'Training gradient boosting',
  packages: ['lightgbm', 'scikit-learn', 'numpy'],
  measure,
}

async function measure(options: BenchOptions): Promise<string> {
  const timed = await onBothTables(options, async (parts) => {
    return `${await compareTimes(parts, options)}\n\n${await compareQuality(parts, options)}`
  })
  const handbook = await handbookParts()
  const portfolio = await portfolioParts(options.smoke)
  const untimed = [
    `### The handbook's features: ${handbook ? describe(handbook) : ''}`,
    handbook ? await compareQuality(handbook, options) : withoutHandbook,
    `### Simulated portfolio, features of detectors/cards.yaml: ${describe(portfolio)}`,
    await compareQuality(portfolio, options),
  ]
  return `Settings of both: ${JSON.stringify(boostingSettings)}. LightGBM has ${availableParallelism()} threads, Shrike as many as are worth their start.\n\n${[timed, ...untimed].join('\n\n')}`
}

async function compareTimes(parts: LearnerParts, { rounds = 5, smoke, log }: BenchOptions): Promise<string> {
  const sides = contestants((side) => fit(side, parts, wholeFit))
  const fits = await alternate(smoke ? 1 : rounds, sides, log)
  const times = fits.map((runs) => summarize(runs.map(({ seconds }) => seconds)))
  const rows = sides.map(({ name }, side) => [name, formatSummary(times[side])])
  const text = markdownTable(['side', 'fit, s: median (min to max)'], rows)
  if (times.length < 2) return `${text}\n\n${withoutPeers}`
  return `${text}\n\nAgainst LightGBM: ${verdict(times[1].median / times[0].median, bar)}.`
}

async function compareQuality(parts: LearnerParts, { smoke, log }: BenchOptions): Promise<string> {
  const cases = [
    { name: 'every row for each tree', options: [wholeFit] },
    { name: '80 % of the rows for each tree, mean of 5 seeds', options: smoke ? sampledFits.slice(0, 1) : sampledFits },
  ]
  const rows: string[][] = []
  for (const { name, options } of cases) {
    const sides = contestants((side, round) => fit(side, parts, options[round]))
    const qualities = (await alternate(options.length, sides, log)).map(average)
    sides.forEach((side, i) => {
      const { averagePrecision, logLoss } = qualities[i]
      rows.push([name, side.name, averagePrecision.toFixed(4), logLoss.toFixed(6)])
    })
    if (qualities.length === 2) rows.push([name, 'ours less theirs', ...differences(qualities[0], qualities[1])])
  }
  return markdownTable(['fits', 'side', 'average precision', 'log loss'], rows)
}

function average(fits: readonly Quality[]): Quality {
  return {
    averagePrecision: mean(fits.map(({ averagePrecision }) => averagePrecision)),
    logLoss: mean(fits.map(({ logLoss }) => logLoss)),
  }
}

function differences(ours: Quality, theirs: Quality): string[] {
  const apart = (one: number, other: number) => {
    const share = (one - other) / other
    return `${(share * 100).toFixed(2)} %, ${Math.abs(share) <= mostDifference ? 'within' : 'NOT within'} 1 %`
  }
  return [apart(ours.averagePrecision, theirs.averagePrecision), apart(ours.logLoss, theirs.logLoss)]
}

interface Side {
  readonly name: string
  readonly command: string
  readonly script: string
}

function contestants(run: (side: Side, round: number) => Promise<Fit>): Contestant<Fit>[] {
  const python = findPython()
  const ours = { name: 'Shrike', command: process.execPath, script: benchFile('ours/train-boosting.ts') }
  const theirs = python && { name: 'LightGBM', command: python, script: benchFile('peers/train_boosting.py') }
  return [ours, ...(theirs ? [theirs] : [])].map((side) => ({ name: side.name, run: (round) => run(side, round) }))
}

async function fit({ name, command, script }: Side, parts: LearnerParts, options: typeof wholeFit): Promise<Fit> {
  const path = `${cacheFolder}boosted-${name}.npy`
  const given = JSON.stringify({ ...options, threads: availableParallelism() })
  const { seconds, averagePrecision: own } = fitResult.parse(
    await runJson(command, [script, parts.train, parts.test, path, given]),
  )
  const columns = readColumns(parts.test)
  const labels = Uint8Array.from(columns[columns.length - 2])
  const weights = columns[columns.length - 1]
  const scores = readNpy(path).values
  const precision = averagePrecision(labels, scores, weights)
  if (own !== undefined && Math.abs(own - precision) > 1e-9) {
    throw new Error(`average precision ${own} by scikit-learn, ${precision} by our metric`)
  }
  return { seconds, averagePrecision: precision, logLoss: logLoss(labels, scores, weights) }
}
