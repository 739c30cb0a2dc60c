import type { Logger } from '../../core/logger.ts'

/** A span as OTLP writes it in JSON. */
export interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string | undefined
  readonly name: string
  /** 1 is internal, 2 a server's. */
  readonly kind: 1 | 2
  /** Nanoseconds, which are more than a number holds. */
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly OtlpAttribute[]
  /** 2 is an error. */
  readonly status: { readonly code?: 2 }
}

interface OtlpAttribute {
  readonly key: string
  readonly value: { readonly stringValue: string } | { readonly intValue: number }
}

/** Where spans go, as OpenTelemetry's variables say it. */
export interface OtlpTarget {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly service: string
  /** The share of traces that begin here and are kept. */
  readonly ratio: number
}

const mostWaiting = 2048
const atOnce = 512
const everyMs = 1000
const timeoutMs = 10_000

/** Sends spans in groups. What a collector does not take is lost, and said: traces never hold up or fail a request. */
export class OtlpExport {
  readonly #target: OtlpTarget
  readonly #version: string
  readonly #logger: Logger
  readonly #timer: NodeJS.Timeout
  #waiting: OtlpSpan[] = []
  #lost = 0
  #isFailing = false
  #sending: Promise<void> = Promise.resolve()

  constructor(target: OtlpTarget, version: string, logger: Logger) {
    this.#target = target
    this.#version = version
    this.#logger = logger
    this.#timer = setInterval(() => this.#flush(), everyMs).unref()
  }

  add(span: OtlpSpan): void {
    if (this.#waiting.length < mostWaiting) this.#waiting.push(span)
    else this.#lost += 1
    if (this.#waiting.length === atOnce) this.#flush()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#flush()
    await this.#sending
  }

  #flush(): void {
    const spans = this.#waiting
    if (spans.length === 0) return
    this.#waiting = []
    this.#sending = this.#sending.then(() => this.#send(spans))
  }

  async #send(spans: readonly OtlpSpan[]): Promise<void> {
    const { url, headers, service } = this.#target
    const attributes = [
      { key: 'service.name', value: { stringValue: service } },
      { key: 'service.version', value: { stringValue: this.#version } },
    ]
    const scopeSpans = [{ scope: { name: 'shrike', version: this.#version }, spans }]
    const body = JSON.stringify({ resourceSpans: [{ resource: { attributes }, scopeSpans }] })
    const signal = AbortSignal.timeout(timeoutMs)
    const all = { 'content-type': 'application/json', ...headers }
    const why = await fetch(url, { method: 'POST', headers: all, body, signal, redirect: 'manual' }).then(
      async (answer) => {
        await answer.body?.cancel()
        return answer.ok ? undefined : `it answered ${answer.status}`
      },
      () => 'it could not be reached',
    )
    if (why === undefined) {
      this.#isFailing = false
      return
    }
    this.#lost += spans.length
    if (!this.#isFailing)
      this.#logger.warn({ why, lost: this.#lost }, 'the collector does not take traces; they are lost')
    this.#isFailing = true
  }
}
