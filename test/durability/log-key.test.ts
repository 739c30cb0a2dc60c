import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, before, beforeEach, describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { withLog } from './log-checks.ts'
import { purchases, runShrike, ServiceProcess, succeed, temporaryFolder, trainBundle } from './service.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const sent = purchases(40)
const goldenKey = 'a key of the golden directory'
let bundle = ''

/** Commands inherit the environment. */
function setKey(key: string | undefined, before?: string): void {
  for (const [name, value] of [
    ['SHRIKE_LOG_KEY', key],
    ['SHRIKE_LOG_KEY_BEFORE', before],
  ] as const) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
}

const personal = (yaml: string) => yaml.replace('  label:', '  personal: [customer]\n  label:')

before(async () => {
  bundle = await trainBundle(folder, { change: personal })
})
beforeEach(() => setKey(undefined))
afterEach(() => setKey(undefined))

async function decideSome(data: string, from: number, to: number): Promise<void> {
  const service = await ServiceProcess.start(bundle, data)
  for (const { body } of sent.slice(from, to)) assert.equal((await service.decide(body)).status, 200)
  await service.stop()
}

const last = (data: string) => withLog(data, (reader) => reader.lastSequence())

describe('a writer of the log', () => {
  const data = at('keyed')

  before(async () => {
    setKey('secret')
    await decideSome(data, 0, 5)
  })

  test('is refused without the key, with another one, and with one for a log that has none', async () => {
    const customer = `customer=${sent[0].body.customer_id}`
    writeCsv(at('more.csv'))
    const commands = [
      ['serve', bundle, '--data', data, '--port', '0'],
      ['replay', at('more.csv'), '--as', 'history', '--data', data, '--bundle', bundle],
      ['erase', '--key', customer, '--data', data],
      ['snapshot', '--data', data],
    ]
    const records = last(data)
    for (const key of [undefined, 'another']) {
      setKey(key)
      for (const command of commands) {
        const { code, stderr } = await runShrike(...command)
        assert.equal(code, 1, `${command[0]}: ${stderr}`)
        assert.match(stderr, /LOG_KEY_MISMATCH: .*SHRIKE_LOG_KEY/)
      }
    }
    setKey('secret')
    assert.equal(last(data), records)
    assert.match(
      await succeed('log', 'verify', '--data', data),
      /6 records, 1 to 6, are unchanged since they were written/,
    )

    setKey(undefined)
    await decideSome(at('plain'), 0, 2)
    setKey('secret')
    const { code, stderr } = await runShrike('serve', bundle, '--data', at('plain'), '--port', '0')
    assert.equal(code, 1)
    assert.match(stderr, /LOG_KEY_MISMATCH: .*without a key, and SHRIKE_LOG_KEY is set: unset it/)
    setKey('')
    assert.match((await runShrike('log', 'verify', '--data', data)).stderr, /OPTION_INVALID: SHRIKE_LOG_KEY is empty/)
  })

  test('goes on with another key after the log changed over, and what was before is verified with both', async () => {
    const changed = at('changed')
    cpSync(data, changed, { recursive: true })
    setKey('new', 'secret')
    const said = await succeed('log', 'rekey', '--data', changed)
    assert.match(said, /From record 7 on the log is written with the new key/)
    setKey('new')
    await decideSome(changed, 5, 8)
    const without = await runShrike('log', 'verify', '--data', changed)
    assert.match(without.stderr, /LOG_INVALID: Record 1 was altered, or the key is a different one/)
    setKey('new', 'secret')
    const { code, stderr, stdout } = await runShrike('log', 'verify', '--data', changed)
    assert.equal(code, 1)
    assert.match(
      stdout,
      /records 1 to 6 were written with SHRIKE_LOG_KEY_BEFORE\nrecords 7 to 10 were written with SHRIKE_LOG_KEY/,
    )
    assert.match(stderr, /LOG_KEY_MISMATCH: Record 7 .*--key-changes 7/)
    const known = await succeed('log', 'verify', '--data', changed, '--key-changes', '7')
    assert.match(known, /10 records, 1 to 10, are unchanged since they were written/)
    assert.doesNotMatch(known, /values of persons/)
    await succeed('backup', at('changed-copy'), '--data', changed, '--key-changes', '7')
    assert.equal((await runShrike('backup', at('no-copy'), '--data', changed)).code, 1)
  })
})

function writeCsv(path: string): void {
  const columns = Object.keys(sent[0].body)
  const rows = sent.slice(20, 22).map(({ body }) => columns.map((name) => String(body[name] ?? '')).join(','))
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, `${[columns.join(','), ...rows].join('\n')}\n`)
}

describe('a data directory of an older Shrike', () => {
  function restore(name: string, data: string): void {
    mkdirSync(join(data, 'snapshots'), { recursive: true })
    const unpack = (file: string) => gunzipSync(readFileSync(`test/golden/data-directory/${file}.gz`))
    writeFileSync(join(data, 'log.sqlite'), unpack(`${name}.sqlite`))
    if (name === 'mixed') return
    writeFileSync(join(data, 'snapshots/0000000000000015.snapshot'), unpack(`${name}.snapshot`))
  }

  for (const [name, key] of [
    ['plain', undefined],
    ['keyed', goldenKey],
  ] as const) {
    test(`is verified, started on and gone on with (${name})`, async () => {
      const data = at(`older-${name}`)
      restore(name, data)
      const decided = withLog(data, (reader) =>
        reader.next(0, 10_000).flatMap((record) => (record.kind === 'decision' ? [record.id] : [])),
      )
      assert.equal(decided.length, 12)
      setKey(key)
      const before = await succeed('log', 'verify', '--data', data)
      assert.match(before, /15 records, 1 to 15, are unchanged since they were written/)
      assert.match(before, /not ruled out: that values of persons were altered: \d+ rows have no MAC/)
      await succeed('backup', at(`older-${name}-copy`), '--data', data)

      const service = await ServiceProcess.start(bundle, data)
      // A person is in clear again, but for the one who was erased.
      const customers: unknown[] = []
      for (const id of decided) {
        const { transaction, labels } = JSON.parse((await service.ask('GET', `/v1/decisions/${id}`)).text)
        assert.equal(labels.length, id === decided[0] ? 1 : 0)
        customers.push(transaction.customer_id)
        if (transaction.customer_id === null) continue
        const present = Object.entries(transaction).filter(([, value]) => value !== null)
        assert.match((await service.decide(Object.fromEntries(present))).text, /"duplicate":true/)
      }
      assert.equal(customers.filter((customer) => customer === null).length, 1)
      for (const { body } of sent.slice(12, 20)) assert.match((await service.decide(body)).text, /"duplicate":false/)
      await service.stop()
      if (key === undefined) assert.doesNotMatch(service.log(), /SNAPSHOT_INVALID/)
      else assert.match(service.log(), /SNAPSHOT_INVALID.*it was made without the log's key/)
      const after = await succeed('log', 'verify', '--data', data)
      assert.match(after, key === undefined ? /values of persons.*only with/ : /values of persons .* before record 16/)
    })
  }

  test('that one start without the key mixed is explained, and taken as it is where that is known', async () => {
    const data = at('mixed')
    restore('mixed', data)
    setKey(goldenKey)
    const { code, stdout, stderr } = await runShrike('log', 'verify', '--data', data)
    assert.equal(code, 1)
    assert.match(
      stdout,
      /records 1 to 15 were written with SHRIKE_LOG_KEY\nrecords 16 to 18 were written without a key/,
    )
    assert.match(stderr, /LOG_KEY_MISMATCH: Record 16 .*--key-changes 16/)
    const known = await succeed('log', 'verify', '--data', data, '--key-changes', '16')
    assert.match(known, /not ruled out: that records 16 to 18 were rewritten/)
    const start = await runShrike('serve', bundle, '--data', data, '--port', '0')
    assert.match(start.stderr, /LOG_KEY_MISMATCH: .*without a key.*log rekey/)
    assert.match((await runShrike('log', 'rekey', '--data', data)).stderr, /LOG_KEY_MISMATCH: Record 16/)
    assert.equal(last(data), 18)
    await succeed('log', 'rekey', '--data', data, '--key-changes', '16')
    await decideSome(data, 15, 17)
    await succeed('log', 'verify', '--data', data, '--key-changes', '16,19')
    await succeed('backup', at('mixed-copy'), '--data', data, '--key-changes', '16,19')
    assert.ok(readFileSync(join(at('mixed-copy'), 'log.sqlite')).length > 0)
  })
})
