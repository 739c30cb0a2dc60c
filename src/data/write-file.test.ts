import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeFileAtomically } from './write-file.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shrike-file-'))
})
after(() => rm(folder, { recursive: true }))

test('writes text, bytes or pieces in place of what was there, and leaves nothing else behind', async () => {
  const path = join(folder, 'report.html')
  async function* pieces() {
    yield Buffer.from('in ')
    yield Buffer.from('pieces')
  }
  for (const [content, expected] of [
    ['text, é', 'text, é'],
    [Buffer.from('bytes'), 'bytes'],
    [pieces(), 'in pieces'],
  ] as const) {
    await writeFileAtomically(path, content)
    assert.equal(await readFile(path, 'utf8'), expected)
  }
  assert.deepEqual(await readdir(folder), ['report.html'])
})

test('refuses a place that is none', async () => {
  await assert.rejects(writeFileAtomically(join(folder, 'absent', 'x'), ''), {
    code: 'FILE_UNWRITABLE',
    message: /x can't be written: there is no directory/,
  })
})

test('lets nobody else read what is secret', { skip: process.platform === 'win32' }, async () => {
  const path = join(folder, 'secret')
  await writeFileAtomically(path, 'for all')
  await writeFileAtomically(path, 'for one', 0o600)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
})
