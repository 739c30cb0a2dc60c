import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { purchases, ServiceProcess, succeed, temporaryFolder, trainBundle } from './service.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

/** Files below a directory that others than their owner may do anything with. */
function openFiles(directory: string): readonly string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = entries.map(({ parentPath, name }) => join(parentPath, name))
  return paths.filter((path) => (statSync(path).mode & 0o077) !== 0)
}

test("files are their owner's alone, in a directory that was open before, too, and that is said", async () => {
  const bundle = await trainBundle(folder)
  const data = at('data')
  mkdirSync(join(data, 'snapshots'), { recursive: true })
  chmodSync(data, 0o755)
  const unpack = (name: string) => gunzipSync(readFileSync(`test/golden/data-directory/${name}.gz`))
  writeFileSync(join(data, 'log.sqlite'), unpack('plain.sqlite'), { mode: 0o644 })
  writeFileSync(join(data, 'snapshots/0000000000000015.snapshot'), unpack('plain.snapshot'), { mode: 0o644 })
  writeFileSync(join(data, 'lock.sqlite'), '', { mode: 0o644 })
  const service = await ServiceProcess.start(bundle, data)
  for (const { body } of purchases(40).slice(20)) assert.equal((await service.decide(body)).status, 200)
  assert.ok(existsSync(join(data, 'log.sqlite-wal')))
  assert.deepEqual(openFiles(data), [])
  await service.stop()
  assert.match(service.log(), /"mode":"0755".*chmod 700/)
  await succeed('snapshot', '--data', data)
  await succeed('keys', 'create', '--role', 'score', '--data', data)
  await succeed('log', 'export', '--data', data, '--out', at('export.csv'))
  await succeed('log', 'export', '--data', data, '--out', at('export.parquet'))
  assert.deepEqual(openFiles(data), [])
  for (const name of ['export.csv', 'export.parquet']) assert.equal(statSync(at(name)).mode & 0o777, 0o600, name)

  // A backup takes nobody's directory for its own, and is closed as well.
  mkdirSync(at('copy.partial'))
  writeFileSync(at('copy.partial/thesis.txt'), 'the only copy')
  await succeed('backup', at('copy'), '--data', data)
  assert.equal(readFileSync(at('copy.partial/thesis.txt'), 'utf8'), 'the only copy')
  assert.deepEqual(openFiles(at('copy')), [])
  assert.equal(statSync(at('copy')).mode & 0o777, 0o700)
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('copy')),
    ['copy', 'copy.partial'],
  )
})
