import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import Provider from 'oidc-provider'
import { openTestAccounts } from '../../test/service/accounts-fixture.ts'
import { openTestService } from '../../test/service/fixture.ts'
import { Oidc, type OidcChoice } from '../access/oidc.ts'

const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

const people: Readonly<Record<string, { readonly preferred_username: string; readonly groups: readonly string[] }>> = {
  'sub-1': { preferred_username: 'grace', groups: ['fraud-rules', 'staff'] },
  'sub-2': { preferred_username: 'heidi', groups: ['staff'] },
  'sub-3': { preferred_username: 'ada', groups: ['fraud-rules'] },
  'sub-4': { preferred_username: 'owner', groups: ['fraud-rules'] },
}

/** A provider of its own, which tells claims in the ID token or only where it is asked. */
async function openProvider(redirectUri: () => string, inToken: boolean): Promise<{ issuer: string }> {
  const server: Server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const warn = console.warn
  console.warn = () => {}
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'shrike',
        client_secret: 'a-secret-of-the-client',
        redirect_uris: [redirectUri()],
        post_logout_redirect_uris: [redirectUri().replace(/\/v1\/.*/, '/console/')],
      },
    ],
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'], email: ['email'] },
    conformIdTokenClaims: !inToken,
    pkce: { required: () => true },
    findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id, ...people[id] }) }),
    cookies: { keys: ['a-key-of-cookies'] },
    ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  })
  console.warn = warn
  server.on('request', provider.callback())
  opened.push(() => {
    server.closeAllConnections()
    return new Promise((done) => server.close(done))
  })
  return { issuer }
}

/** A browser: it keeps cookies of each origin, and follows where it is led. */
class Browser {
  readonly #jars = new Map<string, Map<string, string>>()
  readonly visited: string[] = []

  async go(
    url: string,
    form?: Readonly<Record<string, string>>,
  ): Promise<{ url: string; status: number; body: string; headers: Headers }> {
    const { origin } = new URL(url)
    const jar = this.#jars.get(origin) ?? new Map<string, string>()
    this.#jars.set(origin, jar)
    this.visited.push(url)
    const cookie = [...jar].map((pair) => pair.join('=')).join('; ')
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { cookie, accept: 'text/html' },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const text of answer.headers.getSetCookie()) {
      const [name = '', value = ''] = (text.split(';')[0] ?? '').split(/=(.*)/s)
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    const to = answer.headers.get('location')
    const body = await answer.text()
    if (to !== null) return this.go(new URL(to, url).href)
    return { url, status: answer.status, body, headers: answer.headers }
  }

  cookieOf(origin: string, name: string): string | undefined {
    return this.#jars.get(origin)?.get(name)
  }

  /** From the button to the page behind it. */
  async logIn(service: string, subject: string) {
    const asked = await this.go(`${service}/v1/sessions/oidc`)
    assert.match(asked.url, /\/interaction\//, asked.body)
    const consent = await this.go(asked.url, { prompt: 'login', login: subject, password: 'any' })
    return consent.url.includes('/interaction/') ? this.go(consent.url, { prompt: 'consent' }) : consent
  }
}

interface Answer {
  readonly user?: string
  readonly principal?: string
  readonly roles?: readonly string[]
  readonly code?: string
  readonly detail?: string
}

async function readAnswer(answer: Response): Promise<Answer> {
  const value: unknown = await answer.json()
  return Object(value)
}

async function open({ inToken = true, changed = {} as Partial<OidcChoice> } = {}) {
  let url = ''
  // The service has to listen before the provider knows it, and know the provider before it listens.
  const probe = createServer()
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done))
  const { port } = probe.address() as AddressInfo
  await new Promise((done) => probe.close(done))
  url = `http://127.0.0.1:${port}`
  const { issuer } = await openProvider(() => `${url}/v1/sessions/oidc/callback`, inToken)
  const choice: OidcChoice = {
    ...{ issuer, clientId: 'shrike', clientSecret: 'a-secret-of-the-client', publicUrl: url },
    ...{ nameClaim: 'preferred_username', rolesClaim: 'groups' },
    roles: [{ role: 'author', value: 'fraud-rules' }],
    ...changed,
  }
  const clock = { nowMs: Date.now() }
  const oidc = await Oidc.open(choice, () => clock.nowMs)
  const accounts = openTestAccounts(undefined, oidc)
  opened.push(accounts.close)
  const { app } = await openTestService({ accounts: accounts.accounts }, undefined, port)
  opened.push(() => app.close())
  const who = async (browser: Browser) => {
    const cookie = `shrike_session=${browser.cookieOf(url, 'shrike_session')}`
    return readAnswer(await fetch(`${url}/v1/sessions`, { headers: { cookie } }))
  }
  return { ...accounts, url, issuer, who, clock }
}

describe('a login at a provider', () => {
  for (const inToken of [true, false]) {
    test(`gives the roles of its groups, told ${inToken ? 'in the ID token' : 'where the provider is asked'}`, async () => {
      const { url, who } = await open({ inToken })
      assert.equal((await fetch(`${url}/v1/sessions`)).status, 401)
      const browser = new Browser()
      const page = await browser.logIn(url, 'sub-1')
      assert.deepEqual([page.status, /url=\/console\//.test(page.body)], [200, true], page.body)
      const { user, principal, roles } = await who(browser)
      assert.deepEqual([user, principal, roles], ['grace', 'user:grace', ['author', 'viewer']])
      // What was asked for is the code flow, with all three proofs.
      const asked = new URL(browser.visited[1] ?? '').searchParams
      assert.equal(asked.get('response_type'), 'code')
      assert.equal(asked.get('code_challenge_method'), 'S256')
      for (const name of ['state', 'nonce', 'code_challenge']) assert.ok((asked.get(name) ?? '').length >= 43, name)
      assert.ok(!browser.visited.some((each) => each.includes('a-secret-of-the-client')))
    })
  }

  test('is refused to who has no role, no name that can be one, or that of a user here', async () => {
    const { url, add } = await open()
    await add('ada', 'admin')
    for (const [subject, reason] of [
      ['sub-2', /No groups of yours gives a role/],
      ['sub-3', /&quot;ada&quot; is a user here|"ada" is a user here/],
      ['sub-4', /can&#39;t be a name|can't be a name/],
    ] as const) {
      const browser = new Browser()
      const page = await browser.logIn(url, subject)
      assert.deepEqual([page.status, reason.test(page.body)], [401, true], page.body)
      assert.equal(browser.cookieOf(url, 'shrike_session'), undefined)
    }
  })

  test('counts only in the browser that began it, once, and for ten minutes', async () => {
    const { url, clock } = await open()
    const browser = new Browser()
    await browser.logIn(url, 'sub-1')
    const back = browser.visited.find((each) => each.includes('/callback?')) ?? ''
    const cookieFor = async () => {
      const answer = await fetch(`${url}/v1/sessions/oidc`, { redirect: 'manual' })
      return answer.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    }
    const comeBack = async (target: string, cookie: string) => readAnswer(await fetch(target, { headers: { cookie } }))
    assert.equal((await comeBack(back, '')).code, 'LOGIN_FAILED')
    // Another's code in one's own login: the state is not that of the browser.
    assert.equal((await comeBack(back, await cookieFor())).code, 'LOGIN_FAILED')
    const cookie = await cookieFor()
    clock.nowMs += 10 * 60_000
    assert.match((await comeBack(back, cookie)).detail ?? '', /too long ago/)
    for (const search of ['', '?code=made-up&state=made-up', '?error=access_denied&error_description=%3Cscript%3E'])
      assert.equal(
        (await comeBack(`${url}/v1/sessions/oidc/callback${search}`, await cookieFor())).code,
        'LOGIN_FAILED',
      )
  })

  test('leads nowhere but to the provider and the console', async () => {
    const { url, issuer } = await open()
    for (const path of ['/v1/sessions/oidc', '/v1/sessions/oidc?next=https://evil.example.com']) {
      const answer = await fetch(`${url}${path}`, { redirect: 'manual' })
      const to = answer.headers.get('location')
      if (path.includes('?')) assert.equal(answer.status, 422)
      else assert.equal(new URL(to ?? '').origin, issuer)
    }
  })

  test('ends here, and says where it ends at the provider', async () => {
    const { url, issuer, who } = await open()
    const browser = new Browser()
    await browser.logIn(url, 'sub-1')
    const cookie = `shrike_session=${browser.cookieOf(url, 'shrike_session')}`
    const answer = await fetch(`${url}/v1/sessions`, { method: 'DELETE', headers: { cookie, origin: url } })
    const { ended, logoutUrl } = (await answer.json()) as { ended: boolean; logoutUrl: string }
    const end = new URL(logoutUrl)
    assert.deepEqual([ended, end.origin, end.searchParams.get('client_id')], [true, issuer, 'shrike'])
    assert.equal(end.searchParams.get('post_logout_redirect_uri'), `${url}/console/`)
    assert.equal((await who(browser)).code, 'UNAUTHORIZED')
    assert.equal((await browser.go(logoutUrl)).status, 200)
  })

  test('is refused for a while where the provider is down or somebody else, and the service goes on', async () => {
    for (const changed of [{ issuer: 'http://127.0.0.1:1' }, { clientSecret: 'wrong' }]) {
      const { url } = await open({ changed })
      if (changed.issuer === undefined) {
        assert.equal((await new Browser().logIn(url, 'sub-1')).status, 401)
      } else {
        const answer = await fetch(`${url}/v1/sessions/oidc`, { redirect: 'manual' })
        assert.deepEqual([answer.status, (await readAnswer(answer)).code], [503, 'PROVIDER_UNAVAILABLE'])
      }
      assert.deepEqual(await (await fetch(`${url}/v1/sessions/ways`)).json(), {
        needed: true,
        password: false,
        oidc: true,
      })
    }
  })

  test('needs TLS, but for loopback', async () => {
    const choice = { clientId: 'x', clientSecret: undefined, nameClaim: 'sub', rolesClaim: 'groups', roles: [] }
    for (const [issuer, publicUrl] of [
      ['http://login.example.com', 'https://fraud.example.com'],
      ['https://login.example.com', 'http://fraud.example.com'],
      ['login.example.com', 'https://fraud.example.com'],
    ] as const)
      await assert.rejects(Oidc.open({ ...choice, issuer, publicUrl }, Date.now), { code: 'OPTION_INVALID' })
  })
})
