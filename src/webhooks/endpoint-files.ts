import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises'
import { z } from '../core/zod.ts'

/** A record whose events are not settled. */
export interface Undelivered {
  readonly sequence: number
  /** When it was read first: the time from which its events are tried; missing where that begins anew. */
  readonly offeredMs?: number | undefined
}

/** How far an endpoint's events have come. */
interface Progress {
  /** Records through this number were read. */
  readonly through: number
  /** Those among them whose events are not settled, in order. */
  readonly undelivered: readonly Undelivered[]
}

/** An event that was given up. What it said is in the log, under its number, and not here. */
export interface DeadLetter {
  readonly id: string
  readonly sequence: number
  readonly type: string
  readonly at: string
  readonly attempts: number
  readonly why: string
}

// Numbers and times apart: a version that knows no times reads the numbers.
const progressSchema = z.object({
  ...{ through: z.number().int().min(0), undelivered: z.array(z.number().int()) },
  offeredMs: z.array(z.number().nullable()).default([]),
})
const deadSchema = z.object({
  ...{ id: z.string(), sequence: z.number().int(), type: z.string() },
  ...{ at: z.string(), attempts: z.number().int(), why: z.string() },
})

/** What is kept of an endpoint in the data directory: how far it has come, and what was given up. */
export interface EndpointFiles {
  progress(): Progress | undefined
  /** Says at once where an endpoint begins that has come nowhere yet. */
  begin(through: number): void
  /** Adds letters, then notes the progress: what a power loss takes is sent again. */
  save(progress: Progress, letters: readonly DeadLetter[]): Promise<void>
  dead(): Promise<readonly DeadLetter[]>
  /** Leaves those letters alone. */
  keep(letters: readonly DeadLetter[]): Promise<void>
}

/** @param prefix the beginning of the files' names. */
export function openEndpointFiles(prefix: string): EndpointFiles {
  const [progressPath, deadPath] = [`${prefix}.json`, `${prefix}.dead.ndjson`]
  const options = { mode: 0o600, flush: true }
  const replace = async (path: string, text: string) => {
    await writeFile(`${path}.tmp`, text, options)
    await rename(`${path}.tmp`, path)
  }
  /** A full disk or a power loss may have cut the last line short: it is not to take the next one with it. */
  let mayBeCut = true
  return {
    progress: () => (existsSync(progressPath) ? readProgress(readFileSync(progressPath, 'utf8')) : undefined),
    begin(through) {
      if (existsSync(progressPath)) return
      writeFileSync(`${progressPath}.tmp`, textOf({ through, undelivered: [] }), options)
      renameSync(`${progressPath}.tmp`, progressPath)
    },
    async save(progress, letters) {
      if (letters.length > 0) {
        const lines = `${mayBeCut ? '\n' : ''}${linesOf(letters)}`
        mayBeCut = true
        await appendFile(deadPath, lines, options)
        mayBeCut = false
      }
      await replace(progressPath, textOf(progress))
    },
    async dead() {
      const lines = existsSync(deadPath) ? (await readFile(deadPath, 'utf8')).split('\n') : []
      // A line that was cut short is of an event that is still undelivered.
      const letters = lines.flatMap((line) => (line.endsWith('}') ? [deadSchema.parse(JSON.parse(line))] : []))
      return [...new Map(letters.map((letter) => [letter.id, letter])).values()]
    },
    keep: (letters) => replace(deadPath, linesOf(letters)),
  }
}

function readProgress(text: string): Progress {
  const { through, undelivered, offeredMs } = progressSchema.parse(JSON.parse(text))
  return {
    through,
    undelivered: undelivered.map((sequence, i) => ({ sequence, offeredMs: offeredMs[i] ?? undefined })),
  }
}

function textOf({ through, undelivered }: Progress): string {
  const noted = {
    ...{ through, undelivered: undelivered.map(({ sequence }) => sequence) },
    offeredMs: undelivered.map(({ offeredMs = null }) => offeredMs),
  }
  return `${JSON.stringify(noted)}\n`
}

function linesOf(letters: readonly DeadLetter[]): string {
  return letters.map((letter) => `${JSON.stringify(letter)}\n`).join('')
}
