import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from '../core/zod.ts'
import { writeFileAtomically } from '../data/write-file.ts'
import { readBundle } from '../scoring/load-predictor.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import type { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'
import { openLog } from './log-files.ts'
import { version } from './version.ts'

const fileSchema = z.object({
  training: z.object({ of: z.string(), bundle: z.string() }).optional(),
  replay: z.object({ of: z.string(), sequence: z.number(), hash: z.string() }).optional(),
})
type Steps = z.infer<typeof fileSchema>

/**
 * What `npm start` did to the end in a data directory, and of what, so that the next start does not do it again. A step
 * counts only where what it made is still there: the same bundle, and a log that goes on from the same record.
 */
export class FinishedSteps {
  readonly #data: string
  readonly #path: string
  #steps: Steps

  constructor(data: string) {
    this.#data = data
    this.#path = join(data, 'start.json')
    this.#steps = readSteps(this.#path)
  }

  async isTrained(of: string | undefined, bundle: string): Promise<boolean> {
    const { training } = this.#steps
    if (of === undefined || training?.of !== of || !existsSync(bundle)) return false
    return (await readBundle(bundle)).id === training.bundle
  }

  async trained(of: string | undefined, bundle: string): Promise<void> {
    if (of !== undefined) await this.#keep({ training: { of, bundle: (await readBundle(bundle)).id } })
  }

  isReplayed(of: string | undefined): boolean {
    const { replay } = this.#steps
    if (of === undefined || replay?.of !== of || !existsSync(dataDirectory(this.#data).logPath)) return false
    return this.#readLog((log) => hashAt(log, replay.sequence)) === replay.hash
  }

  async replayed(of: string | undefined): Promise<void> {
    if (of === undefined) return
    const { sequence, hash } = this.#readLog((log) => {
      const sequence = log.lastSequence()
      return { sequence, hash: hashAt(log, sequence) }
    })
    if (hash !== undefined) await this.#keep({ replay: { of, sequence, hash } })
  }

  #readLog<Read>(read: (log: SqliteLogReader) => Read): Read {
    const log = openLog({ data: this.#data })
    try {
      return read(log)
    } finally {
      log.close()
    }
  }

  async #keep(step: Steps): Promise<void> {
    this.#steps = { ...this.#steps, ...step }
    await writeFileAtomically(this.#path, JSON.stringify(this.#steps), 0o600)
  }
}

function hashAt(log: SqliteLogReader, sequence: number): string | undefined {
  const hash = log.hashAt(sequence)
  return hash && Buffer.from(hash).toString('hex')
}

/** One that is damaged is as good as none: then all is done again. */
function readSteps(path: string): Steps {
  if (!existsSync(path)) return {}
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return {}
  }
}

/**
 * Tells a file, and what it is worked on with, from every other; undefined of what is no single file, which is worked on
 * each time.
 */
export async function digestOf(file: string, withWhat: object): Promise<string | undefined> {
  if (!existsSync(file) || !statSync(file).isFile()) return undefined
  const hash = createHash('sha256').update(JSON.stringify({ version, ...withWhat }))
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  return hash.digest('hex')
}
