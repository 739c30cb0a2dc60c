import type { ClientRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Role } from '../../src/access/roles.ts'

/** One way to keep a service busy with requests that it takes, or has to read before it can refuse them. */
export interface Shape {
  /** Whether requests are written back to back, as fast as they are read, without waiting for answers; and without a key. */
  readonly isPipelined?: boolean
  readonly isKeyless?: boolean
  readonly method?: 'GET' | 'POST'
  readonly path: string
  readonly role: Role
  readonly type?: string
  /** Another one each time, where that matters. */
  body(): Buffer
  /** How it is sent; at once, where this is not given. */
  send?(call: ClientRequest, body: Buffer): Promise<void>
}

const bytes = 4 * 1024 * 1024 - 1024
const labelBytes = 2 * 1024 * 1024 - 1024
let count = 0
const fresh = () => `${process.pid}-${++count}`

function fill(most: number, items: number, write: (i: number) => string, separator: string): string {
  const parts: string[] = []
  for (let length = 0; parts.length < items; ) {
    const part = write(parts.length)
    length += part.length + separator.length
    if (length > most) break
    parts.push(part)
  }
  return parts.join(separator)
}

const decision = (i: number) =>
  `{"ID":"a-${fresh()}","TIME":${Date.now()},"AMOUNT":10.5,"CARD":"x-${i % 1000}","SHOP":"s"}`
const names = Buffer.from(`{${fill(labelBytes, 330_000, (i) => `"${i}":1`, ',')}}`)
const none = Buffer.alloc(0)
const empty = Buffer.from('{}')
const deep = Buffer.alloc(labelBytes, '[')
const marks = Buffer.from(
  `[${fill(labelBytes, 31, () => `{"transactionId":"${'1'.repeat(13)}${'\u0301\u0316'.repeat(15_900)}","isFraud":true}`, ',')}]`,
)
const oneId = Buffer.from(
  `[${fill(labelBytes, 10_000, (i) => `{"transactionId":"one","isFraud":${i % 2 === 0}}`, ',')}]`,
)
const small = Buffer.from(`[${'{"a":1},'.repeat(4000)}1]`)

/** In pieces, with a pause behind each. */
async function inPieces(call: ClientRequest, body: Buffer, pieceBytes: number, pauseMs: number): Promise<void> {
  for (let at = 0; at < body.length && !call.destroyed; at += pieceBytes) {
    call.write(body.subarray(at, at + pieceBytes))
    if (pauseMs > 0) await sleep(pauseMs)
  }
  call.end()
}

export const shapes: Readonly<Record<string, Shape>> = {
  deep: { path: '/v1/labels', role: 'label', body: () => deep },
  names: { path: '/v1/labels', role: 'label', body: () => names },
  labels: {
    path: '/v1/labels',
    role: 'label',
    body: () =>
      Buffer.from(
        `[${fill(labelBytes, 10_000, (i) => `{"transactionId":"l-${fresh()}","isFraud":${i % 2 === 0}}`, ',')}]`,
      ),
  },
  badLabels: {
    path: '/v1/labels',
    role: 'label',
    body: () => Buffer.from(`[${fill(labelBytes, 10_000, () => '{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7}', ',')}]`),
  },
  decisions: {
    path: '/v1/decisions/batch',
    role: 'score',
    body: () => Buffer.from(`[${fill(bytes, 10_000, decision, ',')}]`),
  },
  lines: {
    path: '/v1/decisions/batch',
    role: 'score',
    type: 'application/x-ndjson',
    body: () => Buffer.from(fill(bytes, 10_000, decision, '\n')),
  },
  predictions: {
    path: '/predict/batch',
    role: 'score',
    body: () => Buffer.from(`[${fill(bytes, 10_000, (i) => `{"amount":${i}}`, ',')}]`),
  },
  marks: { path: '/v1/labels', role: 'label', body: () => marks },
  oneId: { path: '/v1/labels', role: 'label', body: () => oneId },
  pipedProbes: { path: '/healthz', role: 'label', method: 'GET', isPipelined: true, body: () => none },
  pipedMetrics: { path: '/metrics', role: 'label', method: 'GET', isPipelined: true, body: () => none },
  pipedKeyless: { path: '/v1/labels', role: 'label', isKeyless: true, isPipelined: true, body: () => empty },
  pipedLabels: { path: '/v1/labels', role: 'label', isPipelined: true, body: () => empty },
  slow: {
    path: '/v1/labels',
    role: 'label',
    body: () => deep,
    send: (call, body) => inPieces(call, body, 16 * 1024, 20),
  },
  pieces: {
    path: '/v1/labels',
    role: 'label',
    body: () => small,
    send: (call, body) => inPieces(call, body, 1, 0),
  },
}
