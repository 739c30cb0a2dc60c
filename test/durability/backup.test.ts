import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Decision } from '../../src/decisioning/decision.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { assertRowsAreReplayed, assertSnapshotsLeadToSameState, assertSound, withLog } from './log-checks.ts'
import {
  firstAnswer,
  type Purchase,
  purchases,
  runShrike,
  ServiceProcess,
  succeed,
  temporaryFolder,
  trainBundle,
  withShortWindows,
} from './service.ts'
import { Traffic } from './traffic.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

/** Sends in order, and returns the answers. */
async function sendInOrder(service: ServiceProcess, some: readonly Purchase[]): Promise<Decision[]> {
  const bodies = some.map(({ body }) => body)
  const { status, text } = await service.ask('POST', '/v1/decisions/batch', bodies)
  assert.equal(status, 200, text)
  const decisions: Decision[] = JSON.parse(text)
  for (const decision of decisions) assert.ok('outcome' in decision, JSON.stringify(decision))
  return decisions
}

describe('a backup', () => {
  test('of a service under load starts, gives the same answers, and goes on', async () => {
    const bundle = await trainBundle(folder)
    const traffic = new Traffic(purchases(3000), 3)
    const service = await ServiceProcess.start(bundle, at('live'), ['--snapshot-every', '200'])
    await traffic.send(service, 8, () => traffic.counts.decisions > 600)
    let isStopped = false
    const load = traffic.send(service, 8, () => isStopped)
    const known = new Map(traffic.answers)
    await succeed('backup', at('copy'), '--data', at('live'))
    isStopped = true
    await load
    await service.stop()

    const records = assertSound(at('copy'))
    assert.ok(records >= known.size)
    const restored = await ServiceProcess.start(bundle, at('copy'))
    for (const [id, answer] of known) {
      const purchase = traffic.decided.find((decided) => decided.id === id)
      const { text } = await restored.decide(purchase?.body)
      assert.match(text, /"duplicate":true/)
      assert.equal(firstAnswer(text), answer)
    }
    await sendInOrder(restored, purchases(3100).slice(-100))
    await restored.stop()
    assertSound(at('copy'))
    await assertRowsAreReplayed(at('copy'), bundle)
    assertSnapshotsLeadToSameState(at('copy'))
  })
})

describe('an erasure', () => {
  const sent = purchases(3000)
  const customerOf = ({ body }: Purchase) => String(body.customer_id)
  const customers = [...new Set(sent.map(customerOf))]
  const data = at('persons')
  let bundle = ''

  before(async () => {
    const change = (yaml: string) => yaml.replace('  label:', '  personal: [customer]\n  label:')
    bundle = await trainBundle(folder, { change, name: 'persons' })
  })

  function filesHolding(value: string): string[] {
    const names = readdirSync(data, { recursive: true, encoding: 'utf8' })
    try {
      return names.filter(
        (name) => /\.(sqlite.*|snapshot|partial)$/.test(name) && readFileSync(join(data, name)).includes(value),
      )
    } catch (error) {
      // A snapshot took its name in between, or a newer one its place: all are looked at again.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return filesHolding(value)
      throw error
    }
  }

  test('leaves no trace of a person in any file, and the others as they are', async () => {
    const service = await ServiceProcess.start(bundle, data, ['--snapshot-every', '300'])
    const { status, text } = await service.ask(
      'POST',
      '/v1/decisions/batch',
      sent.map(({ body }) => body),
    )
    assert.equal(status, 200)
    assert.ok(!text.includes('"error"'), text.slice(0, 500))
    const before = withLog(data, rows)
    const [erased, byCommand] = [customers.slice(0, 40), customers.slice(40, 43)]
    for (const value of erased) {
      assert.ok(filesHolding(value).length > 0)
      const answer = await service.ask('POST', '/v1/erasures', { key: 'customer', value })
      assert.equal(answer.status, 200)
      assert.equal(JSON.parse(answer.text).erased, true)
      assert.deepEqual(filesHolding(value), [], value)
    }
    for (const { id, body } of [
      sent.find((purchase) => customerOf(purchase) === erased[0]),
      sent.find((purchase) => customerOf(purchase) === customers[50]),
    ].filter((purchase) => purchase !== undefined)) {
      const shown = JSON.parse((await service.ask('GET', `/v1/decisions/${id}`)).text).transaction.customer_id
      assert.equal(shown, body.customer_id === erased[0] ? null : body.customer_id)
    }
    // The service is asked as long as it works on the directory.
    await succeed('erase', '--key', `customer=${byCommand[0]}`, '--data', data)
    assert.deepEqual(filesHolding(byCommand[0]), [])
    await service.stop()
    for (const value of byCommand.slice(1)) {
      await succeed('erase', '--key', `customer=${value}`, '--data', data)
      assert.deepEqual(filesHolding(value), [], value)
    }
    assertSound(data)
    assert.deepEqual(withLog(data, rows), before)
    assert.equal(await assertRowsAreReplayed(data, bundle), sent.length)
    const { text: again } = await (async () => {
      const next = await ServiceProcess.start(bundle, data)
      const answer = await next.ask('GET', `/v1/decisions/${sent[0].id}`)
      await next.stop()
      return answer
    })()
    assert.equal(
      JSON.parse(again).transaction.customer_id,
      erased.includes(customerOf(sent[0])) ? null : customerOf(sent[0]),
    )
  })
})

function rows(reader: Parameters<Parameters<typeof withLog>[1]>[0]): readonly unknown[] {
  return reader.database.prepare('SELECT sequence, id, body, hash FROM records WHERE kind <= 1 ORDER BY sequence').all()
}

describe('retention', () => {
  const hourMs = 3_600_000

  test('deletes what is older, and what is kept is answered, sound and computed as before', async (t) => {
    const bundle = await trainBundle(folder, { change: withShortWindows, name: 'short' })
    const data = at('retained')
    const sent = purchases(2400)
    const tooShort = await runShrike('serve', bundle, '--data', data, '--port', '0', '--retain', '1h')
    assert.match(tooShort.stderr, /OPTION_INVALID.*--retain must be at least/)
    assert.equal(tooShort.code, 2)
    const start = () => ServiceProcess.start(bundle, data, ['--retain', '2h', '--snapshot-every', '200'])
    const service = await start()
    const answers: Decision[] = []
    const pruned = () => withLog(data, (reader) => reader.prunedThrough())
    for (let from = 0; from < sent.length; from += 300) {
      answers.push(...(await sendInOrder(service, sent.slice(from, from + 300))))
      await sleep(700)
    }
    for (let waited = 0; pruned() < 300; waited += 50) {
      assert.ok(waited < 60_000, `nothing was deleted: ${service.log()}`)
      await sleep(50)
    }
    await service.stop()
    const through = pruned()
    assertSound(data)
    const [first, count] = withLog(data, (reader) => {
      const row = reader.database.prepare('SELECT min(timestamp_ms) AS first, count(*) AS count FROM records').get()
      const kept = reader.database
        .prepare('SELECT min(timestamp_ms) AS ms FROM records WHERE kind <= 1 AND sequence > ?')
        .get(through)
      assert.ok(row !== undefined)
      return [Number(kept?.ms), Number(row.count)]
    })
    assert.ok(count < sent.length, 'nothing was deleted')
    const rows = await assertRowsAreReplayed(data, bundle, first + hourMs)
    assert.ok(rows > 0)

    for (const withSnapshots of [true, false]) {
      if (!withSnapshots) rmSync(dataDirectory(data).snapshotsPath, { recursive: true })
      const next = await start()
      const again = await sendInOrder(next, sent.slice(-50))
      const firstOnes = answers.slice(-50).map((answer) => ({ ...answer, duplicate: true }))
      assert.deepEqual(again, firstOnes)
      await next.stop()
    }
    assertSound(data)
    t.diagnostic(`records through ${through} of ${sent.length} deleted; ${rows} rows the same in every bit`)
  })
})
