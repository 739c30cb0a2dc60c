import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, test } from 'node:test'
import { openTestAccounts, testPassword } from '../../../test/service/accounts-fixture.ts'
import { keepsAccess } from '../../access/access-store.contract.ts'
import { copyAccess, openSqliteAccess } from './sqlite-access.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shrike-access-file-'))
  folders.push(folder)
  return folder
}

keepsAccess('in SQLite', newFolder, (folder) => openSqliteAccess(join(folder, 'access.sqlite')))

describe('the file of users', () => {
  test('is copied as it stands beside a service, for its owner alone, and lets nobody in who had logged in', async () => {
    const folder = newFolder()
    const made = openTestAccounts(folder)
    await made.add('ada', 'admin')
    const { token } = await made.accounts.logIn('ada', testPassword, '10.0.0.1')
    made.accounts.audit.note({ who: 'user:ada', what: 'logIn', target: null, from: '10.0.0.1', detail: {} })
    const to = newFolder()
    copyAccess(join(folder, 'access.sqlite'), join(to, 'access.sqlite'))
    assert.ok(made.accounts.sessionOf(token))
    made.close()
    if (process.platform !== 'win32') assert.equal(statSync(join(to, 'access.sqlite')).mode & 0o777, 0o600)
    const copy = openTestAccounts(to)
    assert.equal(copy.accounts.sessionOf(token), undefined)
    assert.equal(copy.accounts.audit.list({ before: 9, limit: 9 }).length, 1)
    assert.equal((await copy.accounts.logIn('ada', testPassword, '10.0.0.1')).session.user, 'ada')
    copy.close()
    copyAccess(join(folder, 'nothing.sqlite'), join(to, 'other.sqlite'))
    assert.throws(() => statSync(join(to, 'other.sqlite')), { code: 'ENOENT' })
  })

  test('holds no password and no token of a session', async () => {
    const folder = newFolder()
    const made = openTestAccounts(folder)
    await made.add('ada', 'admin')
    const { token } = await made.accounts.logIn('ada', testPassword, '10.0.0.1')
    made.close()
    const bytes = readFileSync(join(folder, 'access.sqlite')).toString('latin1')
    assert.ok(bytes.includes('ada') && !bytes.includes(testPassword) && !bytes.includes(token))
  })

  test('is not opened where it is another database, a later one, damaged, or a link', () => {
    const folder = newFolder()
    const path = (name: string) => join(folder, name)
    const other = new DatabaseSync(path('other'))
    other.exec('CREATE TABLE things (name TEXT)')
    other.close()
    openSqliteAccess(path('later')).close()
    const later = new DatabaseSync(path('later'))
    later.exec('PRAGMA user_version = 99')
    later.close()
    writeFileSync(path('damaged'), 'no database at all, and longer than its header would be'.repeat(20))
    symlinkSync(path('later'), path('link'))
    for (const [name, reason] of [
      ['other', /another database/],
      ['later', /its version is 99/],
      ['damaged', /not a database/],
      ['link', /symbolic link/],
    ] as const)
      assert.throws(() => openSqliteAccess(path(name)), { code: 'DIRECTORY_UNUSABLE', message: reason }, name)
  })
})
