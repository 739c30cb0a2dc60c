import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Copies what `make` makes into a folder. In a run of `test/run.ts` it is made once for all files that ask by the same
 * key; a file that is run by itself makes its own.
 */
export async function copyMadeOnce(key: string, folder: string, make: (folder: string) => Promise<void>) {
  const shared = process.env.SHRIKE_TESTS_SHARED
  if (shared === undefined) return make(folder)
  const kept = join(shared, createHash('sha256').update(key).digest('hex').slice(0, 16))
  if (!existsSync(kept)) await makeIn(shared, kept, make)
  cpSync(kept, folder, { recursive: true })
}

/** Makes it, or waits for another file that makes the same. */
async function makeIn(shared: string, kept: string, make: (folder: string) => Promise<void>): Promise<void> {
  const lock = `${kept}.lock`
  while (mkdirSync(lock, { recursive: true }) === undefined) {
    await sleep(20)
    if (existsSync(kept)) return
  }
  try {
    if (existsSync(kept)) return
    const making = mkdtempSync(join(shared, 'making-'))
    await make(making)
    renameSync(making, kept)
  } finally {
    rmdirSync(lock)
  }
}
