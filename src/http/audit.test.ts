import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { testPassword } from '../../test/service/accounts-fixture.ts'
import { openWholeService } from '../../test/service/whole-service.ts'
import { createKeyRing, digestKey } from '../access/keys.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close()
})

const own = { host: '127.0.0.1:8000', origin: 'http://127.0.0.1:8000' }
const createdAt = '2026-11-22T09:00:00.000Z'
const rule = { id: 'large', when: 'amount > 100.0', then: 'review', reason: 'Large' }

interface Entry {
  readonly who: string
  readonly what: string
  readonly target: string | null
  readonly from: string | null
  readonly detail: Readonly<Record<string, unknown>>
}

async function open(transaction: { readonly personal?: string[] } = {}) {
  const keys = (['admin', 'score'] as const).map((role) => ({
    ...{ name: role, roles: [role], sha256: digestKey(`key-of-${role}`), createdAt },
  }))
  const ring = createKeyRing([], keys)
  const whole = await openWholeService({ keyRing: () => ring }, undefined, transaction)
  opened.push(whole)
  const { app, people } = whole
  await people.add('ada', 'admin')
  await people.add('bob', 'viewer')
  const send = async (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    headers: Readonly<Record<string, string>> = {},
    payload?: object,
  ) => app.inject({ method, url, headers: { ...own, ...headers }, ...(payload && { payload }) })
  const key = (name: string) => ({ authorization: `Bearer key-of-${name}` })
  const logIn = async (name: string, password = testPassword) => {
    const answer = await send('POST', '/v1/sessions', {}, { name, password })
    return { cookie: String(answer.headers['set-cookie']).split(';')[0] ?? '' }
  }
  const entries = async (query = ''): Promise<readonly Entry[]> => {
    const answer = await send('GET', `/v1/audit${query}`, key('admin'))
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json().entries
  }
  return { ...whole, send, key, logIn, entries }
}

describe('the audit', () => {
  test('names who changed what, from where, and what it was before', async () => {
    const { send, logIn, entries } = await open()
    const ada = await logIn('ada')
    assert.equal((await send('POST', '/v1/rules', ada, rule)).statusCode, 200)
    await send('PUT', '/v1/users/bob', ada, { roles: ['analyst'], password: 'another long password' })
    await send('DELETE', '/v1/sessions', ada)
    const found = await entries('?who=user:ada')
    assert.deepEqual(
      found.map(({ what, target, from }) => [what, target, from]),
      [
        ['logOut', 'DELETE /v1/sessions', '127.0.0.1'],
        ['changeUser', 'PUT /v1/users/bob', '127.0.0.1'],
        ['putRule', 'POST /v1/rules', '127.0.0.1'],
        ['logIn', 'POST /v1/sessions', '127.0.0.1'],
      ],
    )
    assert.deepEqual(found[1]?.detail, {
      ...{
        user: 'bob',
        before: { roles: ['viewer'], disabled: false },
        after: { roles: ['analyst'], disabled: false },
      },
      password: 'changed',
    })
    assert.equal(typeof found[2]?.detail.version, 'number')
    assert.deepEqual(found[3]?.detail, { by: 'password', user: 'ada' })
    assert.ok(!JSON.stringify(await entries()).includes('another long password'))
    assert.deepEqual(await entries('?what=putRule&who=user:bob'), [])
  })

  test('notes refusals and failed logins, counts repeated ones, and never the name that nobody has', async () => {
    const { send, key, logIn, entries, people } = await open()
    const bob = await logIn('bob')
    for (let i = 0; i < 5; i++) await send('GET', '/v1/users', bob)
    await send('GET', '/v1/users', { authorization: 'Bearer made-up' })
    await send('POST', '/v1/rules', key('score'), rule)
    await logIn('ada', 'wrong password')
    await logIn('my password in the wrong field', 'x')
    people.clock.nowMs += 61_000
    await send('GET', '/v1/users', bob)
    const refused = (await entries('?what=refused')).map(({ who, target, detail }) => [who, target, detail])
    assert.deepEqual(refused, [
      ['user:bob', 'GET /v1/users', { code: 'FORBIDDEN' }],
      ['user:bob', 'GET /v1/users', { code: 'FORBIDDEN', repeated: 4 }],
      ['key:score', 'POST /v1/rules', { code: 'FORBIDDEN' }],
      ['anyone', 'GET /v1/users', { code: 'UNAUTHORIZED' }],
      ['user:bob', 'GET /v1/users', { code: 'FORBIDDEN' }],
    ])
    const failed = (await entries('?what=logIn&who=anyone')).map(({ detail }) => detail)
    assert.deepEqual(failed, [
      { by: 'password', user: null, status: 401 },
      { by: 'password', user: 'ada', status: 401 },
    ])
    assert.ok(!JSON.stringify(await entries()).includes('wrong field'))
  })

  test('holds a bounded number of refusals, however many come', async () => {
    const { send, entries } = await open()
    for (let i = 0; i < 400; i++)
      await send('GET', '/v1/users', { authorization: 'Bearer no', host: own.host, 'x-forwarded-for': `10.0.0.${i}` })
    assert.equal((await entries('?what=refused')).length, 1)
  })

  test('notes who read persons in clear, and exports, but no decision of a key', async () => {
    const { send, key, entries, logIn, decide } = await open({ personal: ['card'] })
    const answer = await decide('t-1')
    assert.equal(answer.outcome, 'approve')
    const bob = await logIn('bob')
    assert.equal((await send('GET', '/v1/decisions/t-1', bob)).json().transaction.CARD, 'c-1')
    await send('GET', '/v1/decisions/nothing-here', bob)
    await send('GET', '/v1/decisions?limit=1', bob)
    await send('POST', '/v1/decisions', key('score'), { ID: 't-2' })
    const found = (await entries()).map(({ who, what, target }) => `${who} ${what} ${target}`)
    assert.deepEqual(found, [
      'user:bob decisions GET /v1/decisions',
      'user:bob decision GET /v1/decisions/t-1',
      'user:bob logIn POST /v1/sessions',
    ])
    // To look at the audit is noted, too.
    assert.equal((await entries())[0]?.what, 'audit')
  })

  test('notes no reading where there are no persons', async () => {
    const { send, logIn, entries, decide } = await open()
    await decide('t-1')
    const bob = await logIn('bob')
    await send('GET', '/v1/decisions/t-1', bob)
    assert.deepEqual(
      (await entries('?who=user:bob')).map(({ what }) => what),
      ['logIn'],
    )
  })

  test('comes in pages, by time, and outlives a restart', async () => {
    const { send, logIn, people, key } = await open()
    const ada = await logIn('ada')
    for (let i = 0; i < 5; i++) {
      people.clock.nowMs += 60_000
      await send('POST', '/v1/rules', ada, { ...rule, id: `rule-${i}` })
    }
    const page = async (query: string) => (await send('GET', `/v1/audit?what=putRule&${query}`, key('admin'))).json()
    const first = await page('limit=3')
    const second = await page(`limit=3&cursor=${first.cursor}`)
    assert.deepEqual([first.entries.length, second.entries.length, second.cursor], [3, 2, null])
    const from = new Date(people.clock.nowMs - 60_000).toISOString()
    assert.equal((await page(`from=${from}`)).entries.length, 2)
    assert.equal((await page(`to=${from}`)).entries.length, 3)
    assert.equal((await page('from=yesterday')).code, 'INPUT_INVALID')
    const { openTestAccounts } = await import('../../test/service/accounts-fixture.ts')
    const again = openTestAccounts(people.path)
    assert.equal(again.accounts.audit.list({ what: 'putRule', before: 1e9, limit: 9 }).length, 5)
    again.close()
  })
})
