import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { dataDirectory, lockDirectory, makeDataDirectory, refuseInUse } from './data-directory.ts'

describe('a data directory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-directory-'))
  after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'file')
  writeFileSync(file, '')

  test('is its owner’s alone, with those above it', () => {
    const path = join(folder, 'above', 'data')
    makeDataDirectory(path)
    makeDataDirectory(path)
    assert.equal(statSync(path).mode & 0o777, 0o700)
  })

  test('is no file, and nothing in one, which is said before anything is opened', () => {
    for (const path of [file, join(file, 'data')]) {
      assert.throws(() => dataDirectory(path), {
        code: 'DIRECTORY_UNUSABLE',
        message: /can't be used: .*file is not a directory$/,
      })
    }
  })

  test('is in use as long as somebody has its lock', () => {
    const directory = dataDirectory(join(folder, 'locked'))
    refuseInUse(directory)
    const lock = lockDirectory(directory)
    assert.throws(() => refuseInUse(directory), { code: 'DIRECTORY_IN_USE' })
    lock.release()
    refuseInUse(directory)
  })

  test('is refused where nothing can be written, with the way out', (t) => {
    if (process.getuid?.() === 0) return t.skip('root may write anywhere')
    chmodSync(folder, 0o500)
    const path = join(folder, 'new')
    assert.throws(() => makeDataDirectory(path), {
      code: 'DIRECTORY_UNUSABLE',
      message: /EACCES.*choose another with option `data`/,
    })
    chmodSync(folder, 0o700)
    assert.ok(!existsSync(path))
  })
})
