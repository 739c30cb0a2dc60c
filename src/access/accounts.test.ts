import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import { openTestAccounts, testPassword } from '../../test/service/accounts-fixture.ts'
import { FraudError } from '../core/errors.ts'
import { longestIdleMs, longestSessionMs } from './accounts.ts'
import { linkLastsMs } from './one-time-link.ts'
import { Users } from './users.ts'

const opened: { close(): void }[] = []
afterEach(() => {
  for (const each of opened.splice(0)) each.close()
})

async function withAda() {
  const made = openTestAccounts()
  opened.push(made)
  await made.add('ada', 'admin')
  return made
}

const coded = (code: string) => (error: unknown) => error instanceof FraudError && error.code === code

describe('a user', () => {
  test('logs in with the password, and with no other', async () => {
    const { accounts } = await withAda()
    const { token, session } = await accounts.logIn('ada', testPassword, '10.0.0.1')
    assert.equal(session.principal.name, 'user:ada')
    assert.ok(session.principal.roles.has('author'))
    assert.deepEqual(accounts.sessionOf(token)?.user, 'ada')
    for (const [name, password] of [
      ['ada', `${testPassword} `],
      ['ada', ''],
      ['Ada', testPassword],
      ['eve', testPassword],
    ] as const)
      await assert.rejects(accounts.logIn(name, password, '10.0.0.1'), coded('LOGIN_FAILED'))
  })

  test('may type the password with other code points for the same letters', async () => {
    const { accounts } = await withAda()
    await accounts.users.create('zoë', 'Zürich-Köln-Århus'.normalize('NFC'), ['viewer'])
    await accounts.logIn('zoë', 'Zürich-Köln-Århus'.normalize('NFD'), '10.0.0.1')
  })

  test('has a name and a password that are worth something, and refusals never show the password', async () => {
    const { accounts } = await withAda()
    for (const password of ['short', 'elevenchars', 'aaaaaaaaaaaaaaaa', 'carol-carol', `${'x'.repeat(250)}long-long`])
      await assert.rejects(
        accounts.users.create('carol', password, ['viewer']),
        (error) => coded('INPUT_INVALID')(error) && !JSON.stringify(error).includes(password),
      )
    for (const name of ['', ' ada', 'a b', 'owner', '-x', 'x'.repeat(65), 'a/b', 'a\u0000b'])
      await assert.rejects(accounts.users.create(name, testPassword, ['viewer']), coded('INPUT_INVALID'), name)
    await assert.rejects(accounts.users.create('ada', testPassword, ['viewer']), coded('USER_EXISTS'))
    await assert.rejects(accounts.users.create('carol', testPassword, []), coded('INPUT_INVALID'))
  })

  test('is known to be or not to be while the database can not be asked', () => {
    let nowMs = 0
    let answer: () => boolean = () => false
    const made = openTestAccounts()
    opened.push(made)
    const store = { ...made.store, users: { ...made.store.users, any: () => answer() } }
    const users = new Users({ store, clock: () => nowMs, makeSecret: () => 'secret', cost: { n: 2, r: 1, p: 1 } })
    answer = () => {
      throw new FraudError('LOG_UNAVAILABLE', 'The database could not be asked')
    }
    nowMs += 1000
    assert.equal(users.any, false)
    answer = () => true
    nowMs += 1000
    assert.equal(users.any, true)
  })

  test('is an administrator where it is the first, and where it is the last one', async () => {
    const made = openTestAccounts()
    opened.push(made)
    const { users } = made.accounts
    await assert.rejects(users.create('bob', testPassword, ['viewer']), coded('INPUT_INVALID'))
    await users.create('ada', testPassword, ['admin'])
    await users.create('bob', testPassword, ['viewer'])
    await assert.rejects(users.change('ada', { disabled: true }), coded('LAST_ADMIN'))
    await assert.rejects(users.change('ada', { roles: ['viewer'] }), coded('LAST_ADMIN'))
    await users.change('bob', { roles: ['admin'] })
    await users.change('ada', { roles: ['viewer'] })
    await assert.rejects(users.change('adda', { roles: ['viewer'] }), coded('USER_UNKNOWN'))
  })

  test('is kept in a file that only its owner reads, and that has no password in it', async () => {
    const { path, store } = await withAda()
    const [ada] = store.users.list()
    assert.equal(ada?.password.hash.length, 32)
    assert.equal(ada?.password.salt.length, 16)
    if (process.platform !== 'win32') assert.equal(statSync(join(path, 'access.sqlite')).mode & 0o777, 0o600)
  })
})

describe('a session', () => {
  test('ends 30 minutes after the last request, 12 hours after it began, and when it is ended', async () => {
    const { accounts, clock } = await withAda()
    const begin = async () => (await accounts.logIn('ada', testPassword, '10.0.0.1')).token
    const idle = await begin()
    clock.nowMs += longestIdleMs - 1
    assert.ok(accounts.sessionOf(idle))
    clock.nowMs += longestIdleMs
    assert.equal(accounts.sessionOf(idle), undefined)
    const long = await begin()
    const endsMs = clock.nowMs + longestSessionMs
    while (clock.nowMs + longestIdleMs / 2 < endsMs) {
      clock.nowMs += longestIdleMs / 2
      assert.ok(accounts.sessionOf(long))
    }
    clock.nowMs = endsMs
    assert.equal(accounts.sessionOf(long), undefined)
    const out = await begin()
    accounts.end(accounts.sessionOf(out)?.hash ?? '')
    assert.equal(accounts.sessionOf(out), undefined)
    assert.equal(accounts.sessionOf('made-up'), undefined)
  })

  test('ends when the password is changed or the user is disabled, and its roles are those of now', async () => {
    const { accounts, add, store } = await withAda()
    await add('bob', 'author')
    const begin = async (password = testPassword) => (await accounts.logIn('bob', password, '10.0.0.1')).token
    const first = await begin()
    await accounts.users.change('bob', { roles: ['viewer'] })
    assert.deepEqual(accounts.sessionOf(first)?.principal.roles, new Set(['viewer']))
    const changed = await accounts.changePassword('bob', testPassword, 'another long password', '10.0.0.1')
    assert.equal(accounts.sessionOf(first), undefined)
    assert.ok(accounts.sessionOf(changed.token))
    await accounts.users.change('bob', { disabled: true })
    assert.equal(accounts.sessionOf(changed.token), undefined)
    await assert.rejects(begin('another long password'), coded('LOGIN_FAILED'))
    await accounts.users.change('bob', { disabled: false })
    const again = await begin('another long password')
    // Even where a session was put back behind the service's back.
    const kept = store.sessions.find(accounts.sessionOf(again)?.hash ?? '')
    await accounts.users.change('bob', { password: testPassword })
    if (kept !== undefined) store.sessions.add(kept)
    assert.equal(accounts.sessionOf(again), undefined)
  })

  test('survives a restart with the time since its last request, and the file does not have its token', async () => {
    const { accounts, clock, path, store } = await withAda()
    const { token, session } = await accounts.logIn('ada', testPassword, '10.0.0.1')
    clock.nowMs += longestIdleMs / 2
    accounts.sessionOf(token)
    accounts.flush()
    const other = openTestAccounts(path)
    opened.unshift(other)
    other.clock.nowMs = clock.nowMs + longestIdleMs - 1
    assert.equal(other.accounts.sessionOf(token)?.user, 'ada')
    assert.ok(!JSON.stringify(store.sessions.find(session.hash)).includes(token))
  })

  test('is ended by a command beside the service, as its user is disabled there', async () => {
    const { accounts, add, path } = await withAda()
    await add('bob', 'viewer')
    const { token } = await accounts.logIn('bob', testPassword, '10.0.0.1')
    const command = openTestAccounts(path)
    await command.accounts.users.change('bob', { disabled: true })
    command.close()
    assert.equal(accounts.sessionOf(token), undefined)
  })
})

describe('the one-time link', () => {
  test('lets one person in as owner, once, for 15 minutes, and as long as there are no users', async () => {
    const made = openTestAccounts()
    opened.push(made)
    const { accounts, clock } = made
    const used = accounts.link.offer(clock.nowMs)
    const { token, session } = accounts.redeem(used, '127.0.0.1')
    assert.equal(session.principal.name, 'user:owner')
    assert.ok(session.principal.roles.has('admin'))
    assert.throws(() => accounts.redeem(used, '127.0.0.1'), coded('LOGIN_FAILED'))
    const replaced = accounts.link.offer(clock.nowMs)
    const late = accounts.link.offer(clock.nowMs)
    assert.throws(() => accounts.redeem(replaced, '127.0.0.1'), coded('LOGIN_FAILED'))
    clock.nowMs += linkLastsMs
    assert.throws(() => accounts.redeem(late, '127.0.0.1'), coded('LOGIN_FAILED'))
    const second = accounts.link.offer(clock.nowMs)
    assert.ok(accounts.sessionOf(token))
    await made.add('ada', 'admin')
    assert.equal(accounts.sessionOf(token), undefined)
    assert.throws(() => accounts.redeem(second, '127.0.0.1'), coded('LOGIN_FAILED'))
  })
})

describe('guessing', () => {
  test('a thousand passwords of one name takes hours, from however many addresses', async () => {
    const { accounts, clock } = await withAda()
    const beganMs = clock.nowMs
    let looked = 0
    for (let guess = 0; guess < 1000; ) {
      try {
        await accounts.logIn('ada', `guess number ${guess}`, `10.0.${guess >> 8}.${guess & 255}`)
        assert.fail('a guess was right')
      } catch (error) {
        assert.ok(error instanceof FraudError)
        if (error.code === 'LOGIN_FAILED') {
          looked += 1
          guess += 1
        } else {
          assert.equal(error.code, 'LOGIN_LIMITED')
          clock.nowMs += error.retryAfterMs ?? 0
        }
      }
    }
    assert.equal(looked, 1000)
    assert.ok(clock.nowMs - beganMs > 16 * 3_600_000, `${(clock.nowMs - beganMs) / 3_600_000} h`)
    clock.nowMs += 60_000
    await accounts.logIn('ada', testPassword, '10.9.9.9')
  })

  test('a thousand at once has a handful looked at, of one name and from one address', async () => {
    const { accounts } = await withAda()
    const outcomes = async (guess: (index: number) => Promise<unknown>) => {
      const results = await Promise.allSettled(Array.from({ length: 1000 }, (_, index) => guess(index)))
      return results.filter((each) => each.status === 'rejected' && coded('LOGIN_FAILED')(each.reason)).length
    }
    assert.equal(await outcomes((index) => accounts.logIn('ada', `guess ${index}`, `10.1.0.${index & 255}`)), 5)
    assert.equal(await outcomes((index) => accounts.logIn(`name-${index}`, testPassword, '10.2.0.1')), 20)
    // One home has all addresses of a network of IPv6.
    const ofHome = (index: number) =>
      accounts.logIn(`name-${index}`, testPassword, `2001:db8:1:2::${index.toString(16)}`)
    assert.equal(await outcomes(ofHome), 20)
  })

  test('does not keep others out: each name and address waits for itself', async () => {
    const { accounts, add } = await withAda()
    await add('bob', 'viewer')
    for (let guess = 0; guess < 5; guess++) await accounts.logIn('ada', 'wrong', '10.0.0.1').catch(() => {})
    await assert.rejects(accounts.logIn('ada', testPassword, '10.0.0.2'), coded('LOGIN_LIMITED'))
    await accounts.logIn('bob', testPassword, '10.0.0.1')
  })
})
