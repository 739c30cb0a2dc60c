import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { Accounts } from './access/accounts.ts'
import type { Oidc } from './access/oidc.ts'
import { usualCost } from './access/password.ts'
import { refuseCopy } from './stores/copies.ts'
import type { DataDirectory } from './stores/data-directory.ts'
import { openPostgresAccess } from './stores/postgres/postgres-access.ts'
import { openSqliteAccess } from './stores/sqlite/sqlite-access.ts'

export interface OpenedAccounts {
  readonly accounts: Accounts
  close(): void
}

/** Whether changes of what decides wait for somebody else, for who works on the directory itself. */
export function isFourEyesOn(directory: DataDirectory): boolean {
  refuseCopy(directory.path)
  if (directory.database === undefined && !existsSync(directory.accessPath)) return false
  const { accounts, close } = openAccounts(directory, () => 0)
  try {
    return accounts.fourEyes.isOn
  } finally {
    close()
  }
}

/** Data directory -> who may log in; for a service, and for commands beside it. @throws FraudError DIRECTORY_UNUSABLE */
export function openAccounts(directory: DataDirectory, clock: () => number, oidc?: Oidc): OpenedAccounts {
  refuseCopy(directory.path)
  const { accessPath, database } = directory
  const store = database === undefined ? openSqliteAccess(accessPath) : openPostgresAccess(database.url)
  const makeSecret = () => randomBytes(32).toString('base64url')
  const accounts = new Accounts({ store, clock, makeSecret, cost: usualCost, oidc })
  return {
    accounts,
    close() {
      try {
        accounts.flush()
      } finally {
        store.close()
      }
    },
  }
}
