import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Accounts } from '../../src/access/accounts.ts'
import type { Oidc } from '../../src/access/oidc.ts'
import type { Role } from '../../src/access/roles.ts'
import { openSqliteAccess } from '../../src/stores/sqlite/sqlite-access.ts'

/** Cheap, so that tests may hash many passwords. */
export const testCost = { n: 16, r: 8, p: 1 }
export const testPassword = 'correct horse battery staple'

/** Accounts in a file of their own, with a clock that stands still until it is set. */
export function openTestAccounts(directory?: string, oidc?: Oidc) {
  const path = directory ?? mkdtempSync(join(tmpdir(), 'shrike-access-'))
  const clock = { nowMs: Date.UTC(2026, 10, 22, 9) }
  const store = openSqliteAccess(join(path, 'access.sqlite'))
  let secrets = 0
  const accounts = new Accounts({
    store,
    clock: () => clock.nowMs,
    makeSecret: () => `secret-${++secrets}-${Math.random()}`,
    cost: testCost,
    oidc,
  })
  return {
    accounts,
    clock,
    store,
    path,
    add: (name: string, ...roles: Role[]) => accounts.users.create(name, testPassword, roles),
    close() {
      accounts.flush()
      store.close()
      if (directory === undefined) rmSync(path, { recursive: true })
    },
  }
}
