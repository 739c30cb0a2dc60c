import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import fc from 'fast-check'
import { readSnapshot, snapshotPaths, writeSnapshot } from './snapshot-files.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shrike-snapshots-'))
})
afterEach(() => rm(folder, { recursive: true }))

const header = { fingerprint: 'f', sequence: 12, hash: 'ab' }
const content = Buffer.from('the histories')

describe('a snapshot', () => {
  test('comes back as it was written, with its header, as often as it is read', () => {
    const chunks = [Buffer.alloc(3_000_000, 7), Buffer.alloc(0), content]
    const { path, bytes } = writeSnapshot(folder, header, chunks)
    const { chunks: read, ...rest } = readSnapshot(path)
    assert.deepEqual(rest, header)
    assert.deepEqual(Buffer.concat([...read()]), Buffer.concat(chunks))
    assert.deepEqual(Buffer.concat([...read()]), Buffer.concat(chunks))
    assert.ok(bytes > 3_000_000)
    assert.deepEqual(Buffer.concat([...readSnapshot(writeSnapshot(folder, header, []).path).chunks()]), Buffer.alloc(0))
  })

  test('is one of two that are kept, the newest first', async () => {
    for (const sequence of [9, 10, 100, 99]) writeSnapshot(folder, { ...header, sequence }, [content])
    assert.deepEqual(
      snapshotPaths(folder).map((path) => readSnapshot(path).sequence),
      [100, 99],
    )
    assert.equal((await readdir(folder)).length, 2)
  })

  test('is not there, nor any part of it, where it could not be written', async () => {
    const broken = (function* () {
      yield content
      throw new Error('no more')
    })()
    assert.throws(() => writeSnapshot(folder, header, broken), /no more/)
    assert.deepEqual(await readdir(folder), [])
  })

  test('is refused where one byte of it is another, or it is cut off or longer', async () => {
    const { path } = writeSnapshot(folder, header, [content])
    const good = await readFile(path)
    const isRefused = () => assert.throws(() => readSnapshot(path), { code: 'SNAPSHOT_INVALID' })
    const flip = fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const changed = Buffer.from(good)
      changed[at] ^= by
      await writeFile(path, changed)
      isRefused()
    })
    await fc.assert(flip, { numRuns: 200 })
    for (let length = 0; length < good.length; length++) {
      await writeFile(path, good.subarray(0, length))
      isRefused()
    }
    await writeFile(path, Buffer.concat([good, Buffer.from([0])]))
    isRefused()
    await writeFile(path, good)
    assert.equal(readSnapshot(path).sequence, 12)
  })
})
