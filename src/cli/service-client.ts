import { setTimeout as sleep } from 'node:timers/promises'
import { FraudError, isErrorCode } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'

export interface ClientOptions {
  readonly url: string
  readonly key: string | undefined
  /** How long one request may be tried, all in all. */
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

const slowestRetryMs = 10_000

/**
 * Sends a body to a running service until it is answered: what is idempotent is sent again, after as long as Retry-After
 * says, where the service is busy, starts, or did not answer.
 *
 * @throws FraudError as the service refuses; LOG_UNAVAILABLE after the deadline; INTERRUPTED
 */
export async function postToService(
  { url, key, deadlineMs, signal }: ClientOptions,
  path: string,
  type: string,
  body: string,
): Promise<unknown> {
  const headers = { 'content-type': type, ...(key !== undefined && { authorization: `Bearer ${key}` }) }
  const endMs = performance.now() + deadlineMs
  for (let waitMs = 100; ; waitMs = Math.min(2 * waitMs, slowestRetryMs)) {
    let why: string
    let retryMs = waitMs
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, Math.ceil(endMs - performance.now())))])
      const response = await fetch(`${url}${path}`, { method: 'POST', headers, body, signal: limit })
      const answer: unknown = await response.json()
      if (response.ok) return answer
      if (response.status !== 503) throw refusal(answer, response.status)
      why = isRecord(answer) ? String(answer.detail) : '503'
      retryMs = Number(response.headers.get('retry-after')) * 1000 || waitMs
    } catch (error) {
      if (error instanceof FraudError) throw error
      if (signal.aborted) throw new FraudError('INTERRUPTED', 'Stopped before the end')
      const cause = error instanceof Error ? (error.cause ?? error) : error
      why = cause instanceof Error ? cause.message : String(cause)
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

function refusal(answer: unknown, status: number): FraudError {
  const { code, detail, errors } = isRecord(answer) ? answer : {}
  const named = Array.isArray(errors)
    ? errors.flatMap((error) => (isRecord(error) ? [`\n  ${error.field}: ${error.reason}`] : []))
    : []
  const message = `${typeof detail === 'string' ? detail : `The service answered ${status}`}${named.join('')}`
  return new FraudError(isErrorCode(code) ? code : 'INTERNAL', message)
}
