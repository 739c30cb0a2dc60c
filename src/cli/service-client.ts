import { setTimeout as sleep } from 'node:timers/promises'
import { FraudError, isErrorCode } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import { tellProblem } from './tell-problem.ts'

export interface ClientOptions {
  readonly url: string
  readonly key: string | undefined
  /** How long one request may be tried, all in all. */
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

const slowestRetryMs = 10_000
/** What a proxy in front of a service that starts answers, and the service that is busy. */
const passing: ReadonlySet<number> = new Set([502, 503, 504])
/** What the network and a service that starts again do; anything else would fail the same way next time. */
const passingCauses: ReadonlySet<unknown> = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN'],
  ...['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN'],
  ...['UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
])

export interface ServiceRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
}

/** Sends a body of a media type, as `askService` does. */
export function postToService(client: ClientOptions, path: string, type: string, body: string): Promise<string> {
  return askService(client, { method: 'POST', path, headers: { 'content-type': type }, body })
}

/**
 * Asks a running service until it answers, with JSON or lines of it: what is idempotent is sent again, after as long as Retry-After
 * says, where the service is busy, starts, or did not answer.
 *
 * @throws FraudError as the service refuses; LOG_UNAVAILABLE after the deadline; INTERRUPTED
 */
export async function askService(
  { url, key, deadlineMs, signal }: ClientOptions,
  { method, path, headers: given, body }: ServiceRequest,
): Promise<string> {
  const headers = { ...given, ...(key !== undefined && { authorization: `Bearer ${key}` }) }
  const endMs = performance.now() + deadlineMs
  for (let waitMs = 100; ; waitMs = Math.min(2 * waitMs, slowestRetryMs)) {
    let why: string
    let retryMs = waitMs
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, Math.ceil(endMs - performance.now())))])
      const response = await fetch(`${url}${path}`, { method, headers, body: body ?? null, signal: limit })
      const text = await response.text()
      if (!passing.has(response.status)) return answerOf(response, text, url)
      const answer = readJson(text)
      why = isRecord(answer) ? String(answer.detail) : `it answered ${response.status}`
      retryMs = Number(response.headers.get('retry-after')) * 1000 || waitMs
    } catch (error) {
      if (error instanceof FraudError) throw error
      if (signal.aborted) throw new FraudError('INTERRUPTED', 'Stopped before the end')
      why = passingReason(error, url)
    }
    if (performance.now() + retryMs > endMs) {
      throw new FraudError(
        'LOG_UNAVAILABLE',
        `The service on ${url} could not take it within ${deadlineMs / 1000} s: ${why}`,
      )
    }
    await sleep(retryMs, undefined, { signal }).catch(() => {
      throw new FraudError('INTERRUPTED', 'Stopped before the end')
    })
  }
}

function answerOf({ ok, status }: Response, text: string, url: string): string {
  const [answer] = ok ? linesOf(text.slice(0, text.indexOf('\n') + 1) || text) : [readJson(text)]
  if (!isRecord(answer) && !Array.isArray(answer))
    throw new FraudError('OPTION_INVALID', `${url} answers ${status} without JSON, so it is not Shrike`)
  if (ok) return refusePending(answer, text)
  throw refusal(answer, status)
}

/** What a command was to change is not changed while it waits for somebody else. */
function refusePending(answer: unknown, text: string): string {
  if (!isRecord(answer) || answer.state !== 'pending' || answer.change === undefined) return text
  const what = `Change ${answer.change} waits for the approval of somebody else: nothing has changed yet`
  throw new FraudError('APPROVAL_REQUIRED', what, { hint: `GET /v1/changes/${answer.change} shows it` })
}

/** The values of an answer, one a line; undefined for a line that is not JSON. */
export function linesOf(text: string): readonly unknown[] {
  return text.trim().split('\n').map(readJson)
}

/** Undefined for what is not JSON. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Why a request failed that may be sent again; throws what would fail the same way again. */
function passingReason(error: unknown, url: string): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  const isPassing =
    cause instanceof Error && (cause.name === 'TimeoutError' || ('code' in cause && passingCauses.has(cause.code)))
  // Several addresses that each refused are an error without words.
  if (isPassing) return cause.message || `it could not be reached (${'code' in cause ? cause.code : cause.name})`
  const reason = cause instanceof Error ? cause.message : String(cause)
  throw new FraudError('OPTION_INVALID', `${url} cannot be sent to: ${reason}`, { cause: error })
}

/** What a service refused, as an error of its own code. */
export function refusal(answer: unknown, status: number): FraudError {
  const { code, detail, errors } = isRecord(answer) ? answer : {}
  const named = Array.isArray(errors)
    ? errors.flatMap((error) => (isRecord(error) ? [`\n  ${tellProblem(error)}`] : []))
    : []
  const message = `${typeof detail === 'string' ? detail : `The service answered ${status}`}${named.join('')}`
  const hint = code === 'UNAUTHORIZED' ? 'Name a key with --key, or in SHRIKE_API_KEY' : undefined
  return new FraudError(isErrorCode(code) ? code : 'INTERNAL', message, { hint })
}
