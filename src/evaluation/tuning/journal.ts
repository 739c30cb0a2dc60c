import { type FileHandle, open, readFile } from 'node:fs/promises'
import { FraudError } from '../../core/errors.ts'
import { canonicalJson, isRecord } from '../../core/json-value.ts'
import { option } from '../../core/option.ts'
import { writeFileAtomically } from '../../data/write-file.ts'
import { type Trial, trialSchema } from './trial.ts'

/** All that makes trials comparable, by the words that an error names it with. */
export type SearchFingerprint = Readonly<Record<string, unknown>>

/** A search's finished trials in a file, a line of JSON each, below a line that says which search it is. */
export class Journal {
  readonly trials: readonly Trial[]
  /** Which search it is; what is in a search may be in another order than this one was asked for in. */
  readonly fingerprint: SearchFingerprint
  readonly #file: FileHandle
  readonly #path: string
  /** How many bytes of it are this process's, or were there when it was opened. */
  #size: number

  private constructor(file: FileHandle, path: string, size: number, { trials, fingerprint }: Content) {
    this.#file = file
    this.#path = path
    this.#size = size
    this.trials = trials
    this.fingerprint = fingerprint
  }

  /**
   * Opens a journal, or begins one where there is none. What a crash left of a last line is cut off.
   *
   * @throws FraudError JOURNAL_INVALID where it is another search's, or not a journal.
   */
  static async open(path: string, fingerprint: SearchFingerprint): Promise<Journal> {
    const header = `${JSON.stringify({ journal: 'shrike-tuning', version: 1, ...fingerprint })}\n`
    const text = await readIfThere(path)
    // A header that a crash cut short is begun again; anything else is somebody's file.
    const isNew = text === undefined || (header.startsWith(text) && text !== header)
    if (isNew) await writeFileAtomically(path, header)
    const content = readJournal(isNew ? header : text, path, header)
    const file = await open(path, 'r+')
    await file.truncate(content.size)
    return new Journal(file, path, content.size, content)
  }

  /**
   * Two searches in one journal would spoil it, so the second one to write is refused.
   *
   * @throws FraudError JOURNAL_INVALID where another process wrote to it since.
   */
  async refuseIntruders(): Promise<void> {
    const { size } = await this.#file.stat()
    if (size === this.#size) return
    throw new FraudError(
      'JOURNAL_INVALID',
      `Another search writes to ${this.#path}, so nothing more is written to it by this one; name another file with ${option('journal')}`,
    )
  }

  /** Returns once the trial is on the disk. */
  async append(trial: Trial): Promise<void> {
    await this.refuseIntruders()
    const line = Buffer.from(`${JSON.stringify(trial)}\n`)
    await this.#file.write(line, 0, line.length, this.#size)
    this.#size += line.length
    await this.#file.sync()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw new FraudError('FILE_UNREADABLE', `The journal ${path} can't be read`, { cause })
  }
}

interface Content {
  readonly trials: readonly Trial[]
  readonly fingerprint: SearchFingerprint
  /** How many bytes of the file are whole lines. */
  readonly size: number
}

function readJournal(text: string, path: string, header: string): Content {
  const end = text.lastIndexOf('\n') + 1
  const [first = '', ...lines] = text.slice(0, end).split('\n').slice(0, -1)
  const fingerprint = compareHeaders(first, header, path)
  const trials = lines.map((line, i): Trial => {
    const parsed = trialSchema.safeParse(parseJson(line))
    if (parsed.success && parsed.data.trial === i) return parsed.data
    throw new FraudError('JOURNAL_INVALID', `${path}:${i + 2}: this is not trial ${i} of a search; ${remedy}`)
  })
  return { trials, fingerprint, size: Buffer.byteLength(text.slice(0, end)) }
}

const remedy = `name another file with ${option('journal')}, or delete this one to begin again`

/** What the journal says of its search, which is the one that is wanted. */
function compareHeaders(found: string, wanted: string, path: string): SearchFingerprint {
  const told = parseJson(found)
  const { journal, version, ...ours } = Object(parseJson(wanted))
  if (typeof told !== 'object' || told === null || !('journal' in told) || told.journal !== journal) {
    throw new FraudError(
      'JOURNAL_INVALID',
      `${path} is not a journal of a search, so nothing is written to it; name another file with ${option('journal')}`,
    )
  }
  const { journal: _, version: theirVersion, ...theirs }: Record<string, unknown> = { ...told }
  if (theirVersion !== version) {
    throw new FraudError('JOURNAL_INVALID', `${path} has another journal version; ${remedy}`)
  }
  const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])]
  const different = names.filter((name) => inOneOrder(ours[name]) !== inOneOrder(theirs[name]))
  if (different.length === 0) return theirs
  const shown = different.map((name) => `${name}${describeChange(theirs[name], ours[name])}`).join(', ')
  throw new FraudError(
    'JOURNAL_INVALID',
    `${path} is the journal of another search, which differs in: ${shown}. Run it with the same choices, or ${remedy}`,
  )
}

/** Options by their names, and learners and dimensions of a space, are the same in any order; values of one are not. */
function inOneOrder(value: unknown): string {
  const sorted = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.every(isRecord) ? part.map(inOneOrder).sort() : part
    return isRecord(part) ? Object.fromEntries(Object.entries(part).map(([key, each]) => [key, sorted(each)])) : part
  }
  return canonicalJson(sorted(value))
}

/** What is short enough to be read is shown. */
function describeChange(theirs: unknown, ours: unknown): string {
  const [before, now] = [JSON.stringify(theirs), JSON.stringify(ours)]
  return (before?.length ?? 0) + (now?.length ?? 0) > 120
    ? ''
    : ` (${before ?? 'nothing'} there, ${now ?? 'nothing'} now)`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
