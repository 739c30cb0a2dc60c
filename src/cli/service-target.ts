import { setTimeout as sleep } from 'node:timers/promises'
import { type FieldError, FraudError, isErrorCode } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import { showName, showValue } from '../core/show-value.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import type { LabelInput } from '../deciding/labels.ts'
import { compileDetector } from '../features/feature-set.ts'
import type { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'
import { lastDetector } from '../training/find-detector.ts'
import type { IntakeTarget } from './intake-target.ts'
import { type ClientOptions, linesOf, postToService } from './service-client.ts'

/** Few enough to be answered soon. */
const piece = 500
/** What refuses a transaction because of the service, so that it is sent again with those behind it, in their order. */
const passing: ReadonlySet<string> = new Set(['LOG_UNAVAILABLE', 'NOT_READY', 'OVERLOADED'])
const retryMs = 500
/** The name that replaces a field where the row as a whole is refused. */
export const wholeRow = '(body)'

interface Waiting {
  readonly line: string
  readonly isKnown: boolean
  readonly settle: PromiseWithResolvers<boolean>
}

/** The service that works on a data directory, over HTTP; what it has is read from its log. */
export class ServiceTarget implements IntakeTarget {
  readonly detector
  readonly features
  readonly columns
  readonly answersLater = true
  readonly reading: SqliteLogReader
  readonly #client: ClientOptions
  readonly #nowMs: number
  #transactions: Waiting[] = []
  #labels: Waiting[] = []
  #sending: Promise<void> = Promise.resolve()
  #failure: unknown
  /** Labels that were left out, as the service takes none that is not known yet. */
  unknownYet = 0

  constructor(reading: SqliteLogReader, client: ClientOptions, nowMs: number) {
    this.reading = reading
    this.#client = client
    this.#nowMs = nowMs
    this.detector = lastDetector(reading).detector
    this.features = compileDetector(this.detector)
    this.columns = reading.lastDefinition()?.definition.columns ?? []
  }

  placed(): Promise<void> {
    return Promise.resolve()
  }

  differences(): undefined {
    return undefined
  }

  send(value: Readonly<Record<string, unknown>>): Promise<boolean> {
    // An answer that says duplicate may be to what was sent again because the first answer was lost.
    const isKnown = this.reading.find(String(value[this.detector.transaction.id ?? ''])) !== undefined
    return this.#wait(this.#transactions, value, isKnown)
  }

  sendLabel({ transactionId, isFraud, knownAtMs }: LabelInput & { readonly knownAtMs: number }): Promise<boolean> {
    if (knownAtMs > this.#nowMs) {
      this.unknownYet += 1
      return Promise.resolve(false)
    }
    const sent = this.#wait(this.#labels, { transactionId, isFraud, knownAt: formatIsoTime(knownAtMs) }, false)
    setImmediate(() => this.flush())
    return sent
  }

  /** The service refuses what is older. */
  keptFromMs(): number {
    return Number.NEGATIVE_INFINITY
  }

  flush(): Promise<void> {
    this.#sending = this.#sending.then(() => this.#sendAll())
    return this.#sending
  }

  #wait(queue: Waiting[], value: object, isKnown: boolean): Promise<boolean> {
    const settle = Promise.withResolvers<boolean>()
    // One that nobody waits for yet is heard of by who does.
    settle.promise.catch(() => {})
    queue.push({ line: `${JSON.stringify(value)}\n`, isKnown, settle })
    return settle.promise
  }

  async #sendAll(): Promise<void> {
    const [transactions, labels] = [this.#transactions.splice(0), this.#labels.splice(0)]
    try {
      if (this.#failure !== undefined) throw this.#failure
      for (let from = 0; from < transactions.length; from += piece)
        await this.#decide(transactions.slice(from, from + piece))
      for (let from = 0; from < labels.length; from += piece) await this.#label(labels.slice(from, from + piece))
    } catch (error) {
      this.#failure = error
      for (const { settle } of [...transactions, ...labels]) settle.reject(error)
    }
  }

  async #decide(waiting: readonly Waiting[]): Promise<void> {
    const { deadlineMs, url, signal } = this.#client
    let endMs = performance.now() + deadlineMs
    for (let from = 0; from < waiting.length; ) {
      const left = waiting.slice(from)
      const answers = linesOf(await this.#post('/v1/decisions/batch', left))
      if (answers.length !== left.length)
        throw new FraudError('INTERNAL', `${url} answers ${answers.length} of ${left.length} transactions`)
      const errors = answers.map(errorOf)
      const busy = errors.findIndex((error) => error !== undefined && passing.has(error.code))
      const settled = busy < 0 ? left.length : busy
      for (let i = 0; i < settled; i++) {
        const { settle, isKnown } = left[i]
        const error = errors[i]
        if (error === undefined) settle.resolve(!isKnown)
        else settle.reject(error)
      }
      from += settled
      if (settled > 0) endMs = performance.now() + deadlineMs
      else if (performance.now() > endMs) throw errors[0]
      if (busy >= 0) {
        await sleep(retryMs, undefined, { signal }).catch(() => {
          throw new FraudError('INTERRUPTED', 'Stopped before the end')
        })
      }
    }
  }

  async #label(waiting: readonly Waiting[]): Promise<void> {
    const [report] = linesOf(await this.#post('/v1/labels', waiting))
    const errors = isRecord(report) && Array.isArray(report.errors) ? report.errors : undefined
    if (errors === undefined)
      throw new FraudError('INTERNAL', `${this.#client.url} does not answer labels as Shrike does`)
    const bad: unknown = errors[0]
    if (isRecord(bad)) {
      // Its line is not repeated: the id alone tells which, where it may be told.
      const which = typeof bad.id === 'string' ? `The label of transaction "${showValue(bad.id)}"` : 'A label'
      const code = isErrorCode(bad.code) ? bad.code : 'INPUT_INVALID'
      throw new FraudError(code, `${which} is refused: ${showName(`${bad.field} ${bad.reason}`)}`)
    }
    for (const { settle } of waiting) settle.resolve(true)
  }

  #post(path: string, waiting: readonly Waiting[]): Promise<string> {
    return postToService(this.#client, path, 'application/x-ndjson', waiting.map(({ line }) => line).join(''))
  }
}

/** Why an item of a batch was refused; undefined where it was decided. */
function errorOf(answer: unknown): FraudError | undefined {
  const error = isRecord(answer) ? answer.error : undefined
  if (!isRecord(error)) return undefined
  const errors = (Array.isArray(error.errors) ? error.errors : []).flatMap((item): FieldError[] =>
    isRecord(item) ? [{ field: String(item.field), reason: String(item.reason) }] : [],
  )
  const detail = String(error.detail)
  // A line that is too long was not read, so no field is named.
  if (error.code === 'BODY_TOO_LARGE') errors.push({ field: wholeRow, reason: detail.replace(/^The line /, '') })
  return new FraudError(isErrorCode(error.code) ? error.code : 'INTERNAL', detail, { errors })
}
