import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { averagePrecision, logLoss, recallAtRate } from '../src/evaluation/metrics.ts'
import { averagedLogOdds } from '../src/models/average.ts'
import { probabilityOf } from '../src/models/log-odds.ts'
import { rankScores, weighGroups } from '../src/models/ranking.ts'
import { run } from './harness/child.ts'
import type { BenchOptions, Claim } from './harness/claim.ts'
import { keepFigures, learningCode } from './harness/kept-figures.ts'
import { mean } from './harness/measure.ts'
import { readColumns } from './harness/npy.ts'
import { benchFile, cacheFolder, findPython, withoutPeers } from './harness/peers.ts'
import {
  candidateTable,
  choose,
  type Figures,
  type Measured,
  type Peer,
  peerTable,
  rule,
  windowTable,
} from './harness/quality-tables.ts'
import { type QualityWindow, qualityWindows } from './harness/quality-windows.ts'

export const quality: Claim = {
  title: 'Detection quality: the default preset',
  packages: ['scikit-learn', 'lightgbm', 'xgboost', 'catboost', 'numpy'],
  measure,
}

/** Averages of single models. */
const averages: Readonly<Record<string, readonly [string, string, 'log-odds' | 'probability']>> = {
  'boosting and forest of 200 leaves, log-odds': ['boosting', 'forest of 200 leaves', 'log-odds'],
  'boosting and forest, log-odds': ['boosting', 'forest', 'log-odds'],
  'boosting and forest, probabilities': ['boosting', 'forest', 'probability'],
}

async function measure({ rounds = 2, smoke, log }: BenchOptions): Promise<string> {
  mkdirSync(cacheFolder, { recursive: true })
  const python = findPython()
  const seeds = Array.from({ length: smoke ? 1 : rounds }, (_, i) => i + 1)
  const windows = await qualityWindows(smoke, log)
  const measured: Measured[] = []
  for (const window of windows) {
    log(`${window.table}: ${window.name} (${window.frauds} and ${window.testFrauds} frauds)`)
    const [ours, theirs] = await Promise.all([
      figuresOfOurs(window, seeds),
      python === undefined ? [] : figuresOfTheirs(window, python),
    ])
    measured.push({ window, figures: new Map([...ours, ...theirs]) })
    writeFileSync(`${cacheFolder}quality-so-far.md`, describe(measured, seeds, python !== undefined))
  }
  return describe(measured, seeds, python !== undefined)
}

function describe(measured: readonly Measured[], seeds: readonly number[], hasPeers: boolean): string {
  const chosen = choose(measured)
  const texts = [
    rule,
    `Seeds: ${seeds.length} of each of our models, one of each of theirs.`,
    candidateTable(measured, 'choose'),
    candidateTable(measured, 'accept'),
    `Chosen: ${chosen}.`,
    hasPeers ? peerTable(measured, chosen, peers()) : withoutPeers,
    windowTable(measured, chosen),
  ]
  return texts.filter((text) => text !== '').join('\n\n')
}

interface Scored {
  readonly name: string
  /** One each seed. */
  readonly scores: readonly Float64Array[]
}

interface Configuration {
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
}

function readConfigurations(list: string): Readonly<Record<string, unknown>>[] {
  return JSON.parse(readFileSync(benchFile(`configurations/${list}.json`), 'utf8'))
}

function figuresOfOurs(window: QualityWindow, seeds: readonly number[]) {
  const configurations = readConfigurations('quality-ours').map(({ name, ...options }) => ({
    name: String(name),
    options,
  }))
  const script = benchFile('ours/train-configurations.ts')
  return keepFigures(
    [window.train, window.test, script, ...learningCode()],
    { configurations, averages, seeds },
    async () => {
      const singles = await scoresOf(process.execPath, script, window, configurations, seeds)
      return [...singles, ...averagesOf(singles)].map(({ name, scores }) => [name, figuresOf(window, scores)])
    },
  )
}

function figuresOfTheirs(window: QualityWindow, python: string) {
  const configurations = theirConfigurations().map(({ name, options }) => ({ name, options }))
  const script = benchFile('peers/train_configurations.py')
  return keepFigures([window.train, window.test, script], { configurations }, async () => {
    const scored = await scoresOf(python, script, window, configurations, [1])
    return scored.map(({ name, scores }) => [name, figuresOf(window, scores)])
  })
}

function theirConfigurations(): (Configuration & { readonly library: string })[] {
  return readConfigurations('quality-theirs').map(({ library, ...options }, i) => ({
    library: String(library),
    name: `${library} ${i}`,
    options,
  }))
}

function peers(): Peer[] {
  return [...Map.groupBy(theirConfigurations(), ({ library }) => library)].map(([library, each]) => ({
    library,
    names: each.map(({ name }) => name),
  }))
}

async function scoresOf(
  command: string,
  script: string,
  { train, test }: QualityWindow,
  configurations: readonly Configuration[],
  seeds: readonly number[],
): Promise<Scored[]> {
  const path = `${cacheFolder}quality-scores-${basename(script)}.npy`
  const options = JSON.stringify(configurations.map((configuration) => configuration.options))
  await run(command, [script, train, test, path, options, JSON.stringify(seeds)])
  const columns = readColumns(path)
  return configurations.map(({ name }, i) => ({
    name,
    scores: columns.slice(i * seeds.length, (i + 1) * seeds.length),
  }))
}

function averagesOf(singles: readonly Scored[]): Scored[] {
  const scoresOfSingle = (name: string) => {
    const found = singles.find((single) => single.name === name)
    if (found === undefined) throw new Error(`There is no configuration ${name}`)
    return found.scores
  }
  return Object.entries(averages).map(([name, [first, second, of]]) => {
    const others = scoresOfSingle(second)
    const join = (one: number, other: number) =>
      of === 'probability' ? (one + other) / 2 : probabilityOf((averagedLogOdds(one) + averagedLogOdds(other)) / 2)
    return {
      name,
      scores: scoresOfSingle(first).map((own, seed) => own.map((score, row) => join(score, others[seed][row]))),
    }
  })
}

function figuresOf({ test }: QualityWindow, scores: readonly Float64Array[]): Figures {
  const columns = readColumns(test)
  const labels = Uint8Array.from(columns[columns.length - 2])
  const weights = columns[columns.length - 1]
  const meanOver = (figure: (own: Float64Array) => number) => mean(scores.map(figure))
  return {
    averagePrecision: meanOver((own) => averagePrecision(labels, own, weights)),
    recall: meanOver((own) => recallAtRate(weighGroups(rankScores(own), labels, weights), 0.01)),
    logLoss: meanOver((own) => logLoss(labels, own, weights)),
  }
}
