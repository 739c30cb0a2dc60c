import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { purchases, runShrike, ServiceProcess, succeed, temporaryFolder, trainBundle } from './service.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

/** Files below a directory that others than their owner may do anything with. */
function openFiles(directory: string): readonly string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = entries.map(({ parentPath, name }) => join(parentPath, name))
  return paths.filter((path) => (statSync(path).mode & 0o077) !== 0)
}

test("files are their owner's alone, in a directory that was open before, too, and that is said", async () => {
  const personal = (yaml: string) => yaml.replace('  label:', '  personal: [customer]\n  label:')
  const bundle = await trainBundle(folder, { change: personal })
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

test('a link in the place of a file is refused, and what it leads to is left as it was', async () => {
  const data = at('linked')
  const victim = at('victim')
  mkdirSync(data)
  const text = readFileSync('test/golden/data-directory/README.md')
  for (const name of ['log.sqlite', 'log.sqlite-wal', 'keys.json', 'model.safetensors', 'lock.sqlite']) {
    const link = join(data, name)
    if (name !== 'log.sqlite') {
      writeFileSync(join(data, 'log.sqlite'), gunzipSync(readFileSync('test/golden/data-directory/plain.sqlite.gz')))
    }
    for (const isDangling of [false, true]) {
      if (isDangling) rmSync(victim)
      else writeFileSync(victim, text, { mode: 0o644 })
      symlinkSync(victim, link)
      const commands = [
        ['serve', at('model.safetensors'), '--data', data, '--port', '0'],
        ['backup', at('linked-copy'), '--data', data],
        ...(name === 'keys.json' ? [['keys', 'create', '--role', 'score', '--data', data]] : []),
      ]
      for (const command of isDangling ? commands.slice(0, 1) : commands) {
        const { code, stderr } = await runShrike(...command)
        assert.equal(code, 1, `${command[0]} ${name}`)
        assert.match(stderr, new RegExp(`DIRECTORY_UNUSABLE: .*${name} is a symbolic link`), `${command[0]} ${name}`)
      }
      if (isDangling) assert.equal(existsSync(victim), false)
      else assert.deepEqual([readFileSync(victim), statSync(victim).mode & 0o777], [text, 0o644])
      rmSync(link)
    }
  }
  assert.equal(existsSync(at('linked-copy')), false)
  symlinkSync(data, at('elsewhere'))
  await succeed('log', 'verify', '--data', at('elsewhere'))
  await succeed('keys', 'create', '--role', 'score', '--data', at('elsewhere'))
})
