import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { constants, copyFile, link, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import type { Progress } from '../core/progress.ts'
import { type Place, unwritable, writeFileAtomically } from '../data/write-file.ts'

/** What is said wherever a file of a given name is written. */
export interface ForceRequest {
  readonly force?: boolean
}

/**
 * Writes an output. A file that has its name by then, be it of another process that was quicker, is kept beside it under a
 * numbered one, and that is said, unless both are the same or `force` gives it up; where writing fails or was to stop it
 * stays as it was.
 */
export async function replaceOutput(
  path: string,
  { force }: ForceRequest,
  { note, signal }: Pick<Progress, 'note' | 'signal'>,
  write: (place: Place) => Promise<void>,
): Promise<void> {
  await write(async (temporary) => {
    if (signal.aborted) throw new FraudError('INTERRUPTED', `Stopped before ${path} was written`)
    if (force === true || !existsSync(path)) return rename(temporary, path)
    const kept = await keep(path)
    try {
      await rename(temporary, path)
    } catch (error) {
      await rm(kept, { force: true })
      throw error
    }
    if (await areEqual(path, kept)) await rm(kept)
    else note(`  ${path} already existed and was renamed to ${kept} (${option('force')} replaces it)`)
  })
  const left = await unfinishedOf(path)
  if (left.length > 0)
    note(
      `  ${left.join(', ')}: left by a command that was killed, unless one still writes ${path}; delete what is left`,
    )
}

/** What commands that were killed left of a file, or others are writing: in two containers they may have one number. */
async function unfinishedOf(path: string): Promise<readonly string[]> {
  const [folder, name] = [dirname(path), basename(path)]
  const isUnfinished = (each: string) =>
    each.startsWith(`${name}.`) && /^\d[\d.a-z-]*\.partial$/.test(each.slice(name.length + 1))
  return (await readdir(folder)).filter(isUnfinished).map((each) => join(folder, each))
}

/** Writes an output whose content is at hand. @param mode as of `writeFileAtomically`. */
export function replaceFile(
  path: string,
  content: Parameters<typeof writeFileAtomically>[1],
  request: ForceRequest,
  run: Pick<Progress, 'note' | 'signal'>,
  mode?: number,
): Promise<void> {
  return replaceOutput(path, request, run, (place) => writeFileAtomically(path, content, mode, place))
}

/** A second name for a file, the first that is free: model.safetensors is kept as model-1.safetensors. */
async function keep(path: string): Promise<string> {
  const [ending] = /(\.[a-z]+\.gz|\.[^./\\]*)?$/i.exec(path) ?? ['']
  const stem = path.slice(0, path.length - ending.length)
  for (let number = 1; ; number++) {
    const name = `${stem}-${number}${ending}`
    try {
      await link(path, name).catch((cause: unknown) => {
        if (codeOf(cause) === 'EEXIST') throw cause
        // Some file systems have no second names.
        return copyFile(path, name, constants.COPYFILE_EXCL)
      })
      return name
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') throw unwritable(cause, name)
    }
  }
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined
}

async function areEqual(one: string, other: string): Promise<boolean> {
  const [{ size }, { size: otherSize }] = await Promise.all([stat(one), stat(other)])
  return size === otherSize && (await hashOf(one)) === (await hashOf(other))
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
