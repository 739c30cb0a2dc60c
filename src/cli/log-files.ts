import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { FraudError } from '../core/errors.ts'
import { checkWebhook, type WebhookTarget } from '../monitoring/webhook-sink.ts'
import { dataDirectory, refuseLinkedFiles } from '../stores/data-directory.ts'
import { keyVariable, type NamedKey } from '../stores/sqlite/log-key.ts'
import { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'

export interface DataFlags {
  readonly data: string
}

/** Opens the log of a data directory for reading. Throws FILE_UNREADABLE where there is none. */
export function openLog({ data }: DataFlags): SqliteLogReader {
  requireLog({ data })
  return new SqliteLogReader(dataDirectory(data).logPath)
}

/**
 * Checks that there is a log for commands that need one: a misspelt --data would look like an empty one.
 *
 * @throws FraudError FILE_UNREADABLE where the data directory has no log, or is not there.
 */
export function requireLog({ data }: DataFlags): void {
  requireDirectory({ data })
  const directory = dataDirectory(data)
  refuseLinkedFiles(directory)
  if (existsSync(directory.logPath)) return
  const { database } = directory
  const message =
    database === undefined
      ? `There is no log in ${data}: ${whichOne}`
      : `There is no log in ${database.place}: nothing was decided there, or it is another database`
  throw new FraudError('FILE_UNREADABLE', message)
}

/** @throws FraudError FILE_UNREADABLE where the data directory is not there, DIRECTORY_UNUSABLE where it can't be read. */
export function requireDirectory({ data }: DataFlags): void {
  try {
    if (statSync(data, { throwIfNoEntry: false })?.isDirectory()) {
      accessSync(data, constants.R_OK | constants.X_OK)
      return
    }
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause)) throw cause
    throw new FraudError('DIRECTORY_UNUSABLE', `The data directory ${data} can't be read: ${cause.code}`, { cause })
  }
  throw new FraudError('FILE_UNREADABLE', `There is no directory ${data}: ${whichOne}`)
}

const whichOne = 'name the directory of serve or replay with --data'

/**
 * The key of the log's chain; undefined where the log is to be kept without one.
 *
 * @throws FraudError OPTION_INVALID where the variable is there but empty: with such a key anybody could write the log.
 */
export function logKey(): string | undefined {
  const key = process.env[keyVariable]
  if (key === '') throw new FraudError('OPTION_INVALID', `${keyVariable} is empty: unset it, or set it to a key`)
  return key
}

/**
 * Keys that the log had before it was changed, the newest first, one a line, for those that still have to verify what
 * was written with them.
 */
export function keysBefore(): readonly NamedKey[] {
  const name = `${keyVariable}_BEFORE`
  const keys = (process.env[name] ?? '').split(/\n(?!$)/).filter((key) => key !== '')
  return keys.map((key, i) => ({ name: i === 0 ? name : `line ${i + 1} of ${name}`, key }))
}

/** What this process makes from here on is for its owner alone, whatever the umask: persons may be in it in clear. */
export function keepPrivate(): void {
  process.umask(0o077)
}

/** Where alerts are sent: only who starts the service says so. @throws FraudError OPTION_INVALID */
export function alertWebhook(): WebhookTarget | undefined {
  const { SHRIKE_ALERT_WEBHOOK: url = '', SHRIKE_ALERT_SECRET: secret = '' } = process.env
  if (url === '' && secret === '') return undefined
  checkWebhook({ url, secret })
  return { url, secret }
}
