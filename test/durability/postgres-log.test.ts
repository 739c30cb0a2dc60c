import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import { keepsAccess } from '../../src/access/access-store.contract.ts'
import { takesEachOnce } from '../../src/deciding/intake.contract.ts'
import { keepsRecords } from '../../src/log/decision-log.contract.ts'
import { connect } from '../../src/stores/postgres/connect.ts'
import { databaseWriter } from '../../src/stores/postgres/database-writer.ts'
import { openPostgresAccess } from '../../src/stores/postgres/postgres-access.ts'
import { migrate } from '../../src/stores/postgres/schema.ts'
import { SqliteLog } from '../../src/stores/sqlite/sqlite-log.ts'
import { sharesOneLead } from '../pair/database.contract.ts'
import { noPostgres, type PostgresServer, startPostgres } from '../postgres-server.ts'
import { openTestDecisions } from '../service/decisions-fixture.ts'

describe('the log in PostgreSQL', { skip: noPostgres }, () => {
  let server: PostgresServer
  let folder: string
  let copies = 0
  let tokens = 0
  before(async () => {
    server = await startPostgres()
    folder = await mkdtemp(join(tmpdir(), 'shrike-copies-'))
  })
  after(async () => {
    server?.remove()
    await rm(folder, { recursive: true })
  })

  /** Each time with a copy of its own, so that what is found was in the database. */
  const open = (url: () => string, key?: string) =>
    SqliteLog.open({
      path: join(folder, `copy-${++copies}.sqlite`),
      writer: databaseWriter(url()),
      key,
      makeToken: () => `tok_${++tokens}`,
    })
  /** A database is made once it is opened, when there is a server. */
  const newPlace = () => {
    let url: string | undefined
    return () => {
      url ??= server.newDatabase()
      return url
    }
  }

  keepsAccess('in PostgreSQL', newPlace, (url) => openPostgresAccess(url()))
  const urls = new Map<string, string>()
  takesEachOnce('over PostgreSQL', async (options) => {
    const url = urls.get(options.directory ?? '') ?? server.newDatabase()
    const running = await openTestDecisions({ ...options, writer: databaseWriter(url) })
    urls.set(running.path, url)
    return running
  })
  keepsRecords('in PostgreSQL', newPlace, open)
  sharesOneLead('in PostgreSQL', async () => {
    const url = server.newDatabase()
    const session = await connect(url)
    await migrate(session)
    await session.end()
    return () => connect(url)
  })
  keepsRecords('in PostgreSQL, with a key', newPlace, (place) => open(place, 'a key'))
})
