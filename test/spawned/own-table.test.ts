import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { runIn, succeedIn } from '../run-shrike.ts'
import { writeMadeTable } from '../tables/write.ts'
import { post, whileServing } from './while-serving.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-own-'))
const at = (name: string) => join(folder, name)
after(() => rmSync(folder, { recursive: true }))
before(async () => {
  await writeMadeTable('banksim', { rows: 6_000, seed: 4, isMessy: false, out: at('banksim.csv') })
})

test('a bank’s export with days and hours apart is decided on with its histories', async () => {
  const pad = (n: number, width: number) => String(n).padStart(width, '0')
  const rows = Array.from({ length: 3_000 }, (_, i) => {
    const isFraud = i % 17 === 3
    const day = new Date(Date.UTC(2024, 0, 1 + Math.floor(i / 50)))
      .toISOString()
      .slice(0, 10)
      .split('-')
      .reverse()
      .join('/')
    const amount = `${1 + (i % 3)}.${pad((i * 7) % 1000, 3)},${isFraud ? 99 : pad(i % 90, 2)}`
    return [day, `${pad((i * 5) % 24, 2)}:30`, amount, pad(i % 90, 5), pad(i % 40, 3), isFraud ? 'Sí' : 'No'].join(';')
  })
  writeFileSync(at('es.csv'), ['Fecha;Hora;Importe;Cliente;Comercio;Fraude', ...rows].join('\n'))
  await succeedIn(folder, ['init', 'es.csv', '--out', 'es.yaml'])
  await succeedIn(folder, [
    'train',
    '--no-report',
    'es.csv',
    '--detector',
    'es.yaml',
    '--out',
    'es.safetensors',
    '--n-estimators',
    '10',
  ])
  const replay = 'replay es.csv --as history --bundle es.safetensors --data es --number-rows'.split(' ')
  assert.match((await succeedIn(folder, replay)).stderr, /dates with the day first|3,000 transactions/)
  await whileServing(folder, ['serve', 'es.safetensors', '--data', 'es'], /serving .* on (\S+)/, async (said) => {
    const origin = /serving .* on (\S+)/.exec(said)?.[1] ?? ''
    while ((await fetch(`${origin}/readyz`)).status !== 200) await sleep(20)
    const sent = {
      transaction_id: 'a',
      Fecha: '2024-02-29',
      Hora: '23:59',
      Importe: 25,
      Cliente: '00007',
      Comercio: '007',
    }
    assert.equal((await post(`${origin}/v1/decisions`, sent)).status, 200)
    const shown: { readonly features: Readonly<Record<string, number>> } = JSON.parse(
      await (await fetch(`${origin}/v1/decisions/a`)).text(),
    )
    assert.equal(shown.features.hour, 23)
    assert.ok(shown.features.customer_count_30d > 10, JSON.stringify(shown.features))
    assert.equal((await post(`${origin}/v1/decisions`, { ...sent, transaction_id: 'b', Hora: undefined })).status, 422)
  })
})

test('dates with the day first are brought in as times of the detector’s zone', async () => {
  const rows = Array.from(
    { length: 400 },
    (_, i) => `t${i},${10 + (i % 19)}/02/2024 23:30,${i}.5,c${i % 9},${i % 7 ? 0 : 1}`,
  )
  writeFileSync(at('zone.csv'), ['id,date,amount,customer,is_fraud', ...rows].join('\n'))
  const parts = 'id: id, time: { field: date, format: iso }, zone: Europe/Paris, amount: { field: amount, digits: 2 }'
  const transaction = `{ ${parts}, keys: { customer: customer }, label: { field: is_fraud } }`
  const features = '[amount, hour, { count: { by: customer, over: 1d } }]'
  writeFileSync(at('zone.yaml'), `detector: zone\ntransaction: ${transaction}\nfeatures: ${features}\n`)
  const bundle = ['--out', 'zone.safetensors', '--n-estimators', '10']
  await succeedIn(folder, ['train', '--no-report', 'zone.csv', '--detector', 'zone.yaml', ...bundle])
  const replay = 'replay zone.csv --as history --bundle zone.safetensors --data zone --json'.split(' ')
  assert.equal(JSON.parse((await succeedIn(folder, replay)).stdout).transactions, 400)
  const exported = await succeedIn(folder, ['log', 'export', '--data', 'zone', '--out', 'zone-out.csv'])
  assert.equal(exported.code, 0)
  assert.match(readFileSync(at('zone-out.csv'), 'utf8'), /2024-02-10T22:30:00/)
})

test('rows that lack an id are brought in beside those that have one', async () => {
  const [header, ...lines] = readFileSync(at('banksim.csv'), 'utf8').trim().split('\n').slice(0, 3_001)
  const withId = lines.map((line, i) => `${i % 5 === 0 ? '' : `t${i}`},${line}`)
  writeFileSync(at('gaps.csv'), [`transaction_id,${header}`, ...withId].join('\n'))
  await succeedIn(folder, ['init', 'gaps.csv', '--out', 'gaps.yaml'])
  const bundle = ['--out', 'gaps.safetensors', '--n-estimators', '10']
  await succeedIn(folder, ['train', '--no-report', 'gaps.csv', '--detector', 'gaps.yaml', ...bundle])
  const replay = (file: string) =>
    `replay ${file} --as history --bundle gaps.safetensors --data gaps --number-rows --json`.split(' ')
  const first = JSON.parse((await succeedIn(folder, replay('gaps.csv'))).stdout)
  assert.deepEqual([first.transactions, first.known], [3_000, 0])
  const refused = ['replay', 'gaps.csv', '--as', 'history', '--bundle', 'gaps.safetensors', '--data', 'others']
  const { code, stderr } = await runIn(folder, refused)
  assert.equal(code, 1)
  assert.match(stderr, /line 2, column "transaction_id": is missing\n {2}--number-rows takes rows without an id in/)
  writeFileSync(at('gaps-renamed.csv'), readFileSync(at('gaps.csv')))
  const again = JSON.parse((await succeedIn(folder, replay('gaps-renamed.csv'))).stdout)
  assert.deepEqual([again.transactions, again.known, again.knownAs], [0, 3_000, 'gaps.csv'])
})

test('init, train, replay, serve: a decision that knows the histories of a table without ids', async () => {
  await succeedIn(folder, ['init', 'banksim.csv', '--out', 'own.yaml'])
  const refused = await runIn(folder, ['init', 'banksim.csv', '--out', 'own.yaml'])
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /own\.yaml already exists.*--force/)
  const bundle = ['--out', 'own.safetensors', '--n-estimators', '30']
  await succeedIn(folder, ['train', '--no-report', 'banksim.csv', '--detector', 'own.yaml', ...bundle])
  const replay = ['replay', 'banksim.csv', '--as', 'history', '--bundle', 'own.safetensors', '--data', 'own']
  const unnumbered = await runIn(folder, replay)
  assert.match(unnumbered.stderr, /no column transaction_id.*--number-rows/)
  await succeedIn(folder, [...replay, '--number-rows'])
  const again = await succeedIn(folder, [...replay, '--number-rows'])
  assert.match(again.stdout, /0 transactions and 0 labels are in own[\s\S]*6,000 were already known/)
  const [header, ...lines] = readFileSync(at('banksim.csv'), 'utf8').trim().split('\n')
  writeFileSync(at('renamed.csv'), [header, ...lines, lines.at(-1), lines.at(-2)].join('\n'))
  await writeMadeTable('banksim', { rows: 300, seed: 5, isMessy: false, out: at('other.csv') })
  const numbered = async (file: string) => {
    const { stdout } = await succeedIn(folder, [...replay.with(1, file), '--number-rows', '--json'])
    const { transactions, known, knownAs } = JSON.parse(stdout)
    return { transactions, known, knownAs }
  }
  assert.deepEqual(await numbered('renamed.csv'), { transactions: 2, known: 6_000, knownAs: 'banksim.csv' })
  assert.deepEqual(await numbered('other.csv'), { transactions: 300, known: 0, knownAs: undefined })
  const cells = (lines.at(-1) ?? '').split(',')
  const last: Record<string, string> = Object.fromEntries(header.split(',').map((name, i) => [name, cells[i]]))
  const seen = lines.filter((line) => line.includes(last.customer)).length
  assert.ok(seen > 5)
  await whileServing(folder, ['serve', 'own.safetensors', '--data', 'own'], /serving .* on (\S+)/, async (said) => {
    const url = /serving .* on (\S+)/.exec(said)?.[1] ?? ''
    while ((await fetch(`${url}/readyz`)).status !== 200) await sleep(20)
    const { customer, merchant, category } = last
    const body = { transaction_id: 'own-1', step: Number(last.step), amount: 30, customer, merchant, category }
    const { status, decided } = await post(`${url}/v1/decisions`, body)
    assert.equal(status, 200)
    assert.ok(decided.score >= 0 && decided.score <= 1)
    assert.deepEqual(decided.degraded, [])
    assert.deepEqual((await post(`${url}/v1/labels`, { transactionId: 'banksim.csv:2', isFraud: true })).status, 200)
  })
})
