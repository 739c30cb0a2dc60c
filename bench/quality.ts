import { mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { averagePrecision, logLoss, recallAtRate } from '../src/evaluation/metrics.ts'
import { averagedLogOdds } from '../src/models/average.ts'
import { probabilityOf } from '../src/models/log-odds.ts'
import { rankScores, weighGroups } from '../src/models/ranking.ts'
import { run } from './harness/child.ts'
import type { BenchOptions, Claim } from './harness/claim.ts'
import { mean } from './harness/measure.ts'
import { readColumns } from './harness/npy.ts'
import { cacheFolder, findPython, withoutPeers } from './harness/peers.ts'
import { type QualityWindow, qualityWindows } from './harness/quality-windows.ts'
import { markdownTable } from './harness/report.ts'

/**
 * The default preset is the candidate with the best mean difference to oversampled boosting on the windows that choose,
 * every table counting once, if that is above twice its standard error and on no table below -0.01; ties within a standard
 * error go to the candidate named first. It is accepted where its mean difference on the windows that accept is not below
 * 0. Peers are tuned on the other windows of a table of its size, never on the one that they are judged by.
 */
const rule = `Chosen on the windows that choose by the mean difference in average precision to the boosting of old, each table
counting once: the best that is above twice its standard error, and on no table below -0.01. Accepted by the other windows.`

export const quality: Claim = {
  title: 'Detection quality: the default preset',
  packages: ['scikit-learn', 'lightgbm', 'xgboost', 'numpy'],
  measure,
}

interface Figures {
  readonly averagePrecision: number
  readonly recall: number
  readonly logLoss: number
}

interface Measured {
  readonly window: QualityWindow
  /** By the name of what scored. */
  readonly figures: ReadonlyMap<string, Figures>
}

const old = 'oversampled boosting'

/** Averages of single models; no other is tried, because a choice among many picks noise. */
const averages: Readonly<Record<string, readonly [string, string, 'log-odds' | 'probability']>> = {
  'boosting and forest, log-odds': ['boosting', 'forest', 'log-odds'],
  'boosting and forest, probabilities': ['boosting', 'forest', 'probability'],
  'boosting and forest of leaves of 5, log-odds': ['boosting', 'forest of leaves of 5', 'log-odds'],
}

async function measure({ rounds = 3, smoke, log }: BenchOptions): Promise<string> {
  mkdirSync(cacheFolder, { recursive: true })
  const python = findPython()
  const seeds = Array.from({ length: smoke ? 1 : rounds }, (_, i) => i + 1)
  const windows = await qualityWindows(smoke, log)
  const measured: Measured[] = []
  for (const window of smoke ? windows.slice(0, 2) : windows) {
    log(`${window.table}: ${window.name} (${window.frauds} and ${window.testFrauds} frauds)`)
    const ours = withAverages(
      await scoresOf(process.execPath, 'ours/train-configurations.ts', window, ourConfigurations(), seeds),
    )
    const theirs =
      python === undefined
        ? []
        : await scoresOf(python, 'peers/train_configurations.py', window, theirConfigurations(), [1])
    measured.push({
      window,
      figures: new Map([...ours, ...theirs].map(({ name, scores }) => [name, figuresOf(window, scores)])),
    })
  }
  const texts = [rule, tableOf('choose', measured), tableOf('accept', measured), eachWindow(measured)]
  if (python === undefined) texts.push(withoutPeers)
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
  return JSON.parse(readFileSync(new URL(`configurations/${list}.json`, import.meta.url), 'utf8'))
}

function ourConfigurations(): Configuration[] {
  return readConfigurations('quality-ours').map(({ name, ...options }) => ({ name: String(name), options }))
}

/** A library's own defaults, then its others by number. */
function theirConfigurations(): Configuration[] {
  return readConfigurations('quality-theirs').map(({ library, isDefault, ...options }, i) => ({
    name: `${library}, ${isDefault === true ? 'default' : `configuration ${i}`}`,
    options,
  }))
}

async function scoresOf(
  command: string,
  script: string,
  { train, test }: QualityWindow,
  configurations: readonly Configuration[],
  seeds: readonly number[],
): Promise<Scored[]> {
  const path = `${cacheFolder}quality-scores.npy`
  const options = JSON.stringify(configurations.map((configuration) => configuration.options))
  await run(command, [
    fileURLToPath(new URL(script, import.meta.url)),
    train,
    test,
    path,
    options,
    JSON.stringify(seeds),
  ])
  const columns = readColumns(path)
  return configurations.map(({ name }, i) => ({
    name,
    scores: columns.slice(i * seeds.length, (i + 1) * seeds.length),
  }))
}

function withAverages(singles: readonly Scored[]): Scored[] {
  const scoresOfSingle = (name: string) => {
    const found = singles.find((single) => single.name === name)
    if (found === undefined) throw new Error(`There is no configuration ${name}`)
    return found.scores
  }
  const averaged = Object.entries(averages).map(([name, [first, second, of]]) => {
    const others = scoresOfSingle(second)
    const join = (one: number, other: number) =>
      of === 'probability' ? (one + other) / 2 : probabilityOf((averagedLogOdds(one) + averagedLogOdds(other)) / 2)
    return {
      name,
      scores: scoresOfSingle(first).map((own, seed) => own.map((score, row) => join(score, others[seed][row]))),
    }
  })
  return [...singles, ...averaged]
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

/** A figure of all tables, and how sure it is: each table counts once, and its windows are its spread. */
function acrossTables(of: readonly Measured[], value: (measured: Measured) => number) {
  const tables = [...Map.groupBy(of, ({ window }) => window.table).values()].map((each) => each.map(value))
  const total = mean(tables.map(mean))
  const variance = mean(
    tables.map((values) => {
      const middle = mean(values)
      const spread = values.reduce((sum, each) => sum + (each - middle) ** 2, 0) / Math.max(1, values.length - 1)
      return spread / values.length
    }),
  )
  return { mean: total, error: Math.sqrt(variance / tables.length), least: Math.min(...tables.map(mean)) }
}

function tableOf(use: QualityWindow['use'], measured: readonly Measured[]): string {
  const windows = measured.filter(({ window }) => window.use === use)
  if (windows.length === 0) return ''
  const names = [...windows[0].figures.keys()].filter((name) => !/configuration/.test(name))
  const libraries = [...new Set(readConfigurations('quality-theirs').map(({ library }) => String(library)))]
  const figure = (name: string, { figures }: Measured) => figures.get(name)
  const apart = (name: string, of: (figures: Figures) => number) => (each: Measured) => {
    const [own, base] = [figure(name, each), figure(old, each)]
    return own && base ? of(own) - of(base) : Number.NaN
  }
  const line = (name: string, difference: (each: Measured) => number, recall?: number, loss?: number) => {
    const { mean: middle, error, least } = acrossTables(windows, difference)
    return [
      name,
      `${signed(middle)} ± ${error.toFixed(4)}`,
      signed(least),
      show(recall),
      loss === undefined ? '' : loss.toFixed(2),
    ]
  }
  const rows = names.map((name) =>
    line(
      name,
      apart(name, ({ averagePrecision: value }) => value),
      acrossTables(
        windows,
        apart(name, ({ recall }) => recall),
      ).mean,
      acrossTables(windows, (each) => (figure(name, each)?.logLoss ?? Number.NaN) / (figure(old, each)?.logLoss ?? 1))
        .mean,
    ),
  )
  const tuned = libraries.flatMap((library) =>
    measured[0].figures.has(`${library}, default`)
      ? [
          line(`${library}, tuned`, (each) =>
            apart(tunedName(library, each, measured), (own) => own.averagePrecision)(each),
          ),
        ]
      : [],
  )
  const header = [
    'what scored',
    'average precision less that of old',
    'worst table',
    'recall at 1 % false alarms',
    'log loss, ratio',
  ]
  return `### ${windows.length} windows that ${use}\n\n${markdownTable(header, [...rows, ...tuned])}`
}

/** A library's configuration that is best on the other windows of the same table. */
function tunedName(library: string, { window }: Measured, measured: readonly Measured[]): string {
  const others = measured.filter((other) => other.window.table === window.table && other.window.test !== window.test)
  const names = [...measured[0].figures.keys()].filter((name) => name.startsWith(`${library}, `))
  const precision = (name: string) => mean(others.map(({ figures }) => figures.get(name)?.averagePrecision ?? 0))
  return names.reduce((best, name) => (precision(name) > precision(best) ? name : best))
}

function eachWindow(measured: readonly Measured[]): string {
  const names = [old, ...Object.keys(averages).slice(0, 1)]
  const rows = measured.map(({ window, figures }) => [
    `${window.table}: ${window.name}`,
    `${window.frauds} / ${window.testFrauds}`,
    ...names.map((name) => (figures.get(name)?.averagePrecision ?? Number.NaN).toFixed(4)),
  ])
  return `### Each window\n\n${markdownTable(['window', 'frauds learned / judged', ...names], rows)}`
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(4)}`
}

function show(value: number | undefined): string {
  return value === undefined ? '' : signed(value)
}
