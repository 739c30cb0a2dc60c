import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { databaseOf } from '../stores/copies.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { isDatabase } from '../stores/postgres/server-address.ts'
import { report } from './run.ts'

/** Commands that judge what the database itself holds, and not what this machine has of it. */
const fresh = ['verify', 'backup']
/** Commands that serve by themselves. */
const serving = ['serve', 'demo', 'stream']

/**
 * Where `--data` names a database, a copy of its log on this machine takes its place, so that every command finds a data
 * directory. Without one nothing of this is loaded.
 */
export async function locateData(command: Command): Promise<void> {
  const { data } = command.opts()
  if (typeof data !== 'string' || !isDatabase(data)) return
  try {
    const { openCopy, removeCopy } = await import('../stores/postgres/copy-directory.ts')
    const isFresh = fresh.includes(command.name())
    const path = await openCopy(data, { under: copiesPath(), isFresh, isOwn: serving.includes(command.name()) })
    if (isFresh) process.once('exit', () => removeCopy(path))
    command.setOptionValue('data', path)
  } catch (error) {
    process.exit(report(error))
  }
}

/** What a command changed in the copy is sent to the database before it ends. */
export async function shareData(command: Command): Promise<void> {
  const { data } = command.opts()
  const database = typeof data === 'string' ? databaseOf(data) : undefined
  if (database === undefined || fresh.includes(command.name())) return
  try {
    await database.share()
    await database.close()
  } catch (error) {
    process.exit(report(error))
  }
}

/** Where this machine keeps copies of logs that are in databases. */
export function copiesPath(): string {
  const { SHRIKE_COPIES, XDG_DATA_HOME } = process.env
  return SHRIKE_COPIES || join(XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'shrike')
}

/** What `--data` named. */
export function whereData(data: string): string {
  return dataDirectory(data).database?.place ?? data
}
