import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { testPassword } from '../../test/service/accounts-fixture.ts'
import { cardsDetector } from '../../test/service/decisions-fixture.ts'
import { amountBundle } from '../../test/service/model-fixture.ts'
import { openWholeService } from '../../test/service/whole-service.ts'
import { createKeyRing, digestKey } from '../access/keys.ts'
import type { Role } from '../access/roles.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close()
})

const createdAt = '2026-11-22T09:00:00.000Z'
const rule = { id: 'large', when: 'amount > 100.0', then: 'review', reason: 'Large', state: 'live' }

/** Ada, Bob and Cay log in; keys are of Ada, of Bob and of nobody. */
async function open({ on = true } = {}) {
  const key = (name: string, role: Role, owner?: string) => {
    return { name, roles: [role], sha256: digestKey(name), createdAt, ...(owner !== undefined && { owner }) }
  }
  const keys = [
    key('key-of-ada', 'admin', 'ada'),
    key('other-key-of-ada', 'approver', 'Ada'),
    key('key-of-bob', 'approver', 'bob'),
    key('key-of-nobody', 'admin'),
  ]
  const ring = createKeyRing(['environment-key-of-nobody'], keys)
  const whole = await openWholeService({ keyRing: () => ring })
  opened.push(whole)
  const { people, app } = whole
  await people.add('ada', 'admin')
  await people.add('bob', 'approver')
  await people.add('cay', 'author')
  const ask = async (
    who: string,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    payload?: object,
    more = {},
  ) => {
    const isKey = who.includes('-')
    const token = isKey ? '' : (await people.accounts.logIn(who, testPassword, '127.0.0.1')).token
    const login = { cookie: `shrike_session=${token}`, host: 'localhost', origin: 'http://localhost' }
    const headers = { ...(isKey ? { authorization: `Bearer ${who}` } : login), ...more }
    const answer = await app.inject({ method, url, headers, ...(payload && { payload }) })
    return { status: answer.statusCode, body: answer.json() }
  }
  if (on) assert.deepEqual(await ask('ada', 'PUT', '/v1/four-eyes', { on: true }), { status: 200, body: { on: true } })
  const rules = async () => (await ask('ada', 'GET', '/v1/rules')).body.rules.map(({ id }: { id: string }) => id)
  const approve = (who: string, { change, hash }: { change: number; hash: string }) =>
    ask(who, 'POST', `/v1/changes/${change}/approve`, { hash })
  return { ...whole, ask, rules, approve }
}

describe('under four eyes', () => {
  test('a rule waits until somebody else lets it through, and its record names both', async () => {
    const { ask, rules, approve, service } = await open()
    const before = service.policy.version
    const proposed = await ask('cay', 'POST', '/v1/rules', { ...rule, why: 'Large ones' })
    assert.equal(proposed.status, 202, JSON.stringify(proposed.body))
    const { state, change, hash, diff } = proposed.body
    assert.deepEqual([state, change, diff.length], ['pending', 1, 1])
    assert.deepEqual(await rules(), [])
    const [pending] = (await ask('bob', 'GET', '/v1/changes?state=pending')).body.changes
    assert.deepEqual(
      [pending.by, pending.why, pending.base, pending.hash, pending.content.rule.id],
      ['user:cay', 'Large ones', before, hash, 'large'],
    )
    const approved = await approve('bob', proposed.body)
    assert.equal(approved.status, 200, JSON.stringify(approved.body))
    assert.deepEqual([approved.body.state, approved.body.decidedBy], ['approved', 'user:bob'])
    assert.deepEqual(await rules(), ['large'])
    const record = service.reading.at(approved.body.sequence)
    assert.ok(record?.kind === 'rule')
    assert.deepEqual([record.by, record.approvedBy, record.why], ['user:cay', 'user:bob', 'Large ones'])
    assert.equal((await approve('bob', { change, hash })).body.code, 'CHANGE_DECIDED')
  })

  test('nobody lets through what is their own, with whatever key or login', async () => {
    const { ask, rules, approve } = await open()
    for (const author of ['ada', 'key-of-ada']) {
      const { body } = await ask(author, 'POST', '/v1/rules', rule)
      assert.equal(body.state, 'pending', JSON.stringify(body))
      for (const approver of ['ada', 'key-of-ada', 'other-key-of-ada'])
        assert.equal((await approve(approver, body)).body.code, 'SAME_PERSON', `${author} ${approver}`)
      // Nor is it known that these are somebody else's.
      for (const approver of ['key-of-nobody', 'environment-key-of-nobody'])
        assert.equal((await approve(approver, body)).body.code, 'OWNER_MISSING', `${author} ${approver}`)
      assert.equal((await approve('cay', body)).body.code, 'FORBIDDEN')
      assert.equal(
        (await ask('ada', 'POST', `/v1/changes/${body.change}/reject`, { hash: body.hash })).body.code,
        'SAME_PERSON',
      )
    }
    assert.equal((await ask('key-of-nobody', 'POST', '/v1/rules', rule)).body.code, 'OWNER_MISSING')
    assert.deepEqual(await rules(), [])
  })

  test('nobody makes a second person to be, nor becomes another', async () => {
    const { ask } = await open()
    const password = 'a password long enough'
    for (const [method, url, body] of [
      ['POST', '/v1/users', { name: 'ada2', password, roles: ['approver'] }],
      ['PUT', '/v1/users/bob', { password }],
      ['PUT', '/v1/users/ada', { roles: ['admin', 'approver'] }],
      ['PUT', '/v1/users/bob', { disabled: false }],
    ] as const)
      assert.equal((await ask('ada', method, url, body)).body.code, 'APPROVAL_REQUIRED', url)
    assert.equal((await ask('ada', 'PUT', '/v1/users/bob', { disabled: true })).status, 200)
  })

  test('the setting itself is switched off by two, and on by one who is known', async () => {
    const { ask, approve } = await open({ on: false })
    assert.equal((await ask('key-of-nobody', 'PUT', '/v1/four-eyes', { on: true })).body.code, 'OWNER_MISSING')
    assert.equal((await ask('ada', 'POST', '/v1/rules', rule)).status, 200)
    await ask('ada', 'PUT', '/v1/four-eyes', { on: true })
    const off = await ask('ada', 'PUT', '/v1/four-eyes', { on: false, why: 'In a hurry' })
    assert.deepEqual([off.status, off.body.state], [202, 'pending'])
    assert.deepEqual((await ask('cay', 'GET', '/v1/four-eyes')).body, { on: true })
    assert.equal((await approve('other-key-of-ada', off.body)).body.code, 'SAME_PERSON')
    assert.equal((await approve('key-of-bob', off.body)).status, 200)
    assert.deepEqual((await ask('cay', 'GET', '/v1/four-eyes')).body, { on: false })
  })

  test('what is approved is what was looked at', async () => {
    const { ask, approve, people, rules } = await open()
    const { body } = await ask('cay', 'POST', '/v1/rules', rule)
    assert.equal((await approve('bob', { ...body, hash: '0'.repeat(64) })).body.code, 'CHANGE_DIFFERS')
    // Somebody who writes to the file changes what the hash is of.
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(`${people.path}/access.sqlite`)
    database.exec(`UPDATE proposals SET content = replace(content, '> 100.0', '> 999999.0')`)
    database.close()
    assert.equal((await approve('bob', body)).body.code, 'CHANGE_DIFFERS')
    assert.deepEqual(await rules(), [])
  })

  test('a change of a policy that has moved on is refused, and outdated from then on', async () => {
    const { ask, approve, rules } = await open()
    const first = (await ask('cay', 'POST', '/v1/rules', rule)).body
    const second = (await ask('cay', 'POST', '/v1/rules', { ...rule, id: 'other' })).body
    assert.equal((await approve('bob', first)).status, 200)
    const late = await approve('bob', second)
    assert.deepEqual([late.status, late.body.code], [412, 'POLICY_CHANGED'])
    assert.match(late.body.detail, /is in version \d+ by now/)
    assert.equal((await ask('cay', 'GET', `/v1/changes/${second.change}`)).body.state, 'outdated')
    assert.equal((await approve('bob', second)).body.code, 'CHANGE_DECIDED')
    assert.deepEqual(await rules(), ['large'])
  })

  test('of two who approve at once one does', async () => {
    const { ask, approve, service } = await open()
    const { body } = await ask('cay', 'POST', '/v1/rules', rule)
    const { steps } = service.policy
    const answers = await Promise.all([approve('bob', body), approve('ada', body), approve('key-of-bob', body)])
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409])
    assert.equal(service.policy.steps.length, steps.length + (service.policy.steps === steps ? 0 : 1))
  })

  test('a change is rejected by somebody else, or taken back by who made it', async () => {
    const { ask, approve } = await open()
    const first = (await ask('cay', 'POST', '/v1/rules', rule)).body
    const rejected = await ask('bob', 'POST', `/v1/changes/${first.change}/reject`, {
      hash: first.hash,
      why: 'Too many',
    })
    assert.deepEqual([rejected.body.state, rejected.body.decidedWhy], ['rejected', 'Too many'])
    const second = (await ask('cay', 'POST', '/v1/rules', rule)).body
    assert.equal((await ask('ada', 'DELETE', `/v1/changes/${second.change}`)).body.code, 'FORBIDDEN')
    assert.equal((await ask('cay', 'DELETE', `/v1/changes/${second.change}`)).body.state, 'withdrawn')
    for (const change of [first, second]) assert.equal((await approve('bob', change)).body.code, 'CHANGE_DECIDED')
    assert.equal((await approve('bob', { change: 99, hash: '' })).body.code, 'CHANGE_UNKNOWN')
  })

  test('each way to change what decides waits, and what is wrong is told at once', async () => {
    const { ask, service, modelId } = await open({ on: false })
    await ask('ada', 'POST', '/v1/rules', rule)
    await ask('ada', 'PUT', '/v1/lists/mules', { of: 'card', effect: 'watch' })
    const other = amountBundle(cardsDetector({ policy: { review: 0.5, decline: 0.9 } }), 20)
    const octets = { 'content-type': 'application/octet-stream' }
    const login = { authorization: 'Bearer key-of-ada', ...octets }
    const added = await opened.length
    assert.equal(added, 1)
    const { app } = opened[0] as Awaited<ReturnType<typeof openWholeService>>
    assert.equal(
      (await app.inject({ method: 'POST', url: '/v1/models', headers: login, body: Buffer.from(other.bytes) }))
        .statusCode,
      200,
    )
    await ask('ada', 'PUT', '/v1/four-eyes', { on: true })
    const { version } = service.policy
    const until = '2030-01-01T00:00:00Z'
    for (const [method, url, body] of [
      ['POST', '/v1/rules', { ...rule, id: 'another' }],
      ['PUT', '/v1/rules/large/state', { state: 'off' }],
      ['DELETE', '/v1/rules/large', {}],
      ['POST', '/v1/rules/large/snoozes', { key: 'card', value: 'c', until }],
      ['PUT', '/v1/policy', { thresholds: { review: 0.1 } }],
      ['POST', '/v1/policy/rollback', { to: service.policy.oldestVersion }],
      ['POST', '/v1/policy/changes', { change: { kind: 'rule-removed', id: 'large' } }],
      ['PUT', '/v1/lists/others', { of: 'card', effect: 'block' }],
      ['POST', '/v1/lists/mules/entries', { add: ['c-1'] }],
      ['DELETE', '/v1/lists/mules', {}],
      ['POST', `/v1/models/${encodeURIComponent(other.id)}/deploy`, { role: 'champion' }],
    ] as const) {
      const { status, body: answer } = await ask('cay', method, url, body)
      assert.deepEqual([status, answer.state], [202, 'pending'], `${method} ${url}: ${JSON.stringify(answer)}`)
    }
    assert.equal(service.policy.version, version)
    assert.equal(service.deployer?.servedId, modelId)
    const wrong = await ask('cay', 'POST', '/v1/rules', { ...rule, when: 'amuont > 1.0' })
    assert.deepEqual([wrong.status, wrong.body.errors[0].field], [422, 'when'])
    const stale = await ask('cay', 'POST', '/v1/rules', rule, { 'if-match': '"0"' })
    assert.equal(stale.body.code, 'POLICY_CHANGED')
    // A command does not, nor, or a bundle that was put in place.
    await assert.rejects(
      service.change({ kind: 'rule-removed', id: 'large' }, { by: 'command:policy', why: '' }),
      /Somebody else has to approve/,
    )
    await assert.rejects(
      service.deployer?.offer(other.bytes, { by: 'signal:SIGHUP', why: '' }) ?? Promise.resolve(),
      /approve/,
    )
  })

  test('lines of CSV and NDJSON wait as one change, with bad ones told, and come in as they would have', async () => {
    const { ask, approve, service, app } = await open({ on: false })
    await ask('ada', 'PUT', '/v1/lists/mules', { of: 'card', effect: 'watch' })
    await ask('ada', 'PUT', '/v1/four-eyes', { on: true })
    const send = async (body: string, type = 'text/csv') => {
      const headers = { authorization: 'Bearer key-of-ada', 'content-type': type }
      const answer = await app.inject({ method: 'POST', url: '/v1/lists/mules/entries?why=calls', headers, body })
      return { status: answer.statusCode, body: answer.json() }
    }
    const held = () => service.policy.entriesOf('mules')?.size ?? 0
    const cards = Array.from({ length: 250 }, (_, i) => `c-${i},seen`)
    const { status, body } = await send(['value,note', ...cards, ',nothing', ''].join('\n'))
    assert.equal(status, 202, JSON.stringify(body))
    assert.deepEqual(
      [body.state, body.lines, body.added, body.refused, body.errors[0].line, body.diff],
      ['pending', 251, 0, 1, 252, ['list mules: 250 entries added']],
    )
    assert.equal(held(), 0)
    const [pending] = (await ask('bob', 'GET', '/v1/changes?state=pending')).body.changes
    assert.deepEqual(
      [pending.kind, pending.base, pending.why, pending.by],
      ['entries', null, 'calls', 'key:key-of-ada'],
    )
    assert.deepEqual(
      pending.content.changes.map(({ add }: { add: readonly object[] }) => add.length),
      [100, 100, 50],
    )
    assert.equal((await approve('ada', body)).body.code, 'SAME_PERSON')
    const approved = await approve('bob', body)
    assert.equal(approved.status, 200, JSON.stringify(approved.body))
    assert.equal(held(), 250)
    const record = service.reading.at(approved.body.sequence)
    assert.ok(record?.kind === 'list')
    assert.deepEqual([record.by, record.approvedBy, record.why], ['key:key-of-ada', 'user:bob', 'calls'])
    // Nothing waits where no line is good, nor where there are more than somebody can look at.
    const none = await send('{"value":""}\n', 'application/x-ndjson')
    assert.deepEqual([none.status, none.body.refused, none.body.change], [200, 1, undefined])
    const many = await send(`value\n${Array.from({ length: 20_001 }, (_, i) => `m-${i}`).join('\n')}\n`)
    assert.deepEqual([many.status, many.body.code], [422, 'INPUT_INVALID'])
    assert.deepEqual((await ask('bob', 'GET', '/v1/changes?state=pending')).body.changes, [])
  })

  test('what alerts are asked for waits, and is outdated once others are', async () => {
    const { ask, approve, service } = await open()
    const definition = { kind: 'drift', isOn: false, severity: 'info', limit: 0.2 }
    const put = (...alerts: object[]) => ask('cay', 'PUT', '/v1/alerts', { alerts, why: 'Too many' })
    const drift = async () =>
      (await ask('bob', 'GET', '/v1/alerts')).body.alerts.find(({ kind }: { kind: string }) => kind === 'drift')
    const [first, second] = [await put(definition), await put({ ...definition, isOn: true })]
    assert.deepEqual(
      [first.status, first.body.state, first.body.diff],
      [202, 'pending', ['alert drift: off, info, limit 0.2, where it was on, warning, limit 0.05']],
    )
    assert.equal((await drift()).isOn, true)
    const wrong = await put({ ...definition, severity: 'dire' })
    assert.deepEqual([wrong.status, wrong.body.errors[0].field], [422, 'alerts.0.severity'])
    assert.equal((await approve('cay', first.body)).body.code, 'FORBIDDEN')
    const approved = await approve('bob', first.body)
    assert.equal(approved.status, 200, JSON.stringify(approved.body))
    assert.deepEqual(await drift(), definition)
    const record = service.reading.at(approved.body.version)
    assert.ok(record?.kind === 'alert')
    assert.deepEqual([record.by, record.approvedBy, record.why], ['user:cay', 'user:bob', 'Too many'])
    assert.equal((await approve('bob', second.body)).body.code, 'POLICY_CHANGED')
    const direct = service.alerts.define([definition], {}, { by: 'user:cay', why: '' })
    await assert.rejects(direct, { code: 'APPROVAL_REQUIRED' })
  })

  test('a deployment that was approved takes place, with both names in its record', async () => {
    const { ask, approve, service, app } = await open()
    const other = amountBundle(cardsDetector({ policy: { review: 0.5, decline: 0.9 } }), 20)
    const headers = { authorization: 'Bearer key-of-ada', 'content-type': 'application/octet-stream' }
    await app.inject({ method: 'POST', url: '/v1/models', headers, body: Buffer.from(other.bytes) })
    const deploy = (role: string) => ask('cay', 'POST', `/v1/models/${encodeURIComponent(other.id)}/deploy`, { role })
    const [champion, shadow] = [(await deploy('champion')).body, (await deploy('shadow')).body]
    const approved = await approve('bob', champion)
    assert.equal(approved.status, 200, JSON.stringify(approved.body))
    assert.equal(service.deployer?.servedId, other.id)
    const record = service.reading.at(approved.body.version)
    assert.ok(record?.kind === 'deployment')
    assert.deepEqual([record.by, record.approvedBy], ['user:cay', 'user:bob'])
    assert.equal((await approve('bob', shadow)).body.code, 'MODELS_CHANGED')
  })
})
