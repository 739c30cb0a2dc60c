import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { writeParquet } from '../../src/data/parquet.ts'
import { readTable } from '../../src/data/read-table.ts'
import { purchases, runShrike, ServiceProcess, succeed, temporaryFolder, trainBundle } from '../durability/service.ts'

const folder = temporaryFolder()
const data = join(folder, 'data')
const known = purchases(60)
let bundle = ''

before(async () => {
  bundle = await trainBundle(folder)
})

/** Labels of some of the transactions, in each form that files have. */
async function writeLabels(name: string, some: readonly { readonly id: string }[]): Promise<string> {
  const path = join(folder, name)
  const csv = ['transactionId,isFraud', ...some.map(({ id }, i) => `${id},${i % 2}`)].join('\n')
  if (name.endsWith('.ndjson')) {
    writeFileSync(path, some.map(({ id }, i) => JSON.stringify({ transactionId: id, isFraud: i % 2 === 1 })).join('\n'))
  } else if (name.endsWith('.parquet')) {
    const plain = await writeLabels('plain.csv', some)
    await writeParquet([(await readTable(plain)).table], path)
  } else writeFileSync(path, name.endsWith('.gz') ? gzipSync(csv) : csv)
  return path
}

test('labels in every form of file reach a service that asks for keys, by its URL', async () => {
  const service = await ServiceProcess.start(bundle, data)
  for (const { body } of known) assert.equal((await service.decide(body)).status, 200)
  const key = (await succeed('keys', 'create', '--role', 'label', '--data', data, '--yes')).trim()
  const to = ['--url', `${service.url}/`, '--json']
  const forms = ['labels.csv', 'labels.csv.gz', 'labels.ndjson', 'labels.parquet']
  const keyless = async (file: string) => {
    const { code, stderr } = await runShrike('label', file, ...to)
    return code === 0 ? undefined : stderr
  }
  const first = await writeLabels(forms[0], known.slice(0, 10))
  let refused = await keyless(first)
  // The service hears of its first key within a second.
  for (let tries = 0; refused === undefined && tries < 5; tries++) refused = await keyless(first)
  assert.match(refused ?? '', /^error UNAUTHORIZED: .*\n {2}Name a key with --key, or in SHRIKE_API_KEY\n$/m)
  assert.doesNotMatch(refused ?? '', /stay there/)
  for (const [i, name] of forms.entries()) {
    const file = await writeLabels(name, known.slice(10 * i, 10 * i + 10))
    const { accepted, repeated, refused: bad } = JSON.parse(await succeed('label', file, ...to, '--key', key))
    assert.deepEqual([accepted + repeated, bad], [10, 0], name)
  }
  const input = ['transactionId,isFraud', ...known.slice(40, 50).map(({ id }) => `${id},1`)].join('\n')
  const args = ['bin/shrike.js', 'label', '-', ...to]
  const env = { ...process.env, SHRIKE_API_KEY: key }
  const piped = spawnSync(process.execPath, args, { input, env, encoding: 'utf8' })
  assert.deepEqual([piped.status, JSON.parse(piped.stdout).accepted], [0, 10], piped.stderr)
  await service.stop()
})
