import { hash } from 'node:crypto'
import { FraudError } from '../core/errors.ts'
import type { AccessStore, StoredSession, StoredUser } from './access-store.ts'
import { Audit } from './audit.ts'
import { FourEyes } from './four-eyes.ts'
import { LoginLimits } from './login-limits.ts'
import type { Oidc } from './oidc.ts'
import { OneTimeLink } from './one-time-link.ts'
import { matchesPassword, type PasswordCost } from './password.ts'
import type { Principal } from './principal.ts'
import { type Role, spellOut } from './roles.ts'
import { ownerName } from './user-name.ts'
import { Users } from './users.ts'

export const longestSessionMs = 12 * 3_600_000
export const longestIdleMs = 30 * 60_000
const flushEveryMs = 60_000
/** Passwords that are hashed at a time, each in 32 MiB, and those that may wait for it. */
const mostHashing = 32

export interface AccountsOptions {
  readonly store: AccessStore
  readonly clock: () => number
  /** 256 random bits, as text. */
  readonly makeSecret: () => string
  readonly cost: PasswordCost
  /** Where people log in whom another service knows. */
  readonly oidc?: Oidc | undefined
}

/** A session that has begun; the token is known to the browser alone. */
export interface BegunSession {
  readonly token: string
  readonly session: Session
}

export interface Session {
  readonly principal: Principal
  readonly user: string
  readonly endsMs: number
  readonly hash: string
  /** Whether another service said who it is. */
  readonly isOfProvider: boolean
}

/** Who can log in, and who has: users, their sessions, the limits on attempts, and the one-time link. */
export class Accounts {
  readonly users: Users
  readonly link: OneTimeLink
  readonly fourEyes: FourEyes
  readonly audit: Audit
  readonly #options: AccountsOptions
  readonly #limits = new LoginLimits()
  readonly #seen = new Map<string, number>()
  #flushedMs: number
  #hashing: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(options: AccountsOptions) {
    this.#options = options
    this.users = new Users(options)
    this.link = new OneTimeLink(options.makeSecret)
    this.fourEyes = new FourEyes(options)
    this.audit = new Audit(options.store.audit, options.clock)
    this.#flushedMs = options.clock()
  }

  /** Whether requests without a key or a session are refused. */
  get asksForLogin(): boolean {
    return this.users.any || this.oidc !== undefined
  }

  get oidc(): Oidc | undefined {
    return this.#options.oidc
  }

  /** @throws FraudError LOGIN_LIMITED, LOGIN_FAILED, OVERLOADED */
  async logIn(name: string, password: string, address: string): Promise<BegunSession> {
    const { store, clock, cost } = this.#options
    const waitMs = this.#limits.take(name, address, clock())
    if (waitMs > 0) throw limited(waitMs)
    const user = store.users.find(name)
    const isRight = await this.#inTurn(() => matchesPassword(password, user?.password, cost))
    // The user may have been changed while the password was being looked at.
    const now = store.users.find(name)
    if (!isRight || now === undefined || now.isDisabled || now.credential !== user?.credential) throw failed()
    this.#limits.succeed(name, address)
    return this.#begin(name, now.credential, null)
  }

  /** Lets in who has the secret of the one-time link, with every role. @throws FraudError LOGIN_LIMITED, LOGIN_FAILED */
  redeem(secret: string, address: string): BegunSession {
    const nowMs = this.#options.clock()
    const waitMs = this.#limits.take('', address, nowMs)
    if (waitMs > 0) throw limited(waitMs)
    if (this.asksForLogin || !this.link.take(secret, nowMs)) throw linkSpent()
    this.#limits.succeed('', address)
    return this.#begin(ownerName, null, ['admin'])
  }

  /**
   * All sessions of the user end, and another begins.
   *
   * @throws FraudError LOGIN_LIMITED, LOGIN_FAILED, INPUT_INVALID
   */
  async changePassword(name: string, password: string, newPassword: string, address: string): Promise<BegunSession> {
    const { session } = await this.logIn(name, password, address)
    this.end(session.hash)
    await this.users.change(name, { password: newPassword })
    const user = this.#options.store.users.find(name)
    if (user === undefined) throw failed()
    return this.#begin(name, user.credential, null)
  }

  /**
   * Begins a session of somebody whom another service knows, with these roles.
   *
   * @throws FraudError LOGIN_FAILED where the name is that of a user here: two must not be taken for one
   */
  beginOf(name: string, roles: readonly Role[]): BegunSession {
    if (this.#options.store.users.find(name) !== undefined)
      throw new FraudError('LOGIN_FAILED', `"${name}" is a user here: log in with the password`)
    return this.#begin(name, null, roles)
  }

  /** Whose token it is; undefined where its session has ended or never was. */
  sessionOf(token: string): Session | undefined {
    const { store, clock } = this.#options
    const session = store.sessions.find(digestToken(token))
    if (session === undefined) return undefined
    const nowMs = clock()
    const seenMs = Math.max(session.seenMs, this.#seen.get(session.hash) ?? 0)
    const endsMs = Math.min(session.createdMs + longestSessionMs, seenMs + longestIdleMs)
    const roles = this.#rolesOf(session)
    // A clock that was set back must not make a session last longer.
    if (roles === undefined || nowMs >= endsMs || nowMs < session.createdMs - flushEveryMs) {
      this.end(session.hash)
      return undefined
    }
    this.#note(session.hash, nowMs)
    return {
      principal: { name: `user:${session.name}`, person: session.name, roles },
      user: session.name,
      isOfProvider: session.roles !== null && session.name !== ownerName,
      endsMs: Math.min(session.createdMs + longestSessionMs, nowMs + longestIdleMs),
      hash: session.hash,
    }
  }

  end(hash: string): void {
    this.#seen.delete(hash)
    this.#options.store.sessions.remove(hash)
  }

  /** Keeps when sessions were last used; a service that is killed forgets the last minute of it. */
  flush(): void {
    const { store, clock } = this.#options
    const nowMs = clock()
    this.#flushedMs = nowMs
    store.sessions.touch(this.#seen)
    this.audit.flush()
    this.#seen.clear()
    store.sessions.removeOlder(nowMs - longestSessionMs, nowMs - longestIdleMs)
  }

  #rolesOf({ name, credential, roles }: StoredSession): ReadonlySet<Role> | undefined {
    // The link's session ends with the first user: from then on there is somebody to be.
    if (roles !== null) return name === ownerName && this.asksForLogin ? undefined : spellOut(roles)
    const user = this.#options.store.users.find(name)
    return isValid(user, credential) ? spellOut(user.roles) : undefined
  }

  #begin(name: string, credential: string | null, roles: readonly Role[] | null): BegunSession {
    const { store, clock, makeSecret } = this.#options
    const token = makeSecret()
    const nowMs = clock()
    const hash = digestToken(token)
    store.sessions.add({ hash, name, credential, roles, createdMs: nowMs, seenMs: nowMs })
    const session = this.sessionOf(token)
    if (session === undefined) throw failed()
    return { token, session }
  }

  #note(hash: string, nowMs: number): void {
    this.#seen.set(hash, nowMs)
    if (nowMs - this.#flushedMs >= flushEveryMs) this.flush()
  }

  /** One after the other, so that many attempts do not take the memory and the cores from decisions. */
  async #inTurn(work: () => Promise<boolean>): Promise<boolean> {
    if (this.#waiting >= mostHashing) throw new FraudError('OVERLOADED', 'Too many are logging in')
    this.#waiting += 1
    const result = this.#hashing.then(work)
    this.#hashing = result.catch(() => {})
    try {
      return await result
    } finally {
      this.#waiting -= 1
    }
  }
}

function isValid(user: StoredUser | undefined, credential: string | null): user is StoredUser {
  return user !== undefined && !user.isDisabled && user.credential === credential
}

/** Tokens are random, so no slow hash is needed. */
function digestToken(token: string): string {
  return hash('sha256', token, 'hex')
}

function limited(waitMs: number): FraudError {
  const seconds = Math.ceil(waitMs / 1000)
  return new FraudError('LOGIN_LIMITED', `Too many failed logins: try again in ${seconds} s`, { retryAfterMs: waitMs })
}

function failed(): FraudError {
  return new FraudError('LOGIN_FAILED', 'The name or the password is wrong, or the user is disabled')
}

function linkSpent(): FraudError {
  return new FraudError('LOGIN_FAILED', 'This link was used before, has expired, or users exist by now: log in')
}
