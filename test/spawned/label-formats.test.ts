import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { readTable } from '../../src/data/read-table.ts'
import { writeParquet } from '../../src/data/write-parquet.ts'
import { purchases, runShrike, ServiceProcess, succeed, temporaryFolder, trainBundle } from '../durability/service.ts'
import { shrikeScript } from '../run-shrike.ts'

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
  for (let tries = 0; refused === undefined && tries < 5; tries++) {
    await sleep(300)
    refused = await keyless(first)
  }
  assert.match(refused ?? '', /^error UNAUTHORIZED: .*\n {2}Name a key with --key, or in SHRIKE_API_KEY\n$/m)
  assert.doesNotMatch(refused ?? '', /stay there/)
  for (const [i, name] of forms.entries()) {
    const file = await writeLabels(name, known.slice(10 * i, 10 * i + 10))
    const { accepted, repeated, refused: bad } = JSON.parse(await succeed('label', file, ...to, '--key', key))
    assert.deepEqual([accepted + repeated, bad], [10, 0], name)
  }
  const input = ['transactionId,isFraud', ...known.slice(40, 50).map(({ id }) => `${id},1`)].join('\n')
  const args = [shrikeScript, 'label', '-', ...to]
  const env = { ...process.env, SHRIKE_API_KEY: key }
  const piped = spawnSync(process.execPath, args, { input, env, encoding: 'utf8' })
  assert.deepEqual([piped.status, JSON.parse(piped.stdout).accepted], [0, 10], piped.stderr)
  await service.stop()
})

test('labels say when they became known as people write it, from now on, or in a zone that nobody knows', async () => {
  const served = join(folder, 'written')
  const service = await ServiceProcess.start(bundle, served)
  for (const { body } of known.slice(0, 6)) assert.equal((await service.decide(body)).status, 200)
  const [one, two] = known
  const minute = (timestampMs: number) => timestampMs - (timestampMs % 60_000) + 60_000
  const german = (timestampMs: number) => {
    const [date, time] = new Date(minute(timestampMs)).toISOString().split('T')
    return `${date.split('-').reverse().join('.')} ${time.slice(0, 5)}`
  }
  const write = (name: string, ...lines: string[]) => {
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
    return [join(folder, name), '--data', served]
  }
  const rows = [one, two].map(({ id, timestampMs }) => `${id};yes;${german(timestampMs)}`)
  const written = write('german.csv', 'order;fraud;reported', ...rows)
  const named = ['--id', 'order', '--label', 'fraud']
  await succeed('label', ...written, ...named, '--known-at', 'reported')
  const labels = async (id: string) => {
    const answer = await fetch(`${service.url}/v1/decisions/${encodeURIComponent(id)}`)
    const { labels } = JSON.parse(await answer.text())
    return labels
  }
  for (const { id, timestampMs } of [one, two])
    assert.equal((await labels(id))[0].knownAt, new Date(minute(timestampMs)).toISOString())

  const untold = await runShrike('label', ...written, ...named)
  assert.equal(untold.code, 0)
  assert.match(untold.stderr, /No column knownAt says .* they count from now on: name one with --known-at, in reported/)
  const local = await runShrike('label', written[0], ...named, '--known-at', 'reported', '--url', service.url)
  assert.match(local.stderr, /Times without an offset are taken as UTC, since the time zone/)
  const either = write('either.csv', 'order,fraud,reported', `${one.id},1,03/04/2026`)
  const ambiguous = await runShrike('label', ...either, ...named, '--known-at', 'reported', '--bad-rows', 'skip')
  assert.equal(ambiguous.code, 1)
  assert.match(ambiguous.stderr, /"03\/04\/2026" can mean two dates; state what comes first: --dates/)
  await service.stop()
})

test('names what is missing where no bundle is there, and the file that is none', async () => {
  const unnamed = await runShrike('replay', join(folder, 'x.csv'), '--as', 'history', '--data', join(folder, 'none'))
  assert.match(
    unnamed.stderr,
    /FILE_UNREADABLE: No model bundle is named, and there is neither .*: name one with --bundle/,
  )
  const reportless = await runShrike(
    'serve',
    bundle,
    '--data',
    join(folder, 'none'),
    '--report',
    'no.html',
    '--port',
    '0',
  )
  assert.match(reportless.stderr, /FILE_UNREADABLE: --report no\.html: there is no such file/)
  writeFileSync(join(folder, 'd.yaml'), 'detector: cards\n'.repeat(9))
  for (const verb of ['score', 'evaluate']) {
    const other = await runShrike(verb, join(folder, 'd.yaml'), join(folder, 'x.csv'))
    assert.match(other.stderr, /BUNDLE_INVALID: \S+d\.yaml is not a usable model bundle: it does not start like/)
  }
})
