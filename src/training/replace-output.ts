import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { constants, copyFile, link, rm, stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { option } from '../core/option.ts'
import type { Progress } from '../core/progress.ts'
import { unwritable } from '../data/write-file.ts'

/** What is said wherever a file of a given name is written. */
export interface ForceRequest {
  readonly force?: boolean
}

/**
 * Writes an output. A file that has its name already is kept beside it under a numbered one, and that is said, unless both
 * are the same or `force` gives it up; where writing fails it stays as it was.
 */
export async function replaceOutput(
  path: string,
  { force }: ForceRequest,
  run: Pick<Progress, 'note'>,
  write: () => Promise<void>,
): Promise<void> {
  if (force === true || !existsSync(path)) return write()
  const kept = await keep(path)
  try {
    await write()
  } catch (error) {
    await rm(kept, { force: true })
    throw error
  }
  if (await areEqual(path, kept)) await rm(kept)
  else run.note(`  ${path} already existed and was renamed to ${kept} (${option('force')} replaces it)`)
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
