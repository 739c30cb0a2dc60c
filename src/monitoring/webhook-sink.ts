import { createHmac } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { FraudError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { AlertEvent, AlertSink } from './alert.ts'

export interface WebhookTarget {
  readonly url: string
  readonly secret: string
}

export interface WebhookOptions extends WebhookTarget {
  /** Holds the number of the last alert that was sent or given up. */
  readonly cursorPath: string
  /** Takes alerts that could not be sent, a line each. */
  readonly deadPath: string
  readonly clock: () => number
  readonly logger: Logger
  /** How long to wait before each further try. */
  readonly retryMs?: readonly number[]
}

const usualRetryMs = [1000, 5000, 30_000, 120_000, 600_000]
const timeoutMs = 10_000
const mostWaiting = 1000
const loopback = new Set(['127.0.0.1', '[::1]', 'localhost'])

/**
 * What is wrong with a webhook; it is given by the operator of the machine alone, never over HTTP, so that nobody else can
 * have the service send anywhere.
 *
 * @throws FraudError OPTION_INVALID, which does not show the URL: it may hold a secret.
 */
export function checkWebhook({ url, secret }: WebhookTarget): void {
  const invalid = (reason: string) => new FraudError('OPTION_INVALID', `SHRIKE_ALERT_WEBHOOK ${reason}`)
  if (url === '') throw invalid('is not set, and SHRIKE_ALERT_SECRET is: alerts would go nowhere')
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined) throw invalid('is not a URL')
  const isSafe = parsed.protocol === 'https:' || (parsed.protocol === 'http:' && loopback.has(parsed.hostname))
  if (!isSafe) throw invalid('begins with https://, or is http:// on this machine')
  if (parsed.username !== '' || parsed.password !== '') throw invalid('holds no name and no password')
  if (secret.length < 16) throw new FraudError('OPTION_INVALID', 'SHRIKE_ALERT_SECRET has at least 16 characters')
}

/** `v1=` and the HMAC-SHA256, in hexadecimal, of the time, a dot and the body. */
function signatureOf(secret: string, timestamp: string, body: string): string {
  return `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`
}

/** Sends one alert; undefined where it was taken, else why not. Redirects are not followed: they could lead anywhere. */
export async function sendAlert(target: WebhookTarget, event: AlertEvent, nowMs: number): Promise<string | undefined> {
  const body = JSON.stringify(event)
  const timestamp = String(Math.floor(nowMs / 1000))
  try {
    const response = await fetch(target.url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        'content-type': 'application/json',
        'x-shrike-timestamp': timestamp,
        'x-shrike-signature': signatureOf(target.secret, timestamp, body),
      },
      body,
    })
    await response.body?.cancel()
    return response.ok ? undefined : `it answered ${response.status}`
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError'
      ? 'it did not answer in time'
      : 'it could not be reached'
  }
}

/**
 * Sends alerts one after the other, each until it is taken or given up; then it is in the dead-letter file, which
 * `shrike monitor resend` reads. What was not sent before a stop is sent after the next start.
 */
export class WebhookSink implements AlertSink {
  readonly #options: WebhookOptions
  readonly #waiting: AlertEvent[] = []
  readonly #closing = new AbortController()
  #through: number
  #sending: Promise<void> | undefined
  #sent = 0
  #failed = 0

  /** @throws FraudError OPTION_INVALID */
  constructor(options: WebhookOptions) {
    checkWebhook(options)
    this.#options = options
    this.#through = existsSync(options.cursorPath) ? Number(readFileSync(options.cursorPath, 'utf8')) || 0 : 0
  }

  get figures() {
    return { sent: this.#sent, failed: this.#failed, waiting: this.#waiting.length }
  }

  tell(event: AlertEvent): void {
    if (event.sequence > 0 && event.sequence <= this.#through) return
    if (this.#waiting.length >= mostWaiting) {
      this.#giveUp(event, 'too many wait')
      return
    }
    this.#waiting.push(event)
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
    })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#sending
  }

  async #sendAll(): Promise<void> {
    for (let event = this.#waiting[0]; event !== undefined; event = this.#waiting[0]) {
      const why = await this.#send(event)
      if (this.#closing.signal.aborted && why !== undefined) return
      this.#waiting.shift()
      if (why === undefined) this.#sent += 1
      else this.#giveUp(event, why)
      this.#advance(event.sequence)
    }
  }

  async #send(event: AlertEvent): Promise<string | undefined> {
    const { retryMs = usualRetryMs, clock } = this.#options
    for (let attempt = 0; ; attempt++) {
      const why = await sendAlert(this.#options, event, clock())
      if (why === undefined || attempt === retryMs.length || this.#closing.signal.aborted) return why
      await wait(retryMs[attempt], this.#closing.signal)
      if (this.#closing.signal.aborted) return why
    }
  }

  #giveUp(event: AlertEvent, why: string): void {
    const { deadPath, logger } = this.#options
    this.#failed += 1
    appendFileSync(deadPath, `${JSON.stringify(event)}\n`, { mode: 0o600 })
    logger.error(
      { alert: event.alert, sequence: event.sequence, why },
      'an alert could not be sent; it is in the dead-letter file',
    )
  }

  #advance(sequence: number): void {
    if (sequence <= this.#through) return
    this.#through = sequence
    const { cursorPath } = this.#options
    writeFileSync(`${cursorPath}.new`, String(sequence), { mode: 0o600 })
    renameSync(`${cursorPath}.new`, cursorPath)
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
