import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Suite, suiteOf, suites, testFiles } from './suites.ts'

// node test/run.ts [all | rest | nightly | SUITE | FILE]... [FLAGS OF node --test]     Without a name: quick.

/** At night every suite runs with other examples than yesterday, and the long tests at full length. */
const nightly = {
  FAST_CHECK_SEED: String(Math.floor(Date.now() / 86_400_000)),
  SHRIKE_TRANSACTIONS: '200000',
  SHRIKE_ROUNDS: '50',
  SHRIKE_EXPRESSIONS: '100000',
  SHRIKE_EXAMPLES: '10',
  SHRIKE_LOGS: '100',
  SHRIKE_PACKAGE: '1',
  SHRIKE_SEEDS: '10000',
}

const flags = process.argv.slice(2).filter((each) => each.startsWith('-'))
const names = process.argv.slice(2).filter((each) => !each.startsWith('-'))
const isNightly = names.includes('nightly')
let isStopped = false
let running: ChildProcess | undefined

// Modules are compiled once, and what many tests train is trained once, for all processes of a run.
const shared = mkdtempSync(join(tmpdir(), 'shrike-tests-'))
const env = {
  ...process.env,
  NODE_COMPILE_CACHE: join(shared, 'modules'),
  SHRIKE_TESTS_SHARED: shared,
  ...(isNightly ? nightly : {}),
}

async function run(files: readonly string[]): Promise<boolean> {
  // Tests wait, too: for disks, for timers, and for what they started.
  const concurrency = `--test-concurrency=${availableParallelism() + 1}`
  // A file that never ends is a failure, told with its name.
  const timeout = isNightly ? [] : ['--test-timeout=600000']
  const args = [
    '--import',
    './test/setup.ts',
    '--test',
    concurrency,
    ...timeout,
    '--test-reporter=spec',
    ...flags,
    ...files,
  ]
  running = spawn(process.execPath, args, { env, stdio: 'inherit' })
  const [code] = await once(running, 'close')
  return code === 0
}

async function runSuite({ name, holds, budgetSeconds }: Suite): Promise<boolean> {
  console.log(`== ${name}: ${holds} (budget ${budgetSeconds} s)`)
  const begin = performance.now()
  const hasPassed = await run(testFiles.filter((file) => suiteOf(file) === name))
  const seconds = Math.ceil((performance.now() - begin) / 1000)
  console.log(`== ${name}: ${seconds} s of ${budgetSeconds} s${seconds > budgetSeconds ? ', OVER ITS BUDGET' : ''}`)
  return hasPassed
}

async function runNamed(): Promise<boolean> {
  const isAll = isNightly || names.includes('all')
  const isRest = isAll || names.includes('rest')
  const wanted = suites.filter(({ name }) =>
    name === 'quick' ? isAll || names.length === 0 || names.includes(name) : isRest || names.includes(name),
  )
  const files = names.filter((name) => name.endsWith('.test.ts') && existsSync(name))
  const known = ['all', 'rest', 'nightly', ...suites.map(({ name }) => name), ...files]
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    console.error(`Neither a suite nor a test file: ${unknown.join(', ')}. Suites: ${known.join(', ')}.`)
    return false
  }
  let havePassed = files.length === 0 || (await run(files))
  for (const suite of wanted) if (!isStopped) havePassed = (await runSuite(suite)) && havePassed
  return havePassed && !isStopped
}

// Tests that are stopped end before the folder that they share is cleared up.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    isStopped = true
    running?.kill(signal)
  })
}
try {
  process.exitCode = (await runNamed()) ? 0 : 1
} finally {
  rmSync(shared, { recursive: true, force: true })
}
