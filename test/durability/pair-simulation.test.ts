import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { sharesOneLead } from '../pair/database.contract.ts'
import { SimulatedPostgres } from '../pair/simulated-postgres.ts'

const run = promisify(execFile)

/** SHRIKE_SEEDS=10000 runs so many; the message of one that fails says how it is run again. */
const count = Number(process.env.SHRIKE_SEEDS ?? 100)

sharesOneLead('in the simulated PostgreSQL', async () => {
  const after = (ms: number, happen: () => void) => void setTimeout(happen, ms)
  const times = { delayMs: () => 1, commitMs: () => 1, isKept: () => false, nowMs: () => performance.now() }
  const postgres = new SimulatedPostgres({ after, ...times })
  return () => postgres.connect({ after, cutOffUntilMs: () => 0 })
})

test('a pair holds what it promises, whatever fails', async (t) => {
  const { stdout } = await run(process.execPath, ['test/pair/run.ts', '1', String(count)]).catch((error) =>
    assert.fail(error.stderr),
  )
  t.diagnostic(stdout.trim())
  for (const [what, times] of Object.entries(JSON.parse(stdout)))
    assert.ok(Number(times) > count / 100, `${what}: only ${times}`)
})
