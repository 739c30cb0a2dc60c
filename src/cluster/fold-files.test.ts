import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { FoldFiles } from './fold-files.ts'

describe('folds as files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-folds-'))
  after(() => rmSync(folder, { recursive: true }))
  const mark = { before: 7, all: 4_000_000_000 }
  const fold = (text: string) => ({ name: 'key-card/3@4095', mark, chunks: [Buffer.from(text), Buffer.from('!')] })

  test('come back as they were saved last', async () => {
    const files = new FoldFiles(join(folder, 'whole'), assert.fail)
    assert.equal(files.read('key-card/3@4095'), undefined)
    for (const text of ['one', 'two']) {
      await files.write([fold(text)])
      const saved = files.read('key-card/3@4095') ?? assert.fail()
      assert.deepEqual([saved.mark, Buffer.concat([...saved.chunks]).toString()], [mark, `${text}!`])
    }
    assert.equal(readdirSync(join(folder, 'whole')).length, 1)
  })

  test('are told, and not used, where any byte of them is another', async () => {
    const damaged: string[] = []
    const files = new FoldFiles(join(folder, 'damaged'), (path) => damaged.push(path))
    await files.write([fold('one')])
    const [name] = readdirSync(join(folder, 'damaged'))
    const path = join(folder, 'damaged', name)
    const whole = readFileSync(path)
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole)
      changed[at] ^= 1
      writeFileSync(path, changed)
      assert.equal(files.read('key-card/3@4095'), undefined)
    }
    writeFileSync(path, whole.subarray(0, 20))
    assert.equal(files.read('key-card/3@4095'), undefined)
    rmSync(path)
    mkdirSync(path)
    assert.equal(files.read('key-card/3@4095'), undefined)
    assert.equal(damaged.length, whole.length + 2)
  })
})
