import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openEndpointFiles } from './endpoint-files.ts'

const letterOf = (sequence: number) => ({
  ...{ id: `bank.${sequence}.label`, sequence, type: 'label', at: '2026-01-01T00:00:00.000Z' },
  ...{ attempts: 3, why: 'it answered 500' },
})

test('a letter whose line was cut short takes none of the next ones with it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-endpoint-files-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const prefix = join(folder, 'bank')
  const progress = { through: 9, undelivered: [] }
  await openEndpointFiles(prefix).save(progress, [letterOf(1), letterOf(2)])
  appendFileSync(`${prefix}.dead.ndjson`, JSON.stringify(letterOf(3)).slice(0, 40))
  const files = openEndpointFiles(prefix)
  await files.save(progress, [letterOf(4)])
  await files.save(progress, [letterOf(5)])
  assert.deepEqual(await files.dead(), [1, 2, 4, 5].map(letterOf))
})
