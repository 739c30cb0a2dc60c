import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { writeDecidedLog } from '../../test/decided-log.ts'
import { quietRun } from '../../test/quiet-run.ts'
import { backup } from './backup-work.ts'
import { verify } from './log-work.ts'
import type { Run } from './run.ts'
import { simulate } from './simulate-work.ts'
import { takeSnapshot } from './snapshot-work.ts'
import { createTerminal } from './terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-stopped-'))
after(() => rmSync(folder, { recursive: true }))
const data = join(folder, 'data')

/** Ctrl-C at the first moment at which the process hears of it. */
function stoppedRun(): Run {
  const controller = new AbortController()
  setImmediate(() => controller.abort())
  return { ...quietRun, terminal: createTerminal({ json: true }), signal: controller.signal }
}

describe('Ctrl-C', () => {
  before(() => writeDecidedLog({ path: data, transactions: 2000, seed: 1 }))

  test('stops a backup, of which nothing stays', async () => {
    await assert.rejects(backup(join(folder, 'copy'), { data }, stoppedRun()), { code: 'INTERRUPTED' })
    assert.deepEqual(readdirSync(folder), ['data'])
  })

  test('stops a simulation of a table, of which nothing stays', async () => {
    const flags = { shape: 'creditcard', rows: 50_000, seed: 1, out: join(folder, 'table.csv') } as const
    const controller = new AbortController()
    const terminal = createTerminal({ json: true })
    let made = 0
    const begin: typeof terminal.begin = () => {
      // Once it is at work.
      setImmediate(() => controller.abort())
      return { update: (done) => (made = done), end: () => {} }
    }
    const run = { ...quietRun, terminal: { ...terminal, begin }, signal: controller.signal }
    await assert.rejects(simulate(flags, run), { code: 'INTERRUPTED' })
    assert.ok(made < flags.rows, `made ${made} rows`)
    assert.deepEqual(readdirSync(folder), ['data'])
  })

  test('stops the check of a log', async () => {
    await assert.rejects(verify({ data }, stoppedRun()), { code: 'INTERRUPTED' })
  })

  test('stops a snapshot, of which nothing stays', async () => {
    const files = readdirSync(data, { recursive: true })
    await assert.rejects(takeSnapshot({ data }, stoppedRun()), { code: 'INTERRUPTED' })
    assert.deepEqual(readdirSync(data, { recursive: true }), files)
  })
})
