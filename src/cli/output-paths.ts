import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { FraudError } from '../core/errors.ts'
import { checkWritable } from '../data/write-file.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { identityOf } from '../stores/file-access.ts'

/** Paths by what people call them: a flag, or the operand's word. */
type NamedPaths = Readonly<Record<string, string | undefined>>

/**
 * Asked before any work: that every output can be written, and that none of them takes the place of a file that the
 * command reads (one of a folder's, too), of another output, of a key, or of what Shrike keeps in a data directory.
 *
 * @throws FraudError OPTION_INVALID, FILE_UNWRITABLE.
 */
export async function checkOutputs(outputs: NamedPaths, inputs: NamedPaths = {}): Promise<void> {
  const taken = new Map<string, string>()
  for (const [name, path] of named(inputs)) if (path !== '-') taken.set(placeOf(path), `what is read as ${name}`)
  for (const [name, path] of named(outputs)) {
    const use = ownUse(path) ?? taken.get(placeOf(path)) ?? taken.get(placeOf(dirname(path)))
    if (use !== undefined) throw new FraudError('OPTION_INVALID', `${name} ${path} would overwrite ${use}`)
    taken.set(placeOf(path), `what is written as ${name}`)
    await checkWritable(path)
  }
}

/** @throws FraudError OPTION_INVALID where an output is in a folder that is removed at the end, which a flag names. */
export function refuseInFolder(outputs: NamedPaths, flag: string, folder: string): void {
  const lost = named(outputs).find(([, path]) => placeOf(dirname(path)) === placeOf(folder))
  if (lost === undefined) return
  const [name, path] = lost
  throw new FraudError('OPTION_INVALID', `${name} ${path} is in the folder of ${flag}, which is removed at the end`)
}

function named(paths: NamedPaths): readonly (readonly [string, string])[] {
  return Object.entries(paths).flatMap(([name, path]) => (path === undefined ? [] : [[name, path] as const]))
}

/** The same for two names of one file, whether by links or by the way they are spelt. */
function placeOf(path: string): string {
  return identityOf(path) ?? join(realDirectory(path), basename(path))
}

function realDirectory(path: string): string {
  const directory = dirname(resolve(path))
  return statSync(directory, { throwIfNoEntry: false }) === undefined ? directory : realpathSync(directory)
}

/** What Shrike itself uses a file of a data directory for. Bundles and reports may stand there, too. */
function ownUse(path: string): string | undefined {
  const directory = realDirectory(path)
  if (/\.key$/i.test(path) && existsSync(path)) return 'a key'
  if (basename(directory) === 'snapshots' && isDataDirectory(dirname(directory)))
    return 'a snapshot of a data directory'
  if (!isDataDirectory(directory)) return undefined
  if (/^(log|lock|access)\.sqlite/.test(basename(path))) return 'the log, the lock or the users of a data directory'
  const use = ownFiles[basename(path)]
  return use !== undefined && existsSync(path) ? use : undefined
}

const ownFiles: Readonly<Record<string, string>> = {
  'keys.json': 'the keys of a data directory',
  'detector.yaml': 'the detector of a data directory, which may have been edited; delete it to start again',
  'service.json': 'a file of the service in its data directory',
  'holder.json': 'a file of the service in its data directory',
}

function isDataDirectory(path: string): boolean {
  const { logPath, lockPath } = dataDirectory(path)
  return identityOf(logPath) !== undefined || identityOf(lockPath) !== undefined
}
