import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { DecisionTrace, DecisionTracing } from '../../core/tracing.ts'
import type { OtlpExport, OtlpSpan } from './otlp-export.ts'

interface RequestSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly beginNs: bigint
}

/** Keeps a span of each request, within the caller's trace where it names one, and of what its decisions wait for. */
export class RequestTraces implements DecisionTracing {
  readonly #export: Pick<OtlpExport, 'add'>
  readonly #ratio: number
  readonly #nowNs: () => bigint
  readonly #spans = new WeakMap<IncomingMessage, RequestSpan>()
  /** Whose turn it is. */
  #current: RequestSpan | undefined

  constructor(exported: Pick<OtlpExport, 'add'>, ratio: number, nowNs: () => bigint) {
    this.#export = exported
    this.#ratio = ratio
    this.#nowNs = nowNs
  }

  /** Begins the span of a request, unless its caller, or the share that is kept, leaves it out. */
  open(raw: IncomingMessage): void {
    const { traceparent } = raw.headers
    const [, given, parentSpanId, flags] =
      /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/.exec(String(traceparent)) ?? []
    const traceId = given ?? randomBytes(16).toString('hex')
    // As the ratio of OpenTelemetry has it: each process keeps the same traces.
    const isKept = flags === undefined ? this.#isWithin(traceId) : (Number.parseInt(flags, 16) & 1) === 1
    if (isKept) this.#spans.set(raw, { traceId, spanId: newSpanId(), parentSpanId, beginNs: this.#nowNs() })
  }

  close(raw: IncomingMessage, route: string, status: number): void {
    const span = this.#spans.get(raw)
    if (span === undefined) return
    this.#spans.delete(raw)
    const attributes = [
      { key: 'http.request.method', value: { stringValue: raw.method ?? '' } },
      { key: 'http.route', value: { stringValue: route } },
      { key: 'http.response.status_code', value: { intValue: status } },
    ]
    this.#add(`${raw.method} ${route}`, 2, span, this.#nowNs(), { attributes, isError: status >= 500 })
  }

  /** Does some work in a request's turn, so that decisions that begin in it are its own. */
  within(raw: IncomingMessage, work: () => void): void {
    this.#current = this.#spans.get(raw)
    try {
      work()
    } finally {
      this.#current = undefined
    }
  }

  begin(): DecisionTrace | undefined {
    const request = this.#current
    if (request === undefined) return undefined
    let name = 'look up'
    let beginNs = this.#nowNs()
    const next = (following: string, error?: unknown) => {
      const endNs = this.#nowNs()
      const { traceId, spanId: parentSpanId } = request
      this.#add(name, 1, { traceId, spanId: newSpanId(), parentSpanId, beginNs }, endNs, {
        isError: error !== undefined,
      })
      name = following
      beginNs = endNs
    }
    return { step: () => next('step'), commit: () => next('commit'), end: (error) => next('', error) }
  }

  #isWithin(traceId: string): boolean {
    return Number.parseInt(traceId.slice(-13), 16) < this.#ratio * 2 ** 52
  }

  #add(
    name: string,
    kind: OtlpSpan['kind'],
    { traceId, spanId, parentSpanId, beginNs }: RequestSpan,
    endNs: bigint,
    { attributes = [], isError }: { readonly attributes?: OtlpSpan['attributes']; readonly isError: boolean },
  ): void {
    const times = { startTimeUnixNano: String(beginNs), endTimeUnixNano: String(endNs) }
    const status = isError ? ({ code: 2 } as const) : {}
    this.#export.add({ traceId, spanId, parentSpanId, name, kind, ...times, attributes, status })
  }
}

function newSpanId(): string {
  return randomBytes(8).toString('hex')
}
