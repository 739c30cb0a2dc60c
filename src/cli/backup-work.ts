import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FraudError } from '../core/errors.ts'
import { throwIfInterrupted } from '../core/progress.ts'
import { inSlices } from '../core/time-slices.ts'
import { unwritable } from '../data/write-file.ts'
import { readDeployments } from '../deciding/deployment-projection.ts'
import { copyJobs } from '../stores/copy-jobs.ts'
import { type DataDirectory, dataDirectory } from '../stores/data-directory.ts'
import { copyIfThere } from '../stores/file-access.ts'
import { copyModels, openModelFiles } from '../stores/model-files.ts'
import { copyAccessOf } from '../stores/postgres/move-access.ts'
import { readSnapshot, snapshotPaths } from '../stores/snapshot-files.ts'
import { copyLog } from '../stores/sqlite/copy-log.ts'
import { refuseProblem } from '../stores/sqlite/refuse-problem.ts'
import { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'
import { verifying } from '../stores/sqlite/verify-log.ts'
import { noteExport } from './audit-work.ts'
import { type DataFlags, keepPrivate, keysBefore, logKey, openLog } from './log-files.ts'
import type { KeyChangeFlags } from './log-findings.ts'
import type { Run } from './run.ts'

export interface BackupFlags extends DataFlags, KeyChangeFlags {}

/** Copies a data directory, beside a service that goes on, to an empty one that a service can start on; then checks it. */
export async function backup(target: string, flags: BackupFlags, run: Run): Promise<void> {
  if (existsSync(target) && readdirSync(target).length > 0) {
    throw new FraudError('FILE_UNWRITABLE', `${target} is not empty: a backup needs an empty or new directory`)
  }
  keepPrivate()
  noteExport(flags.data, 'backup', target, run)
  // The copy has a temporary name until it is whole, so that whatever looks like a backup is one.
  const place = target.replace(/[/\\]+$/, '')
  let partial: string | undefined
  try {
    if (!existsSync(dirname(place))) mkdirSync(dirname(place), { recursive: true })
    partial = mkdtempSync(`${place}.partial-`)
    await copyWhole(partial, target, flags, run)
    if (existsSync(target)) rmdirSync(target)
    renameSync(partial, target)
  } catch (cause) {
    throw unwritable(cause, target)
  } finally {
    if (partial !== undefined) rmSync(partial, { recursive: true, force: true })
  }
}

async function copyWhole(
  partial: string,
  target: string,
  flags: BackupFlags,
  { terminal, signal }: Run,
): Promise<void> {
  const from = dataDirectory(flags.data)
  const to = dataDirectory(partial)
  const key = logKey()
  openLog(flags).close()
  const progress = terminal.begin('copy the log')
  mkdirSync(to.snapshotsPath, { recursive: true, mode: 0o700 })
  await copyLog(from.logPath, to.logPath, signal)
  const copy = new SqliteLogReader(to.logPath)
  try {
    const steps = verifying(copy, key, { otherKeys: keysBefore(), keyChanges: flags.keyChanges })
    const found = await inSlices(steps, () => throwIfInterrupted(signal))
    refuseProblem(found)
    const { records, last, hash } = found
    progress.end(`${records.toLocaleString('en')} records, as they were written`)
    const snapshots = snapshotPaths(from.snapshotsPath).filter((path) =>
      copySnapshot(path, to.snapshotsPath, last, key),
    )
    for (const path of [from.keysPath, from.bundlePath, ...webhookPaths(from)])
      copyIfThere(path, join(to.path, basename(path)))
    copyAccessOf(from, to.accessPath)
    const made = { ...copyJobs(from, to), models: copyModels(from, to) }
    refuseMissing(copy, to)
    terminal.say(
      `${target}: ${records.toLocaleString('en')} records and ${snapshots.length} snapshots; head ${last}:${hash}`,
    )
    if (made.jobs + made.bundles > 0) terminal.say(`with ${made.jobs} jobs, and ${made.bundles} bundles that jobs made`)
    if (made.models > 0) terminal.say(`with ${made.models} models`)
    terminal.result({ records, head: `${last}:${hash}`, snapshots: snapshots.length, ...made, target })
  } finally {
    copy.close()
  }
}

/** How far webhooks have come: those of a restored backup are told of what they have not heard of. */
function webhookPaths({ path }: DataDirectory): readonly string[] {
  return readdirSync(path)
    .filter((name) => /^webhooks\..+\.(json|ndjson)$/.test(name))
    .map((name) => join(path, name))
}

/** What the log says is in force must be in the copy, or no service starts on it. @throws FraudError FILE_UNREADABLE */
function refuseMissing(copy: SqliteLogReader, to: DataDirectory): void {
  const { champion, canary, shadows } = readDeployments(copy).inForce
  const files = openModelFiles(to)
  const named = [...(champion === undefined ? [] : [champion]), ...(canary ? [canary.id] : []), ...shadows]
  const missing = named.filter((id) => !files.has(id))
  if (missing.length === 0) return
  const what = `The log says that ${missing.join(', ')} is in force, and there is no such file in models/`
  throw new FraudError('FILE_UNREADABLE', `${what}: add the bundle again, then take the backup`)
}

/** Whether a snapshot was copied: not one that is of later records, damaged, or gone by now. The log makes up for it. */
function copySnapshot(path: string, folder: string, last: number, key: string | undefined): boolean {
  const copy = join(folder, basename(path))
  try {
    if (copyIfThere(path, copy) && readSnapshot(copy, key).sequence <= last) return true
  } catch (error) {
    if (!(error instanceof FraudError)) throw error
  }
  rmSync(copy, { force: true })
  return false
}
