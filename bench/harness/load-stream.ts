import { readFileSync, writeFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { type Answer, HttpConnection } from './http-connection.ts'
import type { LoadStream, StreamResult } from './load-plan.ts'
import { describeTimes } from './quantiles.ts'

const mostOddities = 3
/** So many are sent before answers are read again. */
const mostAtOnce = 64

interface InFlight {
  dueMs: number
  sentMs: number
}

/** Request bodies from a file, one a line. */
export class Bodies {
  readonly #text: Buffer
  #at = 0
  #line = 0

  constructor(path: string, firstLine: number) {
    this.#text = readFileSync(path)
    while (this.#line < firstLine) this.next()
  }

  get line(): number {
    return this.#line
  }

  next(): string {
    const end = this.#text.indexOf(10, this.#at)
    if (end === -1) throw new Error(`There are only ${this.#line} bodies`)
    const body = this.#text.toString('latin1', this.#at, end)
    this.#at = end + 1
    this.#line++
    return body
  }
}

/**
 * Sends a stream's requests, at their times or as fast as answers come. Every time is kept, and latency counts from when a
 * request was due, so a server that stalls is charged for those that had to wait meanwhile.
 */
export class StreamSender {
  readonly #stream: LoadStream
  readonly #bodies: Bodies
  readonly #startMs: number
  readonly #idle: HttpConnection[] = []
  readonly #connections: HttpConnection[] = []
  readonly #inFlight = new Map<HttpConnection, InFlight>()
  readonly #fromDue = new Map<number, number[]>()
  readonly #fromSent = new Map<number, number[]>()
  readonly #lateness: number[] = []
  readonly #oddities: string[] = []
  readonly #kept: string[] = []
  #due = 0
  #notSent = 0
  #broken = 0
  #isEnded = false

  constructor(port: number, stream: LoadStream, startMs: number) {
    this.#stream = stream
    this.#startMs = startMs
    this.#bodies = new Bodies(stream.bodies, stream.firstLine)
    for (let index = 0; index < stream.connections; index++) {
      const connection = new HttpConnection(
        port,
        stream.route,
        this.#answered,
        this.#lost,
        stream.answers !== undefined,
      )
      this.#connections.push(connection)
      this.#idle.push(connection)
    }
  }

  get bodies(): Bodies {
    return this.#bodies
  }

  get inFlight(): number {
    return this.#inFlight.size
  }

  /** Sends what is due; true while there is more to do at once. */
  advance(nowMs: number): boolean {
    const { perSecond, seconds, mostWaiting = Number.POSITIVE_INFINITY } = this.#stream
    if (nowMs >= this.#startMs + seconds * 1000) this.#isEnded = true
    if (nowMs < this.#startMs || (this.#isEnded && perSecond === undefined)) return false
    if (perSecond === undefined) {
      for (let free = this.#idle.shift(); free !== undefined; free = this.#idle.shift()) this.#send(free, nowMs)
      return false
    }
    const periodMs = 1000 / perSecond
    const dueByNow = Math.min(Math.floor((nowMs - this.#startMs) * (perSecond / 1000)) + 1, seconds * perSecond)
    let sent = 0
    while (this.#due < dueByNow && this.#idle.length > 0 && sent < mostAtOnce) {
      const connection = this.#idle.shift()
      if (connection !== undefined) this.#send(connection, this.#startMs + this.#due * periodMs)
      this.#due++
      sent++
    }
    const tooMany = dueByNow - this.#due - mostWaiting
    if (this.#idle.length === 0 && tooMany > 0) {
      this.#due += tooMany
      this.#notSent += tooMany
    }
    return this.#due < dueByNow && this.#idle.length > 0
  }

  #send(connection: HttpConnection, dueMs: number): void {
    const sentMs = performance.now()
    this.#lateness.push(sentMs - dueMs)
    this.#inFlight.set(connection, { dueMs, sentMs })
    connection.send(this.#bodies.next())
  }

  readonly #answered = ({ status, body }: Answer, connection: HttpConnection): void => {
    const nowMs = performance.now()
    const request = this.#inFlight.get(connection)
    if (request === undefined) throw new Error('An answer that nobody asked for')
    this.#inFlight.delete(connection)
    keep(this.#fromDue, status, nowMs - request.dueMs)
    keep(this.#fromSent, status, nowMs - request.sentMs)
    if (status < 300 && this.#stream.answers !== undefined) this.#kept.push(body)
    if (status >= 300 && this.#oddities.length < mostOddities) this.#oddities.push(`${status}: ${body.slice(0, 300)}`)
    if (this.#stream.perSecond === undefined && !this.#isEnded) this.#send(connection, nowMs)
    else this.#idle.push(connection)
  }

  readonly #lost = (connection: HttpConnection, wasBusy: boolean): void => {
    if (!wasBusy) return
    this.#broken++
    this.#inFlight.delete(connection)
    this.#idle.push(connection)
  }

  close(): StreamResult {
    for (const connection of this.#connections) connection.close()
    if (this.#stream.answers !== undefined) writeFileSync(this.#stream.answers, this.#kept.join('\n'))
    const answers = [...this.#fromDue].map(([status, fromDue]) => {
      const fromSent = this.#fromSent.get(status) ?? []
      return [String(status), { fromDue: describeTimes(fromDue), fromSent: describeTimes(fromSent) }] as const
    })
    const sent = this.#lateness.length
    return {
      sent,
      perSecond: sent / this.#stream.seconds,
      nextLine: this.#bodies.line,
      notSent: this.#notSent,
      unanswered: this.#inFlight.size,
      broken: this.#broken,
      answers: Object.fromEntries(answers),
      lateness: describeTimes(this.#lateness),
      oddities: this.#oddities,
    }
  }
}

function keep(times: Map<number, number[]>, status: number, ms: number): void {
  const values = times.get(status)
  if (values === undefined) times.set(status, [ms])
  else values.push(ms)
}

export function firstLines(path: string, count: number): string[] {
  const bodies = new Bodies(path, 0)
  return Array.from({ length: count }, () => bodies.next())
}
