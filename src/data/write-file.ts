import { rmSync, type Stats } from 'node:fs'
import { access, constants, type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isDiskFull } from '../core/disk-full.ts'
import { FraudError } from '../core/errors.ts'

/** Gives a finished file, which still has a temporary name, the one that it is written for. */
export type Place = (temporary: string, path: string) => Promise<void>

/** Temporary files of this process; one that is told to end at once does not leave them behind. */
const unfinished = new Set<string>()
process.on('exit', () => {
  for (const temporary of unfinished) rmSync(temporary, { force: true })
})

/**
 * Writes a file so that its name always stands for a complete one: into a temporary file beside it, synced, renamed, the
 * directory synced. Where anything fails, the file that was there stays as it was. FILE_UNWRITABLE where it can't be
 * written.
 *
 * @param mode who may read it, as of `chmod`; what the user's umask says by default.
 * @param place renames it by default, whatever is there.
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  mode?: number,
  place: Place = rename,
): Promise<void> {
  const { temporary, file } = await openTemporary(path, mode)
  unfinished.add(temporary)
  try {
    try {
      await writeContent(file, content)
      await file.sync()
    } finally {
      await file.close()
    }
    await place(temporary, path)
    await syncDirectory(dirname(path))
  } catch (cause) {
    await rm(temporary, { force: true })
    throw unwritable(cause, path)
  } finally {
    unfinished.delete(temporary)
  }
}

/** One that nobody else has: in two containers that share a folder, processes have the same number. */
async function openTemporary(path: string, mode: number | undefined) {
  for (let number = 0; ; number++) {
    const temporary = `${path}.${process.pid}${number === 0 ? '' : `-${number}`}.partial`
    try {
      return { temporary, file: await open(temporary, 'wx', mode) }
    } catch (cause) {
      if (!isSystemError(cause) || cause.code !== 'EEXIST') throw unwritable(cause, path)
    }
  }
}

/**
 * Throws FILE_UNWRITABLE where no file of that name could be written: asked before work whose result would be lost. A
 * device or a pipe is refused, too: a file would take its place.
 */
export async function checkWritable(path: string): Promise<void> {
  let there: Stats | undefined
  try {
    await access(dirname(path), constants.W_OK)
    there = await stat(path)
  } catch (cause) {
    if (!(isSystemError(cause) && cause.code === 'ENOENT' && cause.path === path)) throw unwritable(cause, path)
  }
  if (there === undefined || there.isFile()) return
  const reason = there.isDirectory() ? 'it is a directory' : 'it is a device or a pipe'
  throw new FraudError('FILE_UNWRITABLE', `${path} can't be written: ${reason}`)
}

/** FILE_UNWRITABLE for what the operating system said, by itself or by SQLite or DuckDB; anything else as it is. */
export function unwritable(cause: unknown, path: string): unknown {
  if (cause instanceof FraudError || !(cause instanceof Error)) return cause
  const reason = isDiskFull(cause)
    ? 'the disk is full'
    : isSystemError(cause)
      ? reasonFor(cause, path)
      : refusedDuckdb.exec(cause.message)?.[1]
  if (reason === undefined) return cause
  return new FraudError('FILE_UNWRITABLE', `${path} can't be written: ${reason}`, { cause })
}

async function writeContent(
  file: FileHandle,
  content: string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  if (typeof content === 'string' || content instanceof Uint8Array) await file.writeFile(content)
  else for await (const chunk of content) await file.writeFile(chunk)
}

/** Makes the renaming itself durable; Windows has no such thing and refuses to open a directory. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** DuckDB's errors have no codes. */
const refusedDuckdb = /Could not write file "[^"]*": (.+)/

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error
}

function reasonFor({ code, message }: NodeJS.ErrnoException, path: string): string {
  if (code === 'ENOENT') return `there is no directory ${dirname(path)}`
  if (code === 'EISDIR' || code === 'EEXIST') return 'it is a directory'
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  return message
}
