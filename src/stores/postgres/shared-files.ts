import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import type { DataDirectory } from '../data-directory.ts'
import { isJobFile } from '../job-files.ts'
import { connect } from './connect.ts'
import type { Session } from './session.ts'

interface Known {
  readonly mtimeMs: number
  readonly size: number
}

/**
 * Files of a data directory that every process has to have: keys of callers, bundles, jobs with what they made, alerts that
 * could not be sent, and how far webhooks have come. Of a file that two processes change at once the later one stays.
 */
export class SharedFiles {
  readonly #directory: DataDirectory
  readonly #url: string
  readonly #known = new Map<string, Known>()
  #version = 0
  #client: Session | undefined
  #underway: Promise<void> = Promise.resolve()

  constructor(directory: DataDirectory, url: string) {
    this.#directory = directory
    this.#url = url
  }

  /** Fetches all that there is, in place of what is here. */
  async begin(client: Session): Promise<void> {
    await this.#pull(client)
    for (const path of this.#paths()) if (!this.#known.has(path)) rmSync(this.#at(path), { force: true })
  }

  /** Fetches what others changed, and sends what was changed here; resolves once that is durable. */
  share(): Promise<void> {
    const shared = this.#underway.then(() => this.#share())
    this.#underway = shared.catch(() => {})
    return shared
  }

  async close(): Promise<void> {
    await this.#underway
    await this.#client?.end()
    this.#client = undefined
  }

  async #share(): Promise<void> {
    try {
      if (this.#client === undefined || this.#client.hasEnded) this.#client = await connect(this.#url)
      await this.#pull(this.#client)
      await this.#push(this.#client)
    } catch (error) {
      await this.#client?.end()
      this.#client = undefined
      throw error
    }
  }

  async #pull(client: Session): Promise<void> {
    const sql = 'SELECT path, hash, version FROM shrike.files WHERE version > $1 ORDER BY version'
    const { rows } = await client.query(sql, [this.#version])
    for (const { path, hash, version } of rows) {
      if (isShared(path)) await this.#take(client, path, hash)
      this.#version = Number(version)
    }
  }

  async #take(client: Session, path: string, hash: Buffer | null): Promise<void> {
    const file = this.#at(path)
    if (hash === null) {
      rmSync(file, { force: true })
      this.#known.delete(path)
      return
    }
    if (!existsSync(file) || !hashOf(readFileSync(file)).equals(hash)) {
      const { rows } = await client.query('SELECT bytes FROM shrike.files WHERE path = $1 AND hash = $2', [path, hash])
      // Changed again meanwhile: that comes with the next fetch.
      if (rows.length === 0) return
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
      const temporary = `${file}.${process.pid}.tmp`
      writeFileSync(temporary, rows[0].bytes, { mode: 0o600, flush: true })
      renameSync(temporary, file)
    }
    const { mtimeMs, size } = statSync(file)
    this.#known.set(path, { mtimeMs, size })
  }

  async #push(client: Session): Promise<void> {
    const changed = new Map<string, Known>()
    const paths = this.#paths()
    for (const path of paths) {
      const now = statSync(this.#at(path), { throwIfNoEntry: false })
      const known = this.#known.get(path)
      if (now !== undefined && (known?.mtimeMs !== now.mtimeMs || known.size !== now.size))
        changed.set(path, { mtimeMs: now.mtimeMs, size: now.size })
    }
    const gone = [...this.#known.keys()].filter((path) => !paths.includes(path) && !existsSync(this.#at(path)))
    for (const [path, known] of changed) {
      const bytes = readFileSync(this.#at(path))
      await this.#put(client, path, bytes)
      this.#known.set(path, known)
    }
    for (const path of gone) {
      await this.#put(client, path, null)
      this.#known.delete(path)
    }
  }

  /** One writer at a time, so that versions become visible in their order. */
  async #put(client: Session, path: string, bytes: Buffer | null): Promise<void> {
    await client.query('BEGIN; LOCK TABLE shrike.files IN EXCLUSIVE MODE')
    try {
      await client.query(
        `INSERT INTO shrike.files (path, bytes, hash, version) VALUES ($1, $2, $3, nextval('shrike.file_versions'))
         ON CONFLICT (path) DO UPDATE SET bytes = excluded.bytes, hash = excluded.hash, version = excluded.version`,
        [path, bytes, bytes === null ? null : hashOf(bytes)],
      )
      await client.query('COMMIT')
    } catch (error) {
      await client.query('ROLLBACK').catch(() => {})
      throw error
    }
  }

  #at(path: string): string {
    return join(this.#directory.path, path)
  }

  #paths(): readonly string[] {
    const { path: root } = this.#directory
    if (!existsSync(root)) return []
    const shared: string[] = readdirSync(root).filter(isShared)
    for (const folder of folders.filter((name) => existsSync(join(root, name)))) {
      for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
        const path = relative(root, join(entry.parentPath, entry.name)).split(sep).join('/')
        if (entry.isFile() && isShared(path)) shared.push(path)
      }
    }
    return shared
  }
}

const folders = ['models', 'bundles', 'jobs']

/** Whether a path, whoever says it, is one of those that are shared. */
function isShared(path: string): boolean {
  if (path.includes('..') || path.endsWith('.tmp')) return false
  if (path === 'keys.json' || path === 'model.safetensors') return true
  if (/^alerts\.[a-z.]+$/.test(path) || /^webhooks\.[a-z0-9-]+(\.json|\.dead\.ndjson)$/.test(path)) return true
  if (/^models\/[^/]+\.safetensors$/.test(path) || /^bundles\/[^/]+\/[^/]+$/.test(path)) return true
  const [folder, name = '', ...more] = path.split('/')
  return folder === 'jobs' && more.length === 0 && isJobFile(name)
}

function hashOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
