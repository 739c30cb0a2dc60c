import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { serveCards, startShrike } from '../run-shrike.ts'

const folder = mkdtempSync(join(tmpdir(), 'shrike-users-'))
after(() => rmSync(folder, { recursive: true }))

const password = 'correct horse battery staple'

async function users(args: readonly string[], input = '') {
  const { child, ended } = startShrike(folder, ['users', ...args])
  child.stdin?.end(input)
  return ended
}

/** A service on the folder's own data directory, and where it listens. */
async function serve() {
  const service = await serveCards(folder)
  const { url } = service
  const logIn = async (name: string, password: string) => {
    const body = JSON.stringify({ name, password })
    const answer = await fetch(`${url}/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    return { status: answer.status, cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '' }
  }
  const whoAmI = async (cookie: string) => (await fetch(`${url}/v1/sessions`, { headers: { cookie } })).status
  return { ...service, logIn, whoAmI }
}

describe('shrike users', () => {
  test('creates, lists and changes users beside a service, which hears of it at once', {
    timeout: 120_000,
  }, async () => {
    const first = await serve()
    assert.equal(await first.whoAmI(''), 200)
    assert.doesNotMatch(first.told(), /once=/, 'standard output is not a terminal')
    // Everybody would be locked out.
    const asked = await users(['create', 'ada', '--role', 'admin'], password)
    assert.deepEqual([asked.code, /without a key or a login now/.test(asked.stderr)], [2, true], asked.stderr)
    const created = await users(['create', 'ada', '--role', 'admin', '--yes'], `${password}\n`)
    assert.equal(created.code, 0, created.stderr)
    assert.match(created.stdout, /^created ada \(admin\)\n$/)
    if (process.platform !== 'win32') assert.equal(statSync(join(folder, '.shrike/access.sqlite')).mode & 0o777, 0o600)
    assert.equal(await first.logIn('ada', password).then(({ status }) => status), 200)
    while ((await first.whoAmI('')) !== 401) await new Promise((done) => setTimeout(done, 100))
    const second = await users(['create', 'bob', '--role', 'viewer', '--role', 'author'], password)
    assert.equal(second.code, 0, second.stderr)
    const { cookie } = await first.logIn('bob', password)
    await first.stop()
    // A session outlives a restart, and not its user's being disabled.
    const again = await serve()
    assert.equal(await again.whoAmI(cookie), 200)
    assert.equal((await users(['disable', 'bob'])).code, 0)
    assert.equal(await again.whoAmI(cookie), 401)
    assert.equal((await again.logIn('bob', password)).status, 401)
    assert.equal((await users(['enable', 'bob'])).code, 0)
    assert.equal((await users(['password', 'bob'], 'another long password')).code, 0)
    assert.equal((await again.logIn('bob', password)).status, 401)
    assert.equal((await again.logIn('bob', 'another long password')).status, 200)
    assert.equal((await users(['roles', 'bob', '--role', 'approver'])).code, 0)
    const listed = JSON.parse((await users(['list', '--json'])).stdout)
    assert.deepEqual(
      listed.map(({ name, roles, disabled }: Record<string, unknown>) => [name, roles, disabled]),
      [
        ['ada', ['admin'], false],
        ['bob', ['approver'], false],
      ],
    )
    await again.stop()
  })

  test('refuses wrong use with 2 and a reason, and never takes a password as a flag', async () => {
    for (const [args, input, reason] of [
      [['create', 'carol'], password, /--role/],
      [['create', 'carol', '--role', 'boss'], password, /Allowed choices/],
      [['create', 'carol', '--role', 'viewer', '--password', password], '', /unknown option/],
      [['create', 'carol', '--role', 'viewer'], '', /Standard input is empty/],
      [['create', 'carol', '--role', 'viewer'], 'short', /12 to 256 characters/],
      [['create', 'a b', '--role', 'viewer'], password, /must be letters/],
      [['create', 'ada', '--role', 'viewer'], password, /already/],
      [['disable', 'ada'], '', /last user with the role admin/],
      [['disable', 'adda'], '', /Did you mean "ada"/],
      [['list', '--data', 'nowhere'], '', /no directory nowhere/],
    ] as const) {
      const { code, stderr } = await users(args, input)
      assert.deepEqual([code === 1 || code === 2, reason.test(stderr)], [true, true], `${args.join(' ')}: ${stderr}`)
      assert.ok(!stderr.includes(password) || args.includes('--password' as never), stderr)
    }
  })
})
