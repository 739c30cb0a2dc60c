import type { IncomingMessage } from 'node:http'
import { FraudError } from '../core/errors.ts'
import { readJson } from '../core/json-text.ts'
import { LineSplitter } from '../core/line-splitter.ts'
import type { Decisions } from '../deciding/decisions.ts'
import { type LabelReport, LabelTally } from '../deciding/label-tally.ts'
import { refuseRepeatedInLabel } from '../deciding/refuse-repeated.ts'
import { chunksWithin } from './chunks-within.ts'
import { declaredSeparator } from './csv-header.ts'
import type { HttpContext } from './http-context.ts'
import { LabelCsv } from './label-csv.ts'

/** Lines that are taken in before the first of them has to be durable. */
const linesAtOnce = 64

export interface LabelStream {
  readonly raw: IncomingMessage
  readonly isCsv: boolean
  /** Names that a line of JSON may have. */
  readonly names: number
  /** Who says so. */
  readonly by: string
}

/**
 * Labels of a stream, a line each: a bad one is told with its line, and those around it are taken in. In memory are a
 * piece of the stream and what is on its way to the disk. Transactions that come alone go first.
 *
 * @throws FraudError what ends the stream before its end, with how far it was taken in.
 */
export async function takeLabelLines(
  context: HttpContext,
  decisions: Decisions,
  { raw, isCsv, names, by }: LabelStream,
): Promise<LabelReport> {
  const { limits, turns } = context
  const splitter = new LineSplitter(limits.lineBytes)
  const tally = new LabelTally()
  const deadline = new LineDeadline(limits.bodyTimeoutMs)
  let csv: LabelCsv | undefined
  let separator: string | undefined
  let line = 0
  let group: Promise<void>[] = []
  try {
    for await (const chunk of chunksWithin(raw, limits.bodyTimeoutMs)) {
      await takeAll(splitter.take(chunk))
      deadline.check(line)
    }
    await takeAll(splitter.finish())
    await settle()
    if (isCsv && csv === undefined) throw noHeader()
    return tally.report()
  } catch (error) {
    await Promise.allSettled(group)
    throw withPlace(error, tally)
  }

  async function takeAll(lines: Iterable<Buffer | undefined>): Promise<void> {
    for (const bytes of lines) {
      while (turns.isOver() || !decisions.decider.hasRoom()) {
        await decisions.decider.room()
        await turns.next()
      }
      line += 1
      if (bytes !== undefined && isBlank(bytes)) continue
      if (isCsv && line === 1 && bytes !== undefined) separator = declaredSeparator(bytes)
      if (line === 1 && separator !== undefined) continue
      if (isCsv && csv === undefined) csv = readHeader(bytes)
      else group.push(heardBelow(take(line, bytes)))
      if (group.length >= linesAtOnce) await settle()
    }
  }

  async function settle(): Promise<void> {
    await Promise.all(group)
    group = []
  }

  function readHeader(bytes: Buffer | undefined): LabelCsv {
    if (bytes === undefined) throw tooLong()
    return new LabelCsv(bytes, separator)
  }

  /** Labels of one id keep the order of their lines. */
  async function take(at: number, bytes: Buffer | undefined): Promise<void> {
    let label: unknown
    try {
      if (bytes === undefined) throw tooLong()
      label = csv === undefined ? readLine(bytes) : csv.read(bytes)
      tally.take(await decisions.labelOfFile(label, by))
    } catch (error) {
      tally.refuse(at, error, label)
    }
  }

  function readLine(bytes: Buffer): unknown {
    const item = readJson(bytes, 'line', names)
    refuseRepeatedInLabel(item)
    return item.value
  }

  function tooLong(): FraudError {
    return new FraudError('BODY_TOO_LARGE', `The line is over ${limits.lineBytes} bytes`)
  }
}

function noHeader(): FraudError {
  const errors = [{ field: '(body)', reason: 'has no header' }]
  return new FraudError('INPUT_INVALID', 'Not a valid file of labels', { errors })
}

/** Ends a body of which more comes, but no whole line. */
export class LineDeadline {
  readonly #timeoutMs: number
  #sinceMs = performance.now()
  #lines = 0

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /** @throws FraudError REQUEST_TIMEOUT where there are no more lines than before, for too long. */
  check(lines: number): void {
    const nowMs = performance.now()
    if (lines > this.#lines) this.#sinceMs = nowMs
    this.#lines = lines
    if (nowMs - this.#sinceMs <= this.#timeoutMs) return
    throw new FraudError('REQUEST_TIMEOUT', `No line of the body was complete within ${this.#timeoutMs / 1000} s`)
  }
}

/** Its failure is thrown where the group is waited for. */
function heardBelow(work: Promise<void>): Promise<void> {
  work.catch(() => {})
  return work
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09)
}

/** What ended a stream, with what became of the lines before. */
function withPlace(error: unknown, { counts }: LabelTally): unknown {
  if (!(error instanceof FraudError) || counts.lines === 0) return error
  const { accepted, repeated, refused } = counts
  const before = `${accepted} lines before were accepted, ${repeated} were known and ${refused} refused`
  const message = `${error.message}. ${before}: send all of them again; accepted labels do not change`
  return new FraudError(error.code, message, { cause: error.cause, errors: error.errors })
}
