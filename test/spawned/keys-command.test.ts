import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createKeyRing, parseKeyFile } from '../../src/access/keys.ts'
import { runIn } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-keys-'))
after(() => rmSync(folder, { recursive: true }))

for (const name of ['deep/data', 'busy', 'wrong', 'damaged', 'none-yet'])
  mkdirSync(join(folder, name), { recursive: true })

const keys = (...args: string[]) => runIn(folder, ['keys', ...args])

const keyFile = (data: string) => readFileSync(join(folder, data, 'keys.json'), 'utf8')

describe('shrike keys', () => {
  test('create prints the key alone, this once, and keeps its digest where nobody else reads', async () => {
    const { code, stdout, stderr } = await keys('create', '--role', 'score', '--role', 'label')
    assert.deepEqual([code, /^shrike_[\w-]{43}\n$/.test(stdout)], [0, true], stderr)
    assert.match(stderr, /"score-1" \(score, label\) is shown this once/)
    const key = stdout.trim()
    const text = keyFile('.shrike')
    assert.ok(!text.includes(key) && !stderr.includes(key))
    const ring = createKeyRing([], parseKeyFile(text))
    assert.deepEqual(ring.principalOf(`Bearer ${key}`)?.roles, new Set(['score', 'label']))
    if (process.platform !== 'win32') assert.equal(statSync(join(folder, '.shrike/keys.json')).mode & 0o777, 0o600)
  })

  test('list names keys and roles but shows no key, and revoke takes one out', async () => {
    await keys('create', '--role', 'admin', '--name', 'boss', '--data', 'deep/data')
    const made = await keys('create', '--role', 'label', '--data', 'deep/data', '--json')
    const { name, roles, key, createdAt } = JSON.parse(made.stdout)
    assert.deepEqual([name, roles], ['label-1', ['label']])
    const listed = JSON.parse((await keys('list', '--data', 'deep/data', '--json')).stdout)
    assert.deepEqual(listed[1], { name, roles, createdAt })
    const { stdout } = await keys('list', '--data', 'deep/data')
    assert.match(stdout, /^boss {5}\S+Z {2}admin\nlabel-1 {2}\S+Z {2}label\n$/)
    assert.equal((await keys('revoke', 'label-1', '--data', 'deep/data')).code, 0)
    const left = parseKeyFile(keyFile('deep/data'))
    assert.deepEqual(
      left.map((each) => each.name),
      ['boss'],
    )
    assert.equal(createKeyRing([], left).principalOf(`Bearer ${key}`), undefined)
  })

  test('loses none that were made at once', async () => {
    const made = await Promise.all(Array.from({ length: 6 }, () => keys('create', '--role', 'score', '--data', 'busy')))
    const ring = createKeyRing([], parseKeyFile(keyFile('busy')))
    for (const { stdout, stderr } of made) assert.ok(ring.principalOf(`Bearer ${stdout.trim()}`), stderr)
  })

  test('refuses wrong use with 2 and a reason, and changes nothing', async () => {
    await keys('create', '--role', 'score', '--name', 'till', '--data', 'wrong')
    const before = keyFile('wrong')
    for (const [args, reason] of [
      [['create'], /--role/],
      [['create', '--role', 'socre'], /Allowed choices are score, label, viewer, analyst, author, approver, admin/],
      [['create', '--role', 'score', '--name', 'till'], /key "till" already exists/],
      [['create', '--role', 'score', '--name', 'two words'], /--name: use letters/],
      [['revoke', 'tlil'], /no key "tlil" in wrong\. Did you mean "till"\?/],
      [['revoke'], /missing required argument 'name'/],
    ] as const) {
      const { code, stdout, stderr } = await keys(...args, '--data', 'wrong')
      assert.deepEqual([code, stdout], [2, ''], stderr)
      assert.match(stderr, reason)
    }
    assert.equal(keyFile('wrong'), before)
    assert.equal((await keys('rveoke', 'till')).code, 2)
  })

  test('leaves a damaged file as it is', async () => {
    await keys('create', '--role', 'score', '--data', 'damaged')
    writeFileSync(join(folder, 'damaged/keys.json'), '{')
    const { code, stderr } = await keys('create', '--role', 'score', '--data', 'damaged')
    assert.equal(code, 1)
    assert.match(stderr, /DATA_INVALID: damaged.keys\.json: The key file is damaged: it is not JSON/)
    assert.equal(keyFile('damaged'), '{')
  })

  test('list of a directory without keys says so', async () => {
    assert.match((await keys('list', '--data', 'none-yet')).stdout, /no keys in none-yet/)
    assert.equal((await keys('list', '--data', 'none-yet', '--json')).stdout, '[]\n')
  })
})

describe('a misspelt data directory', () => {
  writeFileSync(join(folder, 'labels.csv'), 'transactionId,isFraud\nt-1,1\n')

  for (const command of [
    'keys create --role score',
    'keys list',
    'keys revoke till',
    'log head',
    'log verify',
    'log export',
    'log rekey',
    'backup copy',
    'erase --key card=c-1',
    'snapshot',
    'features --from-log',
    'train --from-log',
    'tune --from-log',
    'label labels.csv',
  ])
    test(`is refused by ${command}, which says what to do and makes nothing`, async () => {
      const { code, stdout, stderr } = await runIn(folder, [...command.split(' '), '--data', 'dtaa'])
      assert.deepEqual([code, stdout], [1, ''], stderr)
      assert.match(stderr, /error FILE_UNREADABLE: There is no directory dtaa: name the directory of serve/)
      assert.deepEqual([existsSync(join(folder, 'dtaa')), existsSync(join(folder, 'copy'))], [false, false])
    })

  test('is told from one that is there and has no log yet', async () => {
    for (const command of ['log head', 'backup copy', 'label labels.csv']) {
      const { code, stderr } = await runIn(folder, [...command.split(' '), '--data', 'none-yet'])
      assert.equal(code, 1)
      assert.match(stderr, /error FILE_UNREADABLE: There is no log in none-yet: name the directory/)
    }
    assert.deepEqual(readdirSync(join(folder, 'none-yet')), [])
  })
})
