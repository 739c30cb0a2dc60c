import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createWriteStream, existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readWholeFile } from './read-whole-file.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shrike-whole-'))
})
after(() => rm(folder, { recursive: true }))

test('reads files and pipes whole', { skip: process.platform === 'win32' }, async () => {
  const file = join(folder, 'file')
  await writeFile(file, 'detector: x\n')
  assert.equal(String(await readWholeFile(file)), 'detector: x\n')
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const reading = readWholeFile(pipe)
  createWriteStream(pipe).end('detector: y\n')
  assert.equal(String(await reading), 'detector: y\n')
  await assert.rejects(readWholeFile(folder))
})

test('ends what does not end', { skip: !existsSync('/dev/zero') }, async () => {
  await assert.rejects(readWholeFile('/dev/zero'), {
    code: 'FILE_UNREADABLE',
    message: /\/dev\/zero .* is larger than/,
  })
})
