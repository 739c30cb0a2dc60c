import type { IncomingMessage } from 'node:http'
import { suggestion } from '../core/closest-name.ts'
import { type FieldError, FraudError } from '../core/errors.ts'
import { readJson } from '../core/json-text.ts'
import { LineSplitter } from '../core/line-splitter.ts'
import { showName } from '../core/show-value.ts'
import type { ChangeAnswer } from '../deciding/policy-changes.ts'
import type { PolicyDesk } from '../deciding/policy-desk.ts'
import { refuseRepeated } from '../deciding/refuse-repeated.ts'
import { chunksWithin } from './chunks-within.ts'
import { declaredSeparator, readCsvHeader } from './csv-header.ts'
import { LineDeadline } from './label-lines.ts'
import type { PolicyContext } from './route.ts'

/** Entries of one record, which are a step of the loop: decisions wait for it, half a millisecond. */
const entriesOfRecord = 100
/** Errors of refused lines that are listed. */
const mostErrors = 1000
const namesOfEntry = 16

const columns: ReadonlyMap<string, string> = new Map([
  ['value', 'value'],
  ['expires_at', 'expiresAt'],
  ['expiresAt', 'expiresAt'],
  ['source', 'source'],
  ['note', 'note'],
])

interface LineError extends FieldError {
  /** From 1. */
  readonly line: number
}

/** What became of the lines: how many were added, or would be. */
export interface EntryReport extends ChangeAnswer {
  readonly lines: number
  readonly added: number
  readonly refused: number
  readonly errors: readonly LineError[]
}

interface EntryStream {
  readonly raw: IncomingMessage
  readonly isCsv: boolean
  readonly list: string
}

/** What takes a group of entries, all of it or none. @throws FraudError with the entries that it refuses by their places */
type PutGroup = (change: {
  readonly kind: 'entries'
  readonly list: string
  readonly add: unknown[]
}) => Promise<ChangeAnswer>

/**
 * Adds the entries of a stream, one a line, a group at a time: a bad line is told, and those around it are added.
 *
 * @param put what becomes of a group.
 * @throws FraudError what ends the stream before its end; what was added by then stays, and may be sent again.
 */
export async function takeEntryLines(
  { decisions, limits, turns }: PolicyContext,
  { raw, isCsv, list }: EntryStream,
  put: PutGroup,
): Promise<EntryReport> {
  const splitter = new LineSplitter(limits.lineBytes)
  const deadline = new LineDeadline(limits.bodyTimeoutMs)
  const group = new EntryGroup(decisions, list, put)
  let read = isCsv ? undefined : readObject
  let line = 0
  let separator: string | undefined
  const takeAll = async (lines: Iterable<Buffer | undefined>) => {
    for (const bytes of lines) {
      if (turns.isOver()) await turns.next()
      line += 1
      if (bytes?.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09)) continue
      if (isCsv && line === 1 && bytes !== undefined) separator = declaredSeparator(bytes)
      if (line === 1 && separator !== undefined) continue
      if (read === undefined) read = readHeader(bytes, separator)
      else group.take(line, bytes, read)
      if (group.isFull) await group.add()
    }
  }
  for await (const chunk of chunksWithin(raw, limits.bodyTimeoutMs)) {
    await takeAll(splitter.take(chunk))
    deadline.check(line)
  }
  await takeAll(splitter.finish())
  await group.add()
  return group.report()
}

type ReadLine = (bytes: Buffer) => unknown

/** Entries that become one record. */
class EntryGroup {
  readonly #list: string
  readonly #put: PutGroup
  readonly #errors: LineError[] = []
  #entries: { readonly line: number; readonly entry: unknown }[] = []
  #last: ChangeAnswer
  #added = 0
  #refused = 0

  constructor(decisions: PolicyDesk, list: string, put: PutGroup) {
    this.#list = list
    this.#put = put
    this.#last = { version: decisions.policy.version, sequence: 0, warnings: [] }
  }

  get isFull(): boolean {
    return this.#entries.length >= entriesOfRecord
  }

  take(line: number, bytes: Buffer | undefined, read: ReadLine): void {
    try {
      if (bytes === undefined) throw new FraudError('BODY_TOO_LARGE', 'The line is too long')
      this.#entries.push({ line, entry: read(bytes) })
    } catch (error) {
      if (!(error instanceof FraudError)) throw error
      const { errors, message } = error
      this.#refuse(line, errors.length > 0 ? errors : [{ field: '(line)', reason: message }])
    }
  }

  /** Adds what is good, and notes what is not. */
  async add(): Promise<void> {
    while (this.#entries.length > 0) {
      const add = this.#entries.map(({ entry }) => entry)
      try {
        this.#last = await this.#put({ kind: 'entries', list: this.#list, add })
        this.#added += add.length
        this.#entries = []
      } catch (error) {
        this.#drop(error)
      }
    }
  }

  report(): EntryReport {
    const lines = this.#added + this.#refused
    const errors = this.#errors.toSorted((a, b) => a.line - b.line)
    return { ...this.#last, lines, added: this.#added, refused: this.#refused, errors }
  }

  /** Takes out the entries that an error names by their places. Throws what is no fault of an entry. */
  #drop(error: unknown): void {
    const isOfEntries = error instanceof FraudError && ['INPUT_INVALID', 'CARD_NUMBER_REFUSED'].includes(error.code)
    if (!isOfEntries) throw error
    const bad = new Map<number, FieldError[]>()
    for (const { field, reason } of error.errors) {
      const [, place, name = '(line)'] = /^add\.(\d+)(?:\.(.*))?$/.exec(field) ?? []
      if (place === undefined) throw error
      bad.set(Number(place), [...(bad.get(Number(place)) ?? []), { field: name, reason }])
    }
    if (bad.size === 0) throw error
    for (const [place, errors] of bad) this.#refuse(this.#entries[place].line, errors)
    this.#entries = this.#entries.filter((_, place) => !bad.has(place))
  }

  #refuse(line: number, errors: readonly FieldError[]): void {
    this.#refused += 1
    for (const { field, reason } of errors) {
      if (this.#errors.length < mostErrors)
        this.#errors.push({ line, field: field === '(body)' ? '(line)' : showName(field), reason: showName(reason) })
    }
  }
}

function readObject(bytes: Buffer): unknown {
  const { value, repeated } = readJson(bytes, 'line', namesOfEntry)
  refuseRepeated(repeated)
  return value
}

/** @throws FraudError INPUT_INVALID where a column is not of an entry: what it holds would be lost. */
function readHeader(bytes: Buffer = Buffer.alloc(0), separator?: string): ReadLine {
  const { names, cells: cellsOf } = readCsvHeader(bytes, separator)
  const errors: FieldError[] = names.flatMap((name, i) => {
    const reason = `is not a column of entries${suggestion(name, [...columns.keys()])}`
    if (!columns.has(name)) return [{ field: showName(name), reason }]
    return names.findIndex((each) => columns.get(each) === columns.get(name)) === i
      ? []
      : [{ field: name, reason: 'is there twice' }]
  })
  if (!names.includes('value')) errors.push({ field: 'value', reason: 'is missing from the header' })
  if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'Not a valid header of entries', { errors })
  return (line) => {
    const cells = cellsOf(line)
    const given = names.flatMap((name, i) => (cells[i] === '' ? [] : [[columns.get(name), cells[i]]]))
    return Object.fromEntries(given)
  }
}
