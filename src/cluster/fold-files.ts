import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SavedFold } from './replica.ts'

const hashBytes = 32
const markBytes = 8

/** Folds as files of a folder. Each has a hash over all of it, and takes the place of the one before at once or not at all. */
export class FoldFiles {
  readonly #folder: string
  readonly #onDamaged: (path: string, reason: string) => void

  constructor(folder: string, onDamaged: (path: string, reason: string) => void) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#folder = folder
    this.#onDamaged = onDamaged
  }

  /** Undefined where there is none, or one that can't be read or is damaged, which is told: the log has all of it. */
  read(name: string): SavedFold | undefined {
    const path = this.#path(name)
    let bytes: Buffer
    try {
      bytes = readFileSync(path)
    } catch (error) {
      if (!isMissing(error)) this.#onDamaged(path, String(error))
      return undefined
    }
    const rest = bytes.subarray(hashBytes)
    if (rest.length < markBytes || !hashOf([rest]).equals(bytes.subarray(0, hashBytes))) {
      this.#onDamaged(path, 'its hash is another')
      return undefined
    }
    return { mark: { before: rest.readUInt32LE(0), all: rest.readUInt32LE(4) }, chunks: [rest.subarray(markBytes)] }
  }

  /** Saves one after the other; each as it is when its turn comes. */
  async write(folds: Iterable<SavedFold & { readonly name: string }>): Promise<void> {
    for (const { name, mark, chunks } of folds) {
      const head = Buffer.alloc(markBytes)
      head.writeUInt32LE(mark.before, 0)
      head.writeUInt32LE(mark.all, 4)
      // All of it at once, before another entry is taken.
      const parts = [head, ...chunks]
      const path = this.#path(name)
      await writeFile(`${path}.new`, Buffer.concat([hashOf(parts), ...parts]), { mode: 0o600, flush: true })
      await rename(`${path}.new`, path)
    }
  }

  #path(name: string): string {
    return join(this.#folder, `${encodeURIComponent(name)}.fold`)
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function hashOf(parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
