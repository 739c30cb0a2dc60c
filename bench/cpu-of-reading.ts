// What a change costs: processor time of reading files in this checkout against another one, in interleaved pairs.
// node bench/cpu-of-reading.ts OTHER_CHECKOUT [--pairs 10] [--smoke]
import { execFile } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { run } from './harness/child.ts'
import { handbookCsv, withoutHandbook } from './harness/handbook.ts'
import { comparePairs, fewestPairs, mostPairs } from './harness/interleaved-pairs.ts'
import { benchFile, cacheFolder } from './harness/peers.ts'
import { markdownTable } from './harness/report.ts'
import { fullSize, makeOnce, shrikeScript, simulatedCsv, smokeSize } from './harness/tables.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pairs: { type: 'string', default: '10' }, smoke: { type: 'boolean', default: false } },
})
const [other] = positionals
const pairs = Number(values.pairs)
if (other === undefined || !(pairs >= fewestPairs && pairs <= mostPairs)) {
  console.error(`node bench/cpu-of-reading.ts OTHER_CHECKOUT [--pairs ${fewestPairs} to ${mostPairs}] [--smoke]`)
  process.exit(2)
}
const { smoke } = values
const log = (line: string) => console.error(line)
const show = (seconds: number) => `${(seconds * 1000).toFixed(0)} ms`
const checkouts = [benchFile('..'), resolve(other)]
const featuresFile = `${cacheFolder}features.csv`

const handbook = handbookCsv(smoke)
if (handbook === undefined) log(withoutHandbook)
const portfolio = await portfolioCsv()
const flat = await simulatedCsv(smoke ? smokeSize : fullSize)
const rows: (readonly string[])[] = []
for (const file of [flat, portfolio, ...(handbook === undefined ? [] : [handbook])]) {
  const name = basename(file)
  await compare(`read ${name}`, (checkout) => readingSeconds(checkout, file), file)
  await compare(
    `read ${name}, with imports`,
    (checkout) => wholeSeconds(`${checkout}/bench/ours/read-csv.ts`, file),
    file,
  )
}
await compareFeatures('cards', portfolio)
if (handbook !== undefined) await compareFeatures('handbook', handbook)
const header = ['work', 'this', 'other', 'difference', '95 % interval']
console.log(`${pairs} interleaved pairs, processor time\n\n${markdownTable(header, rows)}`)

function portfolioCsv(): Promise<string> {
  const customers = smoke ? 200 : 2_000
  const args = ['--shape', 'portfolio', '--customers', String(customers), '--terminals', '5000', '--seed', '1']
  return makeOnce(`portfolio-${customers}.csv`, (path) =>
    run(process.execPath, [shrikeScript, 'simulate', ...args, '--out', path]),
  )
}

async function compareFeatures(name: string, file: string): Promise<void> {
  const detector = resolve(other, 'detectors', `${name}.yaml`)
  const args = ['features', file, '--detector', detector, '--out', featuresFile]
  await compare(`features ${basename(file)}`, (checkout) => wholeSeconds(`${checkout}/bin/shrike.js`, ...args), file)
}

async function compare(name: string, secondsOf: (checkout: string) => Promise<number>, file: string): Promise<void> {
  // The file is in memory, so that nobody waits for the disk.
  readFileSync(file)
  const sides = checkouts.map((checkout) => () => secondsOf(checkout))
  rows.push(await comparePairs(name, sides, { pairs, show, log }))
}

/** From the imports on, as the CSV benchmark's own clock. */
async function readingSeconds(checkout: string, file: string): Promise<number> {
  return Number(await run(process.execPath, [benchFile('ours/read-cpu.ts'), checkout, file]))
}

/** Of a whole process with all its threads, user and system. */
async function wholeSeconds(...args: readonly string[]): Promise<number> {
  rmSync(featuresFile, { force: true })
  const timed = 'TIMEFORMAT=\'%3U %3S\'; time "$@" > /dev/null'
  const env = { ...process.env, LC_ALL: 'C' }
  const { stderr } = await promisify(execFile)('bash', ['-c', timed, 'bash', process.execPath, ...args], { env })
  const [user, system] = stderr.trimEnd().split('\n').at(-1)?.split(' ') ?? []
  return Number(user) + Number(system)
}
