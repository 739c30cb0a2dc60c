import { mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { averagePrecision } from '../src/evaluation/metrics.ts'
import { presets } from '../src/learners/presets.ts'
import { run } from './harness/child.ts'
import type { BenchOptions, Claim } from './harness/claim.ts'
import { mean } from './harness/measure.ts'
import { readColumns, writeNpy } from './harness/npy.ts'
import { type Difference, pairedDifferences } from './harness/paired-bootstrap.ts'
import { cacheFolder, findPython, withoutPeers } from './harness/peers.ts'
import { markdownTable } from './harness/report.ts'
import { ulbParts } from './harness/tables.ts'

const pickSeeds = [1, 2, 3]
const bootstrap = { replicates: 1000, seed: 1 }

interface Side {
  readonly name: string
  readonly command: string
  readonly script: string
  readonly configurations: readonly Readonly<Record<string, unknown>>[]
}

interface Measured {
  readonly configuration: Readonly<Record<string, unknown>>
  /** Average precision on the last fifth of day 1, by seed. */
  readonly bySeed: readonly number[]
}

export const ulbConfigurations: Claim = {
  title: 'ULB rows: the best of 24 configurations each',
  packages: ['scikit-learn', 'lightgbm', 'numpy'],
  measure,
}

/** What is picked is picked on day 1; day 2 is read only by what was picked. */
async function measure({ rounds = 5, smoke, log }: BenchOptions): Promise<string> {
  const parts = await ulbParts()
  if (!parts) return 'The ULB rows are not at hand.'
  const python = findPython()
  if (!python) return withoutPeers
  const ours = side('Shrike', process.execPath, 'ours/train-configurations.ts', 'ulb-ours', smoke)
  const theirs = side('scikit-learn and LightGBM', python, 'peers/train_configurations.py', 'ulb-theirs', smoke)
  const dayOne = splitDayOne(parts.train)
  const seeds = pickSeeds.slice(smoke ? 1 : 0)
  log('our configurations on the last fifth of day 1')
  const mine = await measureAll(ours, dayOne, seeds)
  log('theirs')
  const others = await measureAll(theirs, dayOne, seeds)
  const picked = best(mine)
  const single = best(mine.filter(({ configuration }) => configuration.average === undefined))
  const measured = [
    { name: 'the default preset', configuration: { members: presets.default.members } },
    { name: 'picked', configuration: picked.configuration },
  ]
  if (single !== picked) measured.push({ name: 'our best single learner', configuration: single.configuration })
  const daySeeds = Array.from({ length: smoke ? 2 : rounds }, (_, i) => i + 1)
  // Day 2 is for the real run only, or it would be looked at while the benchmark is written.
  const days = smoke ? dayOne : parts
  log('day 2, theirs')
  const theirScores = await scoresOf(theirs, [best(others).configuration], days, daySeeds)
  const texts = [describePicking(mine, others)]
  for (const { name, configuration } of measured) {
    log(`day 2, ours: ${name}`)
    const scores = await scoresOf(ours, [configuration], days, daySeeds)
    texts.push(`### Day 2, ${name}\n\n${compare(days.test, daySeeds, scores, theirScores)}`)
  }
  if (single === picked) texts.push('The picked one is our best single learner, too.')
  return texts.join('\n\n')
}

function side(name: string, command: string, script: string, list: string, smoke: boolean): Side {
  const path = new URL(`configurations/${list}.json`, import.meta.url)
  const all: Side['configurations'] = JSON.parse(readFileSync(path, 'utf8'))
  const configurations = smoke ? [all[0], all[all.length - 1]] : all
  return { name, command, script: fileURLToPath(new URL(script, import.meta.url)), configurations }
}

interface Tables {
  readonly train: string
  readonly test: string
}

/** The first four fifths of the day's rows to learn from, the last fifth to pick by. The rows are in the order of time. */
function splitDayOne(dayOne: string): Tables {
  mkdirSync(cacheFolder, { recursive: true })
  const columns = readColumns(dayOne)
  const from = Math.round(columns[0].length * 0.8)
  const tables = { train: `${cacheFolder}ulb-four-fifths.npy`, test: `${cacheFolder}ulb-last-fifth.npy` }
  writeNpy(
    tables.train,
    columns.map((column) => column.subarray(0, from)),
  )
  writeNpy(
    tables.test,
    columns.map((column) => column.subarray(from)),
  )
  return tables
}

/** The scores of the later rows by each configuration and seed, the seeds of one configuration beside each other. */
async function scoresOf(
  { command, script }: Side,
  configurations: Side['configurations'],
  { train, test }: Tables,
  seeds: readonly number[],
): Promise<Float64Array[]> {
  const path = `${cacheFolder}ulb-scores.npy`
  await run(command, [script, train, test, path, JSON.stringify(configurations), JSON.stringify(seeds)])
  return readColumns(path)
}

async function measureAll(side: Side, tables: Tables, seeds: readonly number[]): Promise<Measured[]> {
  const scores = await scoresOf(side, side.configurations, tables, seeds)
  const { labels, weights } = truth(tables.test)
  return side.configurations.map((configuration, i) => ({
    configuration,
    bySeed: seeds.map((_, seed) => averagePrecision(labels, scores[i * seeds.length + seed], weights)),
  }))
}

function truth(path: string): { labels: Uint8Array; weights: Float64Array } {
  const columns = readColumns(path)
  return { labels: Uint8Array.from(columns[columns.length - 2]), weights: columns[columns.length - 1] }
}

function best(measured: readonly Measured[]): Measured {
  return measured.reduce((first, other) => (mean(other.bySeed) > mean(first.bySeed) ? other : first))
}

function describePicking(mine: readonly Measured[], others: readonly Measured[]): string {
  const rows = [mine, others].flatMap((measured) => {
    const picked = best(measured)
    return measured.map((one) => {
      const { configuration, bySeed } = one
      const figure = `${mean(bySeed).toFixed(4)} (${Math.min(...bySeed).toFixed(4)} to ${Math.max(...bySeed).toFixed(4)})`
      return [measured === mine ? 'ours' : 'theirs', figure, one === picked ? 'yes' : '', JSON.stringify(configuration)]
    })
  })
  const header = ['side', 'average precision: mean (min to max)', 'picked', 'configuration']
  return `### Picked on the last fifth of day 1\n\n${markdownTable(header, rows)}`
}

function compare(
  test: string,
  seeds: readonly number[],
  ours: readonly Float64Array[],
  theirs: readonly Float64Array[],
): string {
  const { labels, weights } = truth(test)
  const precision = (scores: readonly Float64Array[]) => scores.map((own) => averagePrecision(labels, own, weights))
  const [mine, others] = [precision(ours), precision(theirs)]
  const apart = pairedDifferences(
    labels,
    weights,
    seeds.map((_, i) => [ours[i], theirs[i]] as const),
    bootstrap,
  )
  const line = (name: string, own: number, other: number, difference: Difference) => [
    name,
    own.toFixed(4),
    other.toFixed(4),
    signed(difference.value),
    `${signed(difference.lower)} to ${signed(difference.upper)}`,
  ]
  const rows = seeds.map((seed, i) => line(String(seed), mine[i], others[i], apart.pairs[i]))
  const table = markdownTable(
    ['seed', 'ours', 'theirs', 'ours less theirs', '95 % of 1,000 paired draws'],
    [...rows, line('mean', mean(mine), mean(others), apart.mean)],
  )
  return `${table}\n\nMean difference ${signed(apart.mean.value)}; bar 0: ${apart.mean.value >= 0 ? 'met' : 'MISSED'}.`
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(4)}`
}
