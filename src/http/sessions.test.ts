import assert from 'node:assert/strict'
import { afterEach, describe, mock, test } from 'node:test'
import { openTestAccounts, testPassword } from '../../test/service/accounts-fixture.ts'
import { buildTestService } from '../../test/service/fixture.ts'
import { createKeyRing } from '../access/keys.ts'
import type { Role } from '../access/roles.ts'
import type { ServerOptions } from './server.ts'

const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

const apiKey = 'a-key-of-the-environment'
const own = { host: '127.0.0.1:8000', origin: 'http://127.0.0.1:8000' }
type Headers = Readonly<Record<string, string>>

async function open(people: Readonly<Record<string, Role>> = { ada: 'admin' }, options: Partial<ServerOptions> = {}) {
  const made = openTestAccounts()
  opened.push(made.close)
  for (const [name, role] of Object.entries(people)) await made.add(name, role)
  const { app, log } = await buildTestService({ accounts: made.accounts, ...options })
  opened.push(() => app.close())
  const ask = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, headers: Headers = {}, payload?: object) =>
    app.inject({ method, url, headers: { ...own, ...headers }, ...(payload && { payload }) })
  const logIn = (name: string, headers: Headers = {}, password = testPassword) =>
    ask('POST', '/v1/sessions', headers, { name, password })
  /** The headers of a browser that has logged in. */
  const cookieOf = async (name: string): Promise<Headers> => {
    const { headers, statusCode, body } = await logIn(name)
    assert.equal(statusCode, 200, body)
    return { cookie: String(headers['set-cookie']).split(';')[0] }
  }
  return { ...made, app, log, ask, logIn, cookieOf }
}

describe('a login', () => {
  test('is refused in the usual words where the disk has no room for a note of it, or for the session', async () => {
    const { logIn, store, log } = await open()
    const full = Object.assign(new Error('database or disk is full'), { errcode: 13 })
    const refuse = () => {
      throw full
    }
    mock.method(store.audit, 'add', refuse)
    const wrong = await logIn('ada', {}, 'not the password')
    assert.deepEqual([wrong.statusCode, wrong.json().code], [401, 'LOGIN_FAILED'])
    mock.method(store.sessions, 'add', refuse)
    const right = await logIn('ada')
    assert.deepEqual([right.statusCode, right.json().code], [503, 'NOT_READY'])
    assert.match(log.lines.join('\n'), /the audit could not be written/)
  })

  test('answers who it is and sets a cookie that no script reads and no other site sends', async () => {
    const { logIn, ask } = await open()
    const answer = await logIn('ada')
    assert.equal(answer.statusCode, 200)
    const { user, principal, roles } = answer.json()
    assert.deepEqual([user, principal, roles.includes('admin')], ['ada', 'user:ada', true])
    const cookie = String(answer.headers['set-cookie'])
    assert.match(cookie, /^shrike_session=[^;]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.ok(!answer.body.includes(cookie.split(/[=;]/)[1] ?? '-'))
    const me = await ask('GET', '/v1/sessions', { cookie: `other=1; ${cookie.split(';')[0]}` })
    assert.equal(me.json().user, 'ada')
  })

  test('over TLS, as a trusted proxy says, sets the cookie that only this host can set', async () => {
    const { logIn, ask } = await open(undefined, { trustedProxies: ['127.0.0.1'] })
    const tls = { 'x-forwarded-proto': 'https', host: 'fraud.example.com', origin: 'https://fraud.example.com' }
    const answer = await logIn('ada', tls)
    const cookie = String(answer.headers['set-cookie'])
    assert.match(cookie, /^__Host-shrike=[^;]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/)
    const token = cookie.split(/[=;]/)[1]
    assert.equal((await ask('GET', '/v1/sessions', { ...tls, cookie: `__Host-shrike=${token}` })).statusCode, 200)
    // What a neighbour without TLS could have set counts for nothing here.
    assert.equal((await ask('GET', '/v1/sessions', { ...tls, cookie: `shrike_session=${token}` })).statusCode, 401)
  })

  test('without TLS is refused from elsewhere, and so is what nobody trusts to be TLS', async () => {
    const { logIn } = await open()
    const elsewhere = { host: 'fraud.example.com', origin: 'https://fraud.example.com' }
    for (const headers of [elsewhere, { ...elsewhere, 'x-forwarded-proto': 'https' }]) {
      const answer = await logIn('ada', headers)
      assert.deepEqual([answer.statusCode, answer.json().code], [403, 'TLS_MISSING'])
    }
    const insecure = await open(undefined, { isInsecure: true })
    assert.equal((await insecure.logIn('ada', elsewhere)).statusCode, 200)
  })

  test('that fails says the same of every name, sets no cookie, and is slowed', async () => {
    const { logIn, log } = await open()
    const wrong = await logIn('ada', {}, 'a wrong password')
    const unknown = await logIn('eve', {}, 'a wrong password')
    assert.deepEqual([wrong.statusCode, wrong.json().code], [401, 'LOGIN_FAILED'])
    assert.equal(wrong.body, unknown.body)
    assert.equal(wrong.headers['set-cookie'], undefined)
    for (let guess = 0; guess < 4; guess++) await logIn('ada', {}, 'a wrong password')
    const limited = await logIn('ada')
    assert.deepEqual([limited.statusCode, limited.json().code], [429, 'LOGIN_LIMITED'])
    assert.equal(limited.headers['retry-after'], '1')
    assert.ok(!log.lines.join().includes('a wrong password'))
  })

  test('repeats nothing of what it was sent', async () => {
    const { ask } = await open()
    for (const body of [
      { name: 'ada', password: 17_171_717 },
      { name: 'ada', password: 'x17171717', other: 'x17171717' },
      { once: 'x'.repeat(300) + 17171717 },
      ['x17171717'],
    ]) {
      const answer = await ask('POST', '/v1/sessions', {}, body)
      assert.equal(answer.json().code, 'INPUT_INVALID')
      assert.ok(!answer.body.includes('17171717'), answer.body)
    }
  })

  test('never goes on with a session that the browser brought', async () => {
    const { ask, logIn, cookieOf, accounts } = await open({ ada: 'admin', bob: 'viewer' })
    const planted = { cookie: 'shrike_session=planted-by-somebody' }
    const answer = await logIn('ada', planted)
    assert.ok(!String(answer.headers['set-cookie']).includes('planted'))
    assert.equal((await ask('GET', '/v1/sessions', planted)).statusCode, 401)
    // One's own session is replaced, too: the attacker's, say, who planted it.
    const attackers = await cookieOf('bob')
    const victims = await logIn('ada', attackers)
    assert.notEqual(String(victims.headers['set-cookie']).split(';')[0], attackers.cookie)
    assert.equal(accounts.sessionOf(attackers.cookie?.split('=')[1] ?? ''), undefined)
  })
})

describe('a session', () => {
  test('does what its user may, and nothing else', async () => {
    const { ask, cookieOf } = await open({ ada: 'admin', bob: 'viewer' })
    const bob = await cookieOf('bob')
    assert.equal((await ask('GET', '/', bob)).statusCode, 200)
    const refused = await ask('GET', '/v1/users', bob)
    assert.deepEqual([refused.statusCode, refused.json().code], [403, 'FORBIDDEN'])
    assert.match(refused.json().detail, /This user does not have the role admin/)
    assert.equal((await ask('GET', '/v1/users', await cookieOf('ada'))).statusCode, 200)
  })

  test('ends at DELETE, which takes the cookie away, also one that has ended', async () => {
    const { ask, cookieOf } = await open()
    const ada = await cookieOf('ada')
    for (const ended of [true, false]) {
      const answer = await ask('DELETE', '/v1/sessions', ada)
      assert.deepEqual([answer.statusCode, answer.json()], [200, { ended, logoutUrl: null }])
      assert.match(String(answer.headers['set-cookie']), /^shrike_session=; Path=\/; Max-Age=0;/)
    }
    assert.equal((await ask('GET', '/v1/sessions', ada)).statusCode, 401)
  })

  test('changes something only for pages of this service', async () => {
    const { ask, cookieOf } = await open()
    const ada = await cookieOf('ada')
    const create = (headers: Headers) => {
      const { host } = own
      return ask(
        'POST',
        '/v1/users',
        { host, origin: '', ...headers },
        { name: 'bob', password: testPassword, roles: ['viewer'] },
      )
    }
    for (const foreign of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'cross-site', origin: own.origin },
      { origin: 'http://evil.example.com' },
      { origin: 'http://127.0.0.1:8001' },
      { origin: 'http://127.0.0.1.evil.example.com:8000' },
      { origin: 'null' },
      { origin: '' },
    ]) {
      for (const [method, url] of [
        ['POST', '/v1/sessions'],
        ['DELETE', '/v1/sessions'],
        ['POST', '/v1/sessions/password'],
      ] as const) {
        if (url === '/v1/sessions' && method === 'POST' && foreign.origin === '') continue
        const { host } = own
        const answer = await ask(
          method,
          url,
          { host, ...ada, origin: '', ...foreign },
          { name: 'ada', password: testPassword },
        )
        assert.equal(answer.json().code, 'ORIGIN_REFUSED', `${method} ${url} ${JSON.stringify(foreign)}`)
      }
      const answer = await create({ ...ada, ...foreign })
      assert.deepEqual([answer.statusCode, answer.json().code], [403, 'ORIGIN_REFUSED'], JSON.stringify(foreign))
    }
    assert.equal((await create({ ...ada, 'sec-fetch-site': 'same-origin' })).statusCode, 201)
    assert.equal((await create({ ...ada, origin: own.origin })).statusCode, 409)
  })

  test('is not asked for where a key is sent, and a wrong key is not made good by it', async () => {
    const ring = createKeyRing([apiKey])
    const { ask, cookieOf } = await open(undefined, { keyRing: () => ring })
    const ada = await cookieOf('ada')
    const evil = { origin: 'http://evil.example.com' }
    const withKey = { ...ada, ...evil, authorization: `Bearer ${apiKey}` }
    const created = await ask('POST', '/v1/users', withKey, { name: 'bob', password: testPassword, roles: ['viewer'] })
    assert.equal(created.statusCode, 201)
    assert.equal((await ask('GET', '/v1/users', { ...ada, authorization: 'Bearer wrong' })).statusCode, 401)
    const { principal, user } = (await ask('GET', '/v1/sessions', withKey)).json()
    assert.deepEqual([principal, user], ['environment:1', null])
  })

  test('of a changed password is a new one', async () => {
    const { ask, cookieOf } = await open()
    const [ada, other] = [await cookieOf('ada'), await cookieOf('ada')]
    const change = (password: string, newPassword: string) =>
      ask('POST', '/v1/sessions/password', ada, { password, newPassword })
    assert.equal((await change('not the password', 'another long password')).json().code, 'LOGIN_FAILED')
    assert.equal((await change(testPassword, 'short')).json().code, 'INPUT_INVALID')
    const changed = await change(testPassword, 'another long password')
    assert.equal(changed.statusCode, 200, changed.body)
    for (const ended of [ada, other]) assert.equal((await ask('GET', '/v1/sessions', ended)).statusCode, 401)
    const cookie = String(changed.headers['set-cookie']).split(';')[0] ?? ''
    assert.equal((await ask('GET', '/v1/sessions', { cookie })).statusCode, 200)
  })
})

describe('a service', () => {
  test('is open without keys and users, and closed from the first user on', async () => {
    const { ask, accounts, clock } = await open({})
    assert.equal((await ask('GET', '/v1/sessions')).json().principal, 'anyone')
    const secret = accounts.link.offer(clock.nowMs)
    const redeemed = await ask('POST', '/v1/sessions', {}, { once: secret })
    assert.equal(redeemed.json().user, 'owner')
    assert.equal((await ask('POST', '/v1/sessions', {}, { once: secret })).json().code, 'LOGIN_FAILED')
    const owner = { cookie: String(redeemed.headers['set-cookie']).split(';')[0] ?? '' }
    const body = { name: 'ada', password: testPassword, roles: ['admin'] }
    assert.equal((await ask('POST', '/v1/users', owner, body)).statusCode, 201)
    for (const headers of [{}, owner]) assert.equal((await ask('GET', '/v1/sessions', headers)).statusCode, 401)
    assert.equal((await ask('GET', '/healthz')).statusCode, 200)
  })

  test('shows its pages in no frame, and leads nowhere else', async () => {
    const { ask, cookieOf } = await open()
    const ada = { ...(await cookieOf('ada')), accept: 'text/html' }
    for (const url of ['/', '/docs', '/nothing', '/v1/users?next=//evil.example.com', '//evil.example.com']) {
      for (const headers of [ada, { accept: 'text/html' }]) {
        const answer = await ask('GET', url, headers)
        assert.match(String(answer.headers['content-security-policy']), /frame-ancestors 'none'/, url)
        assert.equal(answer.headers.location, undefined, url)
        if (!url.startsWith('/docs') || answer.statusCode === 401)
          assert.equal(answer.headers['x-frame-options'], 'DENY', url)
      }
    }
  })
})
