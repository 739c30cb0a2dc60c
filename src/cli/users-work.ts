import type { Accounts } from '../access/accounts.ts'
import type { Role } from '../access/roles.ts'
import type { ShownUser } from '../access/users.ts'
import { openAccounts } from '../open-accounts.ts'
import { dataDirectory, makeDataDirectory } from '../stores/data-directory.ts'
import { askBeforeLocking } from './ask-before-locking.ts'
import { noteCommand } from './audit-work.ts'
import { usualData } from './data-flags.ts'
import { requireDirectory } from './log-files.ts'
import { readSecret } from './read-secret.ts'
import type { Run } from './run.ts'

export interface UsersFlags {
  readonly data: string
}

export interface UserRolesFlags extends UsersFlags {
  readonly role: readonly Role[]
}

export interface NewUserFlags extends UserRolesFlags {
  readonly yes?: boolean
}

const by = 'command:users'

/** Also before the first start in the usual place. */
export async function createUser(name: string, flags: NewUserFlags, { terminal }: Run): Promise<void> {
  if (flags.data === usualData) makeDataDirectory(flags.data)
  if (flags.yes !== true) await askBeforeLocking(flags.data, 'a user')
  const user = await withAccounts(flags, async ({ users }) =>
    users.create(name, await readSecret('password'), [...new Set(flags.role)]),
  )
  noteCommand(flags.data, by, 'createUser', user.name, { roles: user.roles })
  terminal.say(`created ${user.name} (${user.roles.join(', ')})`)
  terminal.result(user)
}

export async function listUsers(flags: UsersFlags, { terminal }: Run): Promise<void> {
  const users = await withAccounts(flags, async ({ users }) => users.list())
  const width = Math.max(...users.map(({ name }) => name.length))
  for (const { name, roles, createdAt, disabled } of users)
    terminal.say(`${name.padEnd(width)}  ${createdAt}  ${roles.join(', ')}${disabled ? '  disabled' : ''}`)
  if (users.length === 0) terminal.say(`There are no users in ${flags.data}`)
  terminal.result(users)
}

export async function setRoles(name: string, flags: UserRolesFlags, { terminal }: Run): Promise<void> {
  const roles = [...new Set(flags.role)]
  const before = await withAccounts(flags, async ({ users }) => users.list().find((each) => each.name === name))
  const user = await withAccounts(flags, ({ users }) => users.change(name, { roles }))
  noteCommand(flags.data, by, 'changeUser', name, { before: before?.roles ?? [], after: roles })
  terminal.say(`${name} has the roles ${roles.join(', ')}`)
  terminal.result(user)
}

export async function setPassword(name: string, flags: UsersFlags, { terminal }: Run): Promise<void> {
  const user: ShownUser = await withAccounts(flags, async ({ users }) => {
    await users.change(name, {})
    return users.change(name, { password: await readSecret('new password') })
  })
  noteCommand(flags.data, by, 'changeUser', name, { password: 'changed' })
  terminal.say(`the password of ${name} was changed, and the sessions of ${name} have ended`)
  terminal.result(user)
}

export async function switchUser(name: string, disabled: boolean, flags: UsersFlags, { terminal }: Run): Promise<void> {
  const user = await withAccounts(flags, ({ users }) => users.change(name, { disabled }))
  noteCommand(flags.data, by, 'changeUser', name, { disabled })
  terminal.say(disabled ? `${name} is disabled, and the sessions of ${name} have ended` : `${name} may log in again`)
  terminal.result(user)
}

async function withAccounts<Result>(
  { data }: UsersFlags,
  work: (accounts: Accounts) => Promise<Result>,
): Promise<Result> {
  requireDirectory({ data })
  const { accounts, close } = openAccounts(dataDirectory(data), Date.now)
  try {
    return await work(accounts)
  } finally {
    close()
  }
}
