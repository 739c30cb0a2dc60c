import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, normalize, resolve } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { budgetSeconds, longest, suiteOf, suites, testFiles } from './suites.ts'

// node test/run.ts [all | rest | nightly | SUITE | FILE]... [FLAGS OF node]     Without a name: quick.

/** At night every suite runs with other examples than yesterday, and the long tests at full length. */
const nightly = {
  FAST_CHECK_SEED: String(Math.floor(Date.now() / 86_400_000)),
  SHRIKE_TRANSACTIONS: '200000',
  SHRIKE_ROUNDS: '50',
  SHRIKE_EXPRESSIONS: '100000',
  SHRIKE_EXAMPLES: '10',
  SHRIKE_LOGS: '100',
  SHRIKE_LARGE: '1',
  SHRIKE_PACKAGE: '1',
  SHRIKE_SEEDS: '10000',
  SHRIKE_KEYS: '5000000',
  SHRIKE_LONG_DRIFT: '1',
}

const flags = process.argv.slice(2).filter((each) => each.startsWith('-'))
const given = process.argv
  .slice(2)
  .filter((each) => !each.startsWith('-'))
  .map(normalize)
const names = given.length === 0 ? ['quick'] : given
const isNightly = names.includes('nightly')

function isWanted(file: string): boolean {
  const suite = suites.find(({ name }) => name === suiteOf(file))
  if (suite === undefined) return false
  const isRest = names.includes('rest') && suite.name !== 'quick' && !suite.isLong
  return isNightly || names.includes('all') || isRest || names.includes(suite.name) || names.includes(file)
}

/** The longest first, and the others as they are listed. */
function inOrder(files: readonly string[]): readonly string[] {
  return [...longest.filter((file) => files.includes(file)), ...files.filter((file) => !longest.includes(file))]
}

/** What a test file does to its whole process, to the tests of other files in it, or before its own tests are known. */
const needsOwnProcess = /^(before|(\w.*)?\bawait )|\bprocess\.|globalThis|'node:(v8|child_process)'|\bmock\./m

/**
 * Small files of the quick suite share processes, so many to each: to start Node and to load what they test takes longer
 * than most of their tests.
 */
function shareProcesses(files: readonly string[], most = 12): readonly string[] {
  const sharing = files.filter(
    (file) => suiteOf(file) === 'quick' && !longest.includes(file) && !needsOwnProcess.test(readFileSync(file, 'utf8')),
  )
  const shares: string[] = []
  while (shares.length * most < sharing.length) {
    const together = sharing.slice(shares.length * most, (shares.length + 1) * most)
    const path = join(shared, `share-${shares.length}.test.mjs`)
    writeFileSync(path, together.map((file) => `import ${JSON.stringify(resolve(file))}\n`).join(''))
    shares.push(path)
  }
  return [...files.filter((file) => !sharing.includes(file)), ...shares]
}

async function runFiles(files: readonly string[], signal: AbortSignal): Promise<boolean> {
  let hasPassed = false
  const stream = run({
    files: [...files],
    // Tests wait, too: for disks, for timers, and for what they started.
    concurrency: availableParallelism() + 2,
    // A file that never ends is a failure, told with its name.
    ...(!isNightly && { timeout: 600_000 }),
    execArgv: ['--import', './test/setup.ts', ...flags],
    signal,
  })
  stream.on('test:summary', ({ file, success }) => {
    if (file === undefined) hasPassed = success
  })
  for await (const text of stream.compose(spec)) process.stdout.write(text)
  return hasPassed
}

/** Suites start the program as it is published: a thousand times, each in two thirds of the processor time. */
async function buildOnce(): Promise<void> {
  const { buildPackage } = await import('./built-package.ts')
  const folder = join(shared, 'package')
  await buildPackage(folder)
  process.env.SHRIKE_TESTS_PROGRAM = join(folder, 'bin/shrike.js')
}

async function runNamed(signal: AbortSignal): Promise<boolean> {
  const known = ['all', 'rest', 'nightly', ...suites.map(({ name }) => name)]
  const unknown = names.filter((name) => !known.includes(name) && !testFiles.includes(name))
  if (unknown.length > 0) {
    console.error(`Neither a suite nor a test file: ${unknown.join(', ')}. Suites: ${known.join(', ')}.`)
    return false
  }
  const files = testFiles.filter(isWanted)
  for (const { name, holds } of suites)
    if (files.some((file) => suiteOf(file) === name)) console.log(`== ${name}: ${holds}`)
  const begin = performance.now()
  if (names.some((name) => !testFiles.includes(name)) && files.some((file) => suiteOf(file) !== 'quick'))
    await buildOnce()
  const hasPassed = await runFiles(shareProcesses(inOrder(files)), signal)
  const seconds = Math.ceil((performance.now() - begin) / 1000)
  const budget = names.length === 1 ? budgetSeconds[names[0]] : undefined
  const excess = budget === undefined ? '' : ` of ${budget} s${seconds > budget ? ', OVER THE BUDGET' : ''}`
  console.log(`== ${names.join(', ')}: ${seconds} s${excess}`)
  return hasPassed && !signal.aborted
}

// Modules are compiled once, and what many tests train is trained once, for all processes of a run; of several runs the
// caller may keep what was compiled.
const shared = mkdtempSync(join(tmpdir(), 'shrike-tests-'))
Object.assign(process.env, isNightly && nightly, {
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(shared, 'modules'),
  SHRIKE_TESTS_SHARED: shared,
})
// Tests that are stopped end before the folder that they share is cleared up.
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort())
try {
  process.exitCode = (await runNamed(stopping.signal)) ? 0 : 1
} finally {
  rmSync(shared, { recursive: true, force: true })
}
