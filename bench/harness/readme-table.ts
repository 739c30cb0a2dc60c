import { readFileSync, writeFileSync } from 'node:fs'
import { format, markdownTable } from './report.ts'
import { ResultFigures } from './result-figures.ts'

const simulated = 'Simulated table'
const months = new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' })

/** The README's table of what was measured beside others, made of RESULTS.md. */
function readmeTable(results: string): string {
  const heading = `measured side by side, 2 cores, ${monthOf(results)}`
  return markdownTable(
    [heading, 'Shrike', 'against', 'ratio'],
    [...training(results), ...service(results), ...boosting(results), ...oneRow(results), ...files(results)],
  )
}

/** The text with the table of figures in it made again. */
export function withReadmeTable(readme: string, results: string): string {
  const table = /^\| measured side by side,.*\n(?:\|.*\n)+/m
  if (!table.test(readme)) throw new Error('README.md has no table that begins with "measured side by side"')
  return readme.replace(table, () => `${readmeTable(results)}\n`)
}

/** Brings README.md up to RESULTS.md. */
export function updateReadme(readme: string, results: string): void {
  writeFileSync(readme, withReadmeTable(readFileSync(readme, 'utf8'), readFileSync(results, 'utf8')))
}

function training(results: string): readonly string[][] {
  const section = new ResultFigures(results, 'Training a random forest', simulated)
  const seconds = (side: string) => `${short(section.cell(side, 'whole fit'))} s`
  const quality = (side: string) => section.cell(side, 'average precision').toFixed(3)
  const peer = `scikit-learn ${section.version('scikit-learn')}, all cores`
  const rows = section.find(/^Simulated table: ([\d,]+) rows/m)
  return [
    [
      `train 100 full-depth trees, ${rows} x 29, oversampled`,
      `${seconds('Shrike')}, average precision ${quality('Shrike')}`,
      `${peer}: ${seconds('scikit-learn')}, ${quality('scikit-learn')}`,
      times(section.ratioAfter('Whole fit against scikit-learn')),
    ],
  ]
}

function service(results: string): readonly string[][] {
  const predict = new ResultFigures(results, 'POST /predict/', simulated)
  const decisions = new ResultFigures(results, 'POST /v1/decisions: throughput')
  const latency = new ResultFigures(results, 'POST /v1/decisions: latency')
  const rate = (section: ResultFigures, side: string) =>
    `${section.cell(side, 'requests/s').toLocaleString('en-US')} /s`
  const p99 = (side: string) => `${format(latency.cell(side, 'p99, ms'))} ms`
  return [
    [
      '`POST /predict/`, one core, 8 connections',
      rate(predict, 'Shrike, 8 connections'),
      `the recipe in FastAPI: ${rate(predict, 'the recipe in FastAPI, 8 connections')}`,
      times(predict.ratioAfter('Against the recipe in FastAPI at 8 connections')),
    ],
    [
      '',
      '',
      `bare \`node:http\` with \`JSON.parse\`: ${rate(predict, 'plain node:http, 8 connections')}`,
      times(predict.ratioAfter('Against plain node:http at 8 connections')),
    ],
    [
      '`POST /v1/decisions`, one core, 64 connections: 15 features of live history, the default preset, 100 rules, on disk before the answer',
      rate(decisions, 'Shrike'),
      `bare fastify that does nothing: ${rate(decisions, 'bare fastify')}`,
      times(decisions.ratioAfter('Against bare fastify')),
    ],
    [
      'its latency at 1,000 /s, p99; while snapshots are taken',
      `${p99('idle')}; ${p99('while snapshots are taken')}`,
      `bare fastify that does nothing: ${p99('nothing: bare fastify, the control')}`,
      '',
    ],
  ]
}

function boosting(results: string): readonly string[][] {
  const section = new ResultFigures(results, 'Training gradient boosting', simulated)
  const seconds = (side: string) => `${short(section.cell(side, 'fit, s'))} s`
  return [
    [
      'boost 100 trees of 31 leaves, same table',
      seconds('Shrike'),
      `LightGBM ${section.version('lightgbm')}, same settings: ${seconds('LightGBM')}`,
      times(section.ratioAfter('Against LightGBM')),
    ],
  ]
}

function oneRow(results: string): readonly string[][] {
  const forest = new ResultFigures(results, 'Scoring one row (forest)', simulated)
  const boosted = new ResultFigures(results, 'Scoring one row (boosting)', simulated)
  const micros = (section: ResultFigures, side: string) => `${short(section.cell(side, 'microseconds per row'))} µs`
  const fastest = forest.find(/fastest form of ONNX Runtime \((.*?)\):/)
  const peer = boosted.find(/fastest peer \((.*?)\):/)
  return [
    [
      'score one row with that forest',
      micros(forest, "Shrike, the peer's forest"),
      `ONNX Runtime at its fastest: ${micros(forest, fastest)}`,
      times(forest.ratioAfter('The very same forest')),
    ],
    [
      'score one row with boosting, 100 trees of 31 leaves',
      micros(boosted, "Shrike, LightGBM's trees"),
      `the fastest peer (${peer}): ${micros(boosted, peer)}`,
      times(boosted.ratioAfter('The very same trees')),
    ],
  ]
}

function files(results: string): readonly string[][] {
  const replay = new ResultFigures(results, 'Replaying transactions into features')
  const memory = new ResultFigures(results, 'Memory of histories')
  const [file, csv] = csvOf(results)
  const replayed = (side: string) => `${short(replay.cell(side, 'features, s'))} s`
  const read = (side: string) => `${short(csv.cell(side, 'seconds'))} s`
  const held = (side: string) => `${csv.cell(side, 'peak memory').toFixed(0)} MB`
  const perEvent = memory.cell('the handbook, at its end', 'B per event').toFixed(0)
  return [
    [
      `15 features of ${replay.find(/^([\d,]+) transactions, 15 features/m)} transactions, each as it stood then`,
      `${replayed('Shrike')}, ${perEvent} B an event`,
      `pandas ${replay.version('pandas')}, a groupby-rolling per window: ${replayed('pandas, a groupby-rolling per window')}`,
      times(replay.ratioAfter('Features in memory')),
    ],
    [
      `read a CSV file of ${file}`,
      `${read('Shrike')}, ${held('Shrike')}`,
      `pandas ${csv.version('pandas')} (two threads): ${read('pandas.read_csv')}, ${held('pandas.read_csv')}`,
      times(csv.ratioAfter('Against pandas.read_csv')),
    ],
  ]
}

/** The simulated file's rows and size, and its figures. */
function csvOf(results: string): readonly [string, ResultFigures] {
  const section = new ResultFigures(results, 'Reading a CSV file into typed columns', 'simulated-')
  return [section.find(/^simulated-\S+: (.*)$/m), section]
}

/** When the newest of the figures was made. */
function monthOf(results: string): string {
  const dates = [...results.matchAll(/^- Date: (\d{4}-\d{2}-\d{2})$/gm)].map(([, date]) => date)
  const newest = dates.sort().at(-1)
  if (newest === undefined) throw new Error('RESULTS.md has no dates')
  return months.format(new Date(newest))
}

/** Two digits of what is less than ten, three of the rest. */
function short(value: number): string {
  return value < 10 ? value.toPrecision(2) : format(value)
}

function times(ratio: number): string {
  if (ratio >= 10) return `${ratio.toFixed(0)}x`
  return ratio < 1 ? `${ratio.toFixed(2)}x` : `${ratio.toFixed(1)}x`
}
