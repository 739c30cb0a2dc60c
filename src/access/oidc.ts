import { FraudError } from '../core/errors.ts'
import type { Role } from './roles.ts'
import { checkUserName } from './user-name.ts'

type Client = typeof import('openid-client')
type Configuration = import('openid-client').Configuration
type Tokens = Awaited<ReturnType<Client['authorizationCodeGrant']>>

/** How somebody whom another service knows logs in (OpenID Connect). */
export interface OidcChoice {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string | undefined
  /** Where browsers reach this service: `https://fraud.example.com`. */
  readonly publicUrl: string
  /** The claim that names the person, who can't change it there. */
  readonly nameClaim: string
  readonly rolesClaim: string
  /** The values of that claim, and the role that each gives. */
  readonly roles: readonly { readonly role: Role; readonly value: string }[]
}

/** Where a login is to come back to. */
const callbackPath = '/v1/sessions/oidc/callback'
const mostUnderway = 1000
const longestMs = 10 * 60_000

/** What a login that is under way has to come back with. */
interface Underway {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly endsMs: number
}

export interface KnownPerson {
  readonly name: string
  readonly roles: readonly Role[]
}

/** Logins at a provider: code flow with PKCE, state and nonce. */
export class Oidc {
  readonly #choice: OidcChoice
  readonly #client: Client
  readonly #clock: () => number
  readonly #underway = new Map<string, Underway>()
  #found: Promise<Configuration> | undefined

  private constructor(choice: OidcChoice, client: Client, clock: () => number) {
    this.#choice = choice
    this.#client = client
    this.#clock = clock
  }

  /** Loads what only those need who use it. @throws FraudError PACKAGE_MISSING, OPTION_INVALID */
  static async open(choice: OidcChoice, clock: () => number): Promise<Oidc> {
    for (const url of [choice.issuer, choice.publicUrl]) requireSafe(url)
    try {
      return new Oidc(choice, await import('openid-client'), clock)
    } catch (cause) {
      const cure = 'run "npm install openid-client@6" beside Shrike'
      throw new FraudError('PACKAGE_MISSING', `OpenID Connect needs a package that is not installed: ${cure}`, {
        cause,
      })
    }
  }

  /** Begins a login. @param id a secret that the browser keeps meanwhile. @throws FraudError PROVIDER_UNAVAILABLE */
  async begin(id: string): Promise<URL> {
    const { randomState, randomNonce, randomPKCECodeVerifier, calculatePKCECodeChallenge, buildAuthorizationUrl } =
      this.#client
    const configuration = await this.#discover()
    const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()]
    this.#underway.set(id, { state, nonce, verifier, endsMs: this.#clock() + longestMs })
    for (const oldest of this.#underway.keys()) {
      if (this.#underway.size <= mostUnderway) break
      this.#underway.delete(oldest)
    }
    return buildAuthorizationUrl(configuration, {
      redirect_uri: this.#url(callbackPath).href,
      scope: 'openid profile email',
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
  }

  /**
   * Who has logged in.
   *
   * @param id as of `begin`; it is good once.
   * @param search what the provider sent the browser back with.
   * @throws FraudError LOGIN_FAILED, PROVIDER_UNAVAILABLE
   */
  async finish(id: string, search: string): Promise<KnownPerson> {
    const underway = this.#underway.get(id)
    this.#underway.delete(id)
    if (underway === undefined || this.#clock() >= underway.endsMs)
      throw new FraudError('LOGIN_FAILED', 'This login was begun elsewhere, or too long ago: begin again')
    const configuration = await this.#discover()
    const back = this.#url(callbackPath)
    back.search = search
    try {
      const tokens = await this.#client.authorizationCodeGrant(configuration, back, {
        pkceCodeVerifier: underway.verifier,
        expectedState: underway.state,
        expectedNonce: underway.nonce,
        idTokenExpected: true,
      })
      return this.#personOf(await this.#claimsOf(configuration, tokens))
    } catch (cause) {
      if (cause instanceof FraudError) throw cause
      // What a provider says may hold what it likes, so only its code is told.
      const code = cause instanceof Error && 'error' in cause ? String(cause.error).slice(0, 60) : 'not valid'
      throw new FraudError('LOGIN_FAILED', `The provider did not let you in (${code.replaceAll(/[^\w ]/g, '')})`, {
        cause,
      })
    }
  }

  /** Where the provider's own session ends; undefined where it has no such place, or does not answer. */
  async logoutUrl(): Promise<string | undefined> {
    try {
      const configuration = await this.#discover()
      const { end_session_endpoint: end } = configuration.serverMetadata()
      if (end === undefined) return undefined
      const { clientId: client_id } = this.#choice
      const post_logout_redirect_uri = this.#url('/console/').href
      return this.#client.buildEndSessionUrl(configuration, { client_id, post_logout_redirect_uri }).href
    } catch {
      return undefined
    }
  }

  /** Some providers say all in the ID token, others only who it is, and the rest where they are asked. */
  async #claimsOf(configuration: Configuration, tokens: Tokens): Promise<Readonly<Record<string, unknown>>> {
    const claims = tokens.claims()
    if (claims === undefined) return {}
    const { nameClaim, rolesClaim } = this.#choice
    const isWhole = claims[nameClaim] !== undefined && claims[rolesClaim] !== undefined
    if (isWhole || configuration.serverMetadata().userinfo_endpoint === undefined) return claims
    const told = await this.#client.fetchUserInfo(configuration, tokens.access_token, claims.sub)
    return { ...told, ...claims }
  }

  #personOf(claims: Readonly<Record<string, unknown>>): KnownPerson {
    const { nameClaim, rolesClaim, roles } = this.#choice
    const name = claims[nameClaim]
    if (typeof name !== 'string') throw new FraudError('LOGIN_FAILED', `The provider names nobody: no ${nameClaim}`)
    try {
      checkUserName(name)
    } catch (cause) {
      throw new FraudError('LOGIN_FAILED', `What the provider says is ${nameClaim} can't be a name here`, { cause })
    }
    const values = new Set([claims[rolesClaim]].flat())
    const held = roles.filter(({ value }) => values.has(value)).map(({ role }) => role)
    if (held.length === 0) throw new FraudError('LOGIN_FAILED', `No ${rolesClaim} of yours gives a role here`)
    return { name, roles: [...new Set(held)] }
  }

  /** Asked for at the first login, so that a provider that is down keeps no service from starting. */
  async #discover(): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = this.#choice
    const { discovery, allowInsecureRequests, None } = this.#client
    const server = new URL(issuer)
    const execute = server.protocol === 'http:' ? [allowInsecureRequests] : []
    const authentication = clientSecret === undefined ? None() : undefined
    this.#found ??= discovery(server, clientId, clientSecret, authentication, { execute })
    try {
      return await this.#found
    } catch (cause) {
      this.#found = undefined
      throw new FraudError('PROVIDER_UNAVAILABLE', 'The provider of logins does not answer as one: try again', {
        cause,
      })
    }
  }

  #url(path: string): URL {
    return new URL(path, this.#choice.publicUrl)
  }
}

/** Without TLS codes and tokens could be read on the way. */
function requireSafe(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isLoopback = url !== undefined && /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)) return
  throw new FraudError('OPTION_INVALID', `${text}: OpenID Connect needs addresses with https, but for loopback`)
}
