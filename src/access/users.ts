import { suggestion } from '../core/closest-name.ts'
import { FraudError } from '../core/errors.ts'
import type { AccessStore, StoredUser } from './access-store.ts'
import { checkPassword, hashPassword, type PasswordCost } from './password.ts'
import type { Role } from './roles.ts'
import { checkUserName } from './user-name.ts'

const lookEveryMs = 1000

/** What may be told of a user. */
export interface ShownUser {
  readonly name: string
  readonly roles: readonly Role[]
  readonly disabled: boolean
  readonly createdAt: string
}

export interface UserChange {
  readonly password?: string | undefined
  readonly roles?: readonly Role[] | undefined
  readonly disabled?: boolean | undefined
}

interface UsersOptions {
  readonly store: AccessStore
  readonly clock: () => number
  readonly makeSecret: () => string
  readonly cost: PasswordCost
}

/** The administration of users: of routes and of commands. */
export class Users {
  readonly #options: UsersOptions
  #any: boolean
  #lookedMs: number

  constructor(options: UsersOptions) {
    this.#options = options
    this.#any = options.store.users.any()
    this.#lookedMs = options.clock()
  }

  /**
   * Whether there are users; one that a command made is noticed within a second, or once the database can be asked
   * again: a request must not fall over it, and what it may do there is asked elsewhere.
   */
  get any(): boolean {
    const nowMs = this.#options.clock()
    if (this.#any || Math.abs(nowMs - this.#lookedMs) < lookEveryMs) return this.#any
    this.#lookedMs = nowMs
    try {
      this.#any = this.#options.store.users.any()
    } catch (error) {
      if (!(error instanceof FraudError && error.code === 'LOG_UNAVAILABLE')) throw error
    }
    return this.#any
  }

  has(name: string): boolean {
    return this.#options.store.users.find(name) !== undefined
  }

  list(): readonly ShownUser[] {
    return this.#options.store.users.list().map(show)
  }

  /** @throws FraudError INPUT_INVALID, USER_EXISTS */
  async create(name: string, password: string, roles: readonly Role[]): Promise<ShownUser> {
    const { store, clock, makeSecret, cost } = this.#options
    checkUserName(name)
    checkPassword(password, name)
    checkRoles(roles)
    if (!store.users.any() && !roles.includes('admin')) throw firstNeedsAdmin()
    const hashed = await hashPassword(password, cost)
    const user = { name, roles, isDisabled: false, createdMs: clock(), password: hashed, credential: makeSecret() }
    if (!store.users.add(user)) throw new FraudError('USER_EXISTS', `There is a user "${name}" already`)
    this.#any = true
    return show(user)
  }

  /**
   * A new password, and being disabled, ends the user's sessions.
   *
   * @throws FraudError INPUT_INVALID, USER_UNKNOWN, LAST_ADMIN
   */
  async change(name: string, { password, roles, disabled }: UserChange): Promise<ShownUser> {
    const { store, makeSecret, cost } = this.#options
    this.#known(name)
    if (password !== undefined) checkPassword(password, name)
    if (roles !== undefined) checkRoles(roles)
    const hashed = password === undefined ? undefined : await hashPassword(password, cost)
    // Another change may have come while the password was hashed.
    const before = this.#known(name)
    const user: StoredUser = {
      ...before,
      ...(hashed && { password: hashed, credential: makeSecret() }),
      ...(roles && { roles }),
      ...(disabled !== undefined && { isDisabled: disabled }),
    }
    if (isAdmin(before) && !isAdmin(user) && store.users.list().filter(isAdmin).length === 1)
      throw new FraudError('LAST_ADMIN', `"${name}" is the last user with the role admin: give it to another one first`)
    store.users.put(user)
    if (user.isDisabled || hashed !== undefined) store.sessions.removeOf(name)
    return show(user)
  }

  #known(name: string): StoredUser {
    const { users } = this.#options.store
    const user = users.find(name)
    if (user !== undefined) return user
    const hint = suggestion(
      name,
      users.list().map((each) => each.name),
    )
    throw new FraudError('USER_UNKNOWN', `There is no user "${name}"${hint}`)
  }
}

function show({ name, roles, isDisabled, createdMs }: StoredUser): ShownUser {
  return { name, roles, disabled: isDisabled, createdAt: new Date(createdMs).toISOString() }
}

function isAdmin({ roles, isDisabled }: StoredUser): boolean {
  return roles.includes('admin') && !isDisabled
}

function checkRoles(roles: readonly Role[]): void {
  if (roles.length > 0) return
  const errors = [{ field: 'roles', reason: 'must be at least one' }]
  throw new FraudError('INPUT_INVALID', 'A user has at least one role', { errors })
}

function firstNeedsAdmin(): FraudError {
  return new FraudError('INPUT_INVALID', 'The first user is an administrator: else nobody could make others', {
    errors: [{ field: 'roles', reason: 'must include admin' }],
  })
}
