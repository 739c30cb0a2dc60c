import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { SqliteLog } from '../../src/stores/sqlite/sqlite-log.ts'
import { runIn, startShrike, succeedIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-lost-'))
const run = (...args: string[]) => runIn(folder, args)
const succeed = (...args: string[]) => succeedIn(folder, args)
const rows = 400

const declared = (key: string, label = 'fraud') => `
detector: ${key}s
transaction:
  id: tx
  time: { field: at, format: iso }
  amount: { field: amount, digits: 2 }
  keys: { ${key}: ${key} }
  label: { field: ${label} }
features: [amount, { count: { by: ${key}, over: 30d } }]
`
const accept = '--accept-lost-histories'
const quick = ['--preset', 'recipe', '--n-estimators', '3', '--no-leak-check', '--no-report']

before(async () => {
  const lines = Array.from({ length: rows }, (_, i) => {
    const at = new Date(Date.UTC(2026, 0, 1, i)).toISOString()
    return `t-${i},${at},${10 + (i % 90)}.50,c-${i % 7},s-${i % 3},${i % 10 === 9 ? 1 : 0}`
  })
  writeFileSync(join(folder, 'rows.csv'), ['tx,at,amount,card,shop,fraud', ...lines].join('\n'))
  for (const key of ['card', 'shop']) {
    writeFileSync(join(folder, `${key}.yaml`), declared(key))
    await succeed('train', 'rows.csv', '--detector', `${key}.yaml`, ...quick, '--out', `${key}.safetensors`)
  }
  await succeed('replay', 'rows.csv', '--as', 'history', '--data', 'data', '--bundle', 'shop.safetensors')
})
after(() => rmSync(folder, { recursive: true }))

/** A copy of the data directory for one test. */
function copy(name: string): string {
  cpSync(join(folder, 'data'), join(folder, name), { recursive: true })
  return name
}

describe('a bundle whose histories the log can not give', () => {
  const figures = /HISTORIES_LOST: .*of 400 transactions none has "card".*--accept-lost-histories/

  test('does not start, and the one before still does', async () => {
    const data = copy('start')
    const serve = (bundle: string, ...more: string[]) =>
      startShrike(folder, ['serve', bundle, '--data', data, '--port', '0', '--log-level', 'info', ...more])
    const refused = await serve('card.safetensors').ended
    assert.deepEqual([refused.code, figures.test(refused.stderr)], [1, true], refused.stderr)
    for (const [bundle, more, said] of [
      ['shop.safetensors', [], 'histories are ready'],
      ['card.safetensors', [accept], 'decisions are degraded by histories-lost'],
    ] as const) {
      const { child, ended } = serve(bundle, ...more)
      child.stderr?.on('data', (text: string) => {
        if (text.includes(said)) child.kill('SIGTERM')
      })
      const { code, stderr } = await ended
      assert.equal(code, 0, stderr)
      assert.ok(stderr.includes(said), stderr)
    }
  })

  test('does not take over by a replay, unless that is accepted', async () => {
    const data = copy('replay')
    const flags = ['--as', 'decisions', '--data', data, '--bundle', 'card.safetensors', '--on-conflict', 'skip']
    const refused = await run('replay', 'rows.csv', ...flags)
    assert.deepEqual([refused.code, figures.test(refused.stderr)], [1, true], refused.stderr)
    await succeed('replay', 'rows.csv', ...flags, accept)
  })

  test('is not trained from that log, unless that is accepted', async () => {
    const flags = ['--from-log', '--data', 'data', ...quick]
    await succeed('train', ...flags, '--out', 'own.safetensors')
    const refused = await run('train', ...flags, '--detector', 'card.yaml', '--out', 'lost.safetensors')
    assert.deepEqual([refused.code, figures.test(refused.stderr)], [1, true], refused.stderr)
    const { stderr } = await succeed('train', ...flags, '--detector', 'card.yaml', '--out', 'lost.safetensors', accept)
    assert.match(stderr, /so rows do not have them: of 400 transactions none has "card"/)
  })

  test('is told where features are written from the log', async () => {
    const { stdout, stderr } = await succeed('features', '--from-log', '--data', 'data', '--detector', 'card.yaml')
    assert.equal(stdout.trimEnd().split('\n').length, 1 + rows)
    assert.match(stderr, /so rows do not have them: of 400 transactions none has "card"/)
    const own = await succeed('features', '--from-log', '--data', 'data')
    assert.doesNotMatch(own.stderr, /without it/)
  })
})

describe('a bundle that reads the columns of the log in another way', () => {
  const flagsOf = (data: string, bundle: string) => [
    '--as',
    'history',
    '--data',
    data,
    '--bundle',
    `${bundle}.safetensors`,
  ]

  async function prepare(name: string, changed: (yaml: string) => string) {
    writeFileSync(join(folder, `${name}.yaml`), changed(declared('shop')))
    await succeed('train', 'rows.csv', '--detector', `${name}.yaml`, ...quick, '--out', `${name}.safetensors`)
  }

  test('as tokens: is refused by a replay and by training, with figures, and warned of in rows', async () => {
    await prepare('personal', (yaml) => yaml.replace('features:', '  personal: [shop]\nfeatures:'))
    const told = /of 400 transactions none has "shop" as tokens of the personal key "shop".*keep personal/
    const data = copy('personal')
    for (const args of [
      ['replay', 'rows.csv', ...flagsOf(data, 'personal')],
      ['train', '--from-log', '--data', data, ...quick, '--detector', 'personal.yaml', '--out', 'lost.safetensors'],
    ]) {
      const { code, stderr } = await run(...args)
      assert.deepEqual([code, /HISTORIES_LOST/.test(stderr), told.test(stderr)], [1, true, true], stderr)
    }
    const rows = await succeed('features', '--from-log', '--data', data, '--detector', 'personal.yaml')
    assert.match(rows.stderr, /in a different form.*none has "shop" as tokens/)

    await succeed('replay', 'rows.csv', ...flagsOf(data, 'personal'), '--on-conflict', 'skip', accept)
    const erased = await run('erase', '--key', 'shop=s-1', '--data', data)
    const says =
      /ERASURE_INCOMPLETE: No shop with this value has a token, but 133 records still hold the value in plain text/
    assert.deepEqual([erased.code, says.test(erased.stderr)], [1, true], erased.stderr)
    await succeed('erase', '--key', 'shop=s-9', '--data', data)
  })

  test('in another currency: is refused wherever amounts of the log are read', async () => {
    const currency = (code: string) => (yaml: string) =>
      yaml
        .replace('digits: 2', `digits: 2, currency: ${code}`)
        .replace('features: [', 'features: [{ sum: { of: amount, by: shop, over: 30d } }, ')
    await prepare('euros', currency('EUR'))
    await prepare('dollars', currency('USD'))
    await succeed('replay', 'rows.csv', ...flagsOf('priced', 'euros'))
    for (const args of [
      ['serve', 'dollars.safetensors', '--data', 'priced', '--port', '0'],
      ['replay', 'rows.csv', ...flagsOf('priced', 'dollars')],
      ['train', '--from-log', '--data', 'priced', ...quick, '--detector', 'dollars.yaml', '--out', 'no.safetensors'],
      ['features', '--from-log', '--data', 'priced', '--detector', 'dollars.yaml', '--out', 'no.csv'],
    ]) {
      const { code, stderr } = await run(...args)
      assert.deepEqual([code, /LOG_MISMATCH: .*amount is in EUR, and .* is USD/.test(stderr)], [1, true], stderr)
    }
    await succeed('features', '--from-log', '--data', 'priced', '--detector', 'euros.yaml', '--out', 'yes.csv')
  })
})

test('an empty log is not called damaged', async () => {
  mkdirSync(join(folder, 'empty'))
  const log = await SqliteLog.open({ path: dataDirectory(join(folder, 'empty')).logPath, makeToken: () => '' })
  await log.close()
  for (const command of [
    ['log', 'head'],
    ['features', '--from-log'],
    ['train', '--from-log'],
  ]) {
    const { code, stderr } = await run(...command, '--data', 'empty')
    assert.deepEqual([code, /DATA_INVALID: The log is empty/.test(stderr)], [1, true], stderr)
  }
})
