import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { readWholeFile } from '../core/read-whole-file.ts'
import type { DataDirectory } from './data-directory.ts'
import { copyIfThere, makePrivate, refuseLinks, syncDirectory } from './file-access.ts'

const ending = '.safetensors'
const idForm = /^[a-z0-9][a-z0-9._-]{0,63}@[0-9a-f]{12}$/i
/** The age from which a file with a temporary name is one that an ended process left behind. */
const leftAfterMs = 60_000
const pieceBytes = 2 ** 18

/** Bundles as files of the data directory, each under its id and for its owner alone: whole, or not there. */
export interface ModelFiles {
  /** Ids of the files that are there. */
  list(): readonly string[]
  has(id: string): boolean
  pathOf(id: string): string
  /** Resolves once it is durable. */
  keep(id: string, bytes: Uint8Array): Promise<void>
  read(id: string): Promise<Uint8Array>
  /** The same in pieces, each of which the next one overwrites. */
  pieces(id: string): AsyncIterable<Uint8Array>
  remove(id: string): void
}

export function openModelFiles({ modelsPath, database }: Pick<DataDirectory, 'modelsPath' | 'database'>): ModelFiles {
  refuseLinks(modelsPath)
  const pathOf = (id: string) => join(modelsPath, `${id}${ending}`)
  return {
    pathOf,
    list: () => namesIn(modelsPath).flatMap((name) => idOf(name) ?? []),
    has: (id) => idForm.test(id) && existsSync(pathOf(id)),
    async keep(id, bytes) {
      mkdirSync(modelsPath, { recursive: true, mode: 0o700 })
      makePrivate(modelsPath)
      const temporary = join(modelsPath, `${id}.${process.pid}.tmp`)
      const file = await open(temporary, 'w', 0o600)
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      renameSync(temporary, pathOf(id))
      syncDirectory(modelsPath)
      await database?.share()
    },
    read: (id) => readWholeFile(pathOf(id)),
    async *pieces(id) {
      const file = await open(pathOf(id))
      try {
        const piece = Buffer.allocUnsafeSlow(pieceBytes)
        for (;;) {
          const { bytesRead } = await file.read(piece, 0, pieceBytes)
          if (bytesRead === 0) return
          yield piece.subarray(0, bytesRead)
        }
      } finally {
        await file.close()
      }
    },
    remove(id) {
      rmSync(pathOf(id), { force: true })
      if (existsSync(modelsPath)) syncDirectory(modelsPath)
    },
  }
}

/** Removes what a process that did not come to the end was writing. */
export function removeModelLeftovers({ modelsPath }: Pick<DataDirectory, 'modelsPath'>, nowMs: number): void {
  for (const name of namesIn(modelsPath)) {
    if (!name.endsWith('.tmp')) continue
    const path = join(modelsPath, name)
    const writtenMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? nowMs
    if (nowMs - writtenMs > leftAfterMs) rmSync(path, { force: true })
  }
}

/** Copies the registered bundles into another data directory, beside a service that goes on; how many. */
export function copyModels(from: DataDirectory, to: DataDirectory): number {
  refuseLinks(from.modelsPath)
  const names = namesIn(from.modelsPath).filter((name) => idOf(name) !== undefined)
  if (names.length > 0) mkdirSync(to.modelsPath, { mode: 0o700 })
  return names.filter((name) => copyIfThere(join(from.modelsPath, name), join(to.modelsPath, name))).length
}

function namesIn(path: string): readonly string[] {
  return existsSync(path) ? readdirSync(path).toSorted() : []
}

function idOf(name: string): string | undefined {
  const id = name.endsWith(ending) ? name.slice(0, -ending.length) : ''
  return idForm.test(id) ? id : undefined
}
