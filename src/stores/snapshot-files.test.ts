import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import fc from 'fast-check'
import type { Snapshot } from '../log/snapshots.ts'
import { readSnapshot, snapshotPaths, writeSnapshot } from './snapshot-files.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shrike-snapshots-'))
})
afterEach(() => rm(folder, { recursive: true }))

const header = { fingerprint: 'f', sequence: 12, hash: 'ab' }
const content = Buffer.from('the histories')
const part = { name: 'histories', version: 1 }
const partsOf = (chunks: Iterable<Uint8Array>) => [{ ...part, chunks }]
const contentOf = ({ parts }: Pick<Snapshot, 'parts'>) =>
  Array.from(parts(), ({ name, version, chunks }) => [name, version, Buffer.concat([...chunks])])

describe('a snapshot', () => {
  test('comes back as it was written, with its header, as often as it is read', () => {
    const chunks = [Buffer.alloc(3_000_000, 7), Buffer.alloc(0), content]
    const other = { name: 'other', version: 7, chunks: [content] }
    const { path, bytes } = writeSnapshot(folder, header, [...partsOf(chunks), other])
    const { parts, ...rest } = readSnapshot(path)
    assert.deepEqual(rest, { ...header, partsHeld: [part, { name: 'other', version: 7 }] })
    for (let time = 0; time < 2; time++) {
      assert.deepEqual(contentOf({ parts }), [
        ['histories', 1, Buffer.concat(chunks)],
        ['other', 7, content],
      ])
    }
    assert.ok(bytes > 3_000_000)
    const empty = readSnapshot(writeSnapshot(folder, header, partsOf([])).path)
    assert.deepEqual(contentOf(empty), [['histories', 1, Buffer.alloc(0)]])
    assert.deepEqual(contentOf(readSnapshot(writeSnapshot(folder, header, []).path)), [])
  })

  test('of an older version holds histories alone, and their first number in its header', async () => {
    for (const resumedAtMs of [undefined, 1234]) {
      const text = Buffer.from(JSON.stringify({ ...header, resumedAtMs }))
      const length = Buffer.alloc(4)
      length.writeUInt32LE(text.length)
      const older = Buffer.concat([Buffer.from('SHRKSNP1'), length, text, content])
      const path = join(folder, '0000000000000012.snapshot')
      await writeFile(path, Buffer.concat([older, createHash('sha256').update(older).digest()]))
      const { parts, ...rest } = readSnapshot(path)
      const first = Buffer.alloc(8)
      first.writeDoubleLE(resumedAtMs ?? Number.NaN)
      assert.deepEqual(rest, { ...header, partsHeld: [part] })
      assert.deepEqual(contentOf({ parts }), [['histories', 1, Buffer.concat([first, content])]])
      assert.throws(() => readSnapshot(path, 'secret'), { code: 'SNAPSHOT_INVALID', message: /made without/ })
    }
  })

  test('is refused where its file, or what is in it, is another than the one that was checked', async () => {
    const { path } = writeSnapshot(folder, header, partsOf([content]))
    const good = await readFile(path)
    const other = Buffer.from(good)
    other[good.length - 40] ^= 1
    for (const isSwapped of [true, false]) {
      await writeFile(path, good)
      const snapshot = readSnapshot(path)
      if (isSwapped) await rm(path)
      await writeFile(path, other)
      assert.throws(() => contentOf(snapshot), { code: 'SNAPSHOT_INVALID', message: /changed while it was read/ })
    }
    await writeFile(path, good)
    const snapshot = readSnapshot(path)
    await writeFile(path, good.subarray(0, good.length - 40))
    assert.throws(() => contentOf(snapshot), { code: 'SNAPSHOT_INVALID' })
  })

  test('is one of two that are kept, the newest first', async () => {
    for (const sequence of [9, 10, 100, 99]) writeSnapshot(folder, { ...header, sequence }, partsOf([content]))
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
    assert.throws(() => writeSnapshot(folder, header, partsOf(broken)), /no more/)
    assert.deepEqual(await readdir(folder), [])
  })

  test('is refused where one byte of it is another, or it is cut off or longer', async () => {
    const { path } = writeSnapshot(folder, header, partsOf([content]))
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

  test('is refused where its header is broken although its digest is right', async () => {
    const header = (text: string, length = text.length) => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32LE(length)
      return Buffer.concat([bytes, Buffer.from(text)])
    }
    const path = join(folder, '0000000000000012.snapshot')
    for (const broken of [
      header('{'),
      header('null'),
      header('[1]'),
      header('{"fingerprint":"f","sequence":"12","hash":"ab"}'),
      header('{"fingerprint":"f","sequence":-1,"hash":"ab"}'),
      header('{"fingerprint":"f","sequence":1.5,"hash":"ab"}'),
      header('{}', 2 ** 32 - 1),
      header('{}', 100),
      Buffer.alloc(4),
    ]) {
      for (const magic of ['SHRKSNP1', 'SHRKSNP3']) {
        const content = Buffer.concat([Buffer.from(magic), broken])
        await writeFile(path, Buffer.concat([content, createHash('sha256').update(content).digest()]))
        assert.throws(() => readSnapshot(path), { code: 'SNAPSHOT_INVALID', message: /its header is damaged/ })
      }
    }
  })

  test('bears the mark of the key, and serves with the same key alone', async () => {
    const { path } = writeSnapshot(folder, header, partsOf([content]), 'secret')
    assert.equal(readSnapshot(path, 'secret').sequence, 12)
    assert.throws(() => readSnapshot(path, 'another'), { code: 'SNAPSHOT_INVALID', message: /content is damaged/ })
    assert.throws(() => readSnapshot(path), { code: 'SNAPSHOT_INVALID', message: /made with the log's key/ })
    const plain = writeSnapshot(folder, header, partsOf([content]))
    assert.throws(() => readSnapshot(plain.path, 'secret'), { code: 'SNAPSHOT_INVALID', message: /made without/ })
    const bytes = await readFile(path)
    bytes[bytes.indexOf(content)] ^= 1
    const forged = bytes.subarray(0, -32)
    await writeFile(path, Buffer.concat([forged, createHash('sha256').update(forged).digest()]))
    assert.throws(() => readSnapshot(path, 'secret'), { code: 'SNAPSHOT_INVALID' })
  })

  test("follows no link, deletes nothing but its own, and is its owner's alone", async () => {
    const [outside, long] = [join(folder, 'outside'), new Date(1e12)]
    await writeFile(outside, 'untouched')
    await chmod(outside, 0o644)
    const names = ['0000000000000012.snapshot.partial', '0000000000000001.snapshot']
    for (const name of names) await symlink(outside, join(folder, name))
    const others = ['report.partial', 'mine.snapshot', '00.snapshot']
    for (const name of others) {
      await writeFile(join(folder, name), 'mine')
      await utimes(join(folder, name), long, long)
    }
    const stale = join(folder, '0000000000000007.snapshot.partial')
    await writeFile(stale, 'left behind')
    await utimes(stale, long, long)
    for (const sequence of [12, 13, 14]) writeSnapshot(folder, { ...header, sequence }, partsOf([content]))
    const left = ['0000000000000013.snapshot', '0000000000000014.snapshot']
    assert.deepEqual((await readdir(folder)).sort(), [...names, ...others, ...left, 'outside'].sort())
    assert.equal(await readFile(outside, 'utf8'), 'untouched')
    assert.throws(() => readSnapshot(join(folder, names[1])), { code: 'SNAPSHOT_INVALID', message: /it is a link/ })
    for (const name of left) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600)
  })
})
