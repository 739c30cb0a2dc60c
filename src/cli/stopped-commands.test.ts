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

  test('stops the check of a log', async () => {
    await assert.rejects(verify({ data }, stoppedRun()), { code: 'INTERRUPTED' })
  })

  test('stops a snapshot, of which nothing stays', async () => {
    const files = readdirSync(data, { recursive: true })
    await assert.rejects(takeSnapshot({ data }, stoppedRun()), { code: 'INTERRUPTED' })
    assert.deepEqual(readdirSync(data, { recursive: true }), files)
  })
})
