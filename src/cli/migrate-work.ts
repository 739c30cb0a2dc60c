import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { FraudError } from '../core/errors.ts'
import { throwIfInterrupted } from '../core/progress.ts'
import { inSlices } from '../core/time-slices.ts'
import { dataDirectory, lockDirectory } from '../stores/data-directory.ts'
import { describeSelf } from '../stores/lock-holder.ts'
import { openCopy, removeCopy } from '../stores/postgres/copy-directory.ts'
import { holdDatabase } from '../stores/postgres/hold-database.ts'
import { moveIntoDatabase } from '../stores/postgres/move-log.ts'
import { isDatabase, placeOf } from '../stores/postgres/server-address.ts'
import { SharedFiles } from '../stores/postgres/shared-files.ts'
import { openForWriting } from '../stores/sqlite/open-for-writing.ts'
import { provePersons } from '../stores/sqlite/prove-persons.ts'
import { refuseProblem } from '../stores/sqlite/refuse-problem.ts'
import { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'
import { verifying } from '../stores/sqlite/verify-log.ts'
import { backup } from './backup-work.ts'
import { copiesPath } from './data-location.ts'
import { keepPrivate, keysBefore, logKey, openLog } from './log-files.ts'
import type { KeyChangeFlags } from './log-findings.ts'
import type { Run } from './run.ts'

export interface MigrateFlags extends KeyChangeFlags {
  readonly from: string
  readonly to: string
}

const holder = () => `shrike migrate, ${describeSelf()}`
const today = () => new Date(Date.now()).toISOString().slice(0, 10)

/** Moves everything from a directory into a database, or back. */
export async function migrate(flags: MigrateFlags, run: Run): Promise<void> {
  const { from, to } = flags
  if (isDatabase(from) === isDatabase(to))
    throw new FraudError(
      'OPTION_INVALID',
      'One of --from and --to is a directory, and the other one postgres://USER@HOST/DATABASE',
    )
  keepPrivate()
  await (isDatabase(to) ? intoDatabase(flags, run) : intoDirectory(flags, run))
}

async function intoDatabase({ from, to, keyChanges }: MigrateFlags, { terminal, signal }: Run): Promise<void> {
  openLog({ data: from }).close()
  const directory = dataDirectory(from)
  const lock = lockDirectory(directory)
  const check = mkdtempSync(join(from, 'migrate-'))
  try {
    const key = logKey()
    // Brings a log of an older version up to date.
    openForWriting(directory.logPath, key === undefined ? undefined : { key, provePersons }).close()
    const reader = new SqliteLogReader(directory.logPath)
    const stop = () => throwIfInterrupted(signal)
    const verified = async (path: SqliteLogReader) => {
      const found = await inSlices(verifying(path, key, { otherKeys: keysBefore(), keyChanges }), stop)
      refuseProblem(found)
      return found
    }
    const progress = terminal.begin('move the log')
    try {
      const { records, last, hash } = await verified(reader)
      const files = new SharedFiles(directory, to)
      const moved = await moveIntoDatabase({
        ...{ url: to, holder: holder(), today: today(), reader, accessPath: directory.accessPath },
        checkPath: join(check, 'log.sqlite'),
        async check(path) {
          const copy = new SqliteLogReader(path)
          const arrived = await verified(copy).finally(() => copy.close())
          if (arrived.records !== records || arrived.last !== last || arrived.hash !== hash)
            throw new FraudError(
              'LOG_INVALID',
              `${records} records were sent, and ${arrived.records} arrived; nothing was kept`,
            )
        },
        afterRecords: stop,
      })
      await files.share()
      await files.close()
      progress.end(`${records.toLocaleString('en')} records and ${moved.persons.toLocaleString('en')} persons`)
      terminal.say(`${placeOf(to)} holds ${from}; head ${last}:${hash}`)
      terminal.result({ ...moved, head: `${last}:${hash}` })
    } finally {
      reader.close()
    }
  } finally {
    rmSync(check, { recursive: true, force: true })
    lock.release()
  }
}

/** As a backup of the database, while nobody else writes into it. */
async function intoDirectory({ from, to, keyChanges }: MigrateFlags, run: Run): Promise<void> {
  const lead = await holdDatabase(from, holder(), today())
  try {
    const data = await openCopy(from, {
      under: copiesPath(),
      isFresh: true,
      afterRecords: () => throwIfInterrupted(run.signal),
    })
    try {
      await backup(to, { data, ...(keyChanges && { keyChanges }) }, run)
    } finally {
      removeCopy(data)
    }
    await lead.beat().catch((cause: unknown) => {
      rmSync(to, { recursive: true })
      const message = `The connection that kept others from writing to ${placeOf(from)} was lost meanwhile: nothing was kept in ${to}`
      throw new FraudError('DATABASE_UNUSABLE', message, { cause })
    })
  } finally {
    await lead.end()
  }
}
