import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { watchKeys } from './key-ring.ts'
import { requireDirectory } from './log-files.ts'

describe('the keys of a data directory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-keys-'))
  after(() => rmSync(folder, { recursive: true }))

  test('are told as unusable where they can not be read', () => {
    const loop = join(folder, 'loop')
    symlinkSync(loop, loop)
    const unusable = { code: 'DIRECTORY_UNUSABLE', message: /ELOOP/ }
    assert.throws(() => watchKeys(join(loop, 'keys.json'), []), unusable)
    assert.throws(() => requireDirectory({ data: loop }), unusable)
  })

  test('go on where they can not be read any more', async (t) => {
    const data = join(folder, 'data')
    const keys = watchKeys(join(data, 'keys.json'), ['0123456789abcdef'])
    symlinkSync(data, data)
    t.mock.method(performance, 'now', () => 1e9)
    assert.ok(keys().asksForKey)
  })
})
