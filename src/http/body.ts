import type { IncomingMessage } from 'node:http'
import { FraudError } from '../core/errors.ts'
import { inSlices, type Steps } from '../core/time-slices.ts'
import type { HeldBytes } from './held-bytes.ts'
import type { Limits } from './limits.ts'
import type { RequestTraces } from './tracing/request-traces.ts'

/** A body of at most this many bytes holds so little that it is not counted. */
export const smallBytes = 4096
/** After each time this much of a body others are read from first. */
const pacedBytes = 64 * 1024
/** Chunks of a few bytes each cost a hundred times their size: hundreds are fine, thousands are an attack. */
const mostPieces = 512
const leastPieceBytes = 16
const joinedAtOnceBytes = 2 ** 20

export interface BodyLimits {
  readonly limitBytes: number
  readonly timeoutMs: number
  /** What all bodies hold together. */
  readonly held: HeldBytes
  /** Has each body handled in its request's turn, where requests are traced. */
  readonly traces?: RequestTraces | undefined
  /** Throws for a body that will be refused, by its first bytes, once there are more than these. */
  readonly beginning?: { readonly bytes: number; check(bytes: Buffer): void }
}

/** The limits of a body that is one object. */
export function smallBody({
  limits,
  held,
  traces,
}: Pick<BodyLimits, 'held' | 'traces'> & { readonly limits: Limits }): BodyLimits {
  return { limitBytes: limits.bodyBytes, timeoutMs: limits.bodyTimeoutMs, held, traces }
}

/**
 * Collects a body of at most `limitBytes` that arrives within `timeoutMs`, and hands it over; or BODY_TOO_LARGE,
 * REQUEST_TIMEOUT, OVERLOADED, or what `take` throws, to `refuse`. If the client goes away first, neither is called:
 * there is nobody to answer.
 *
 * In place of fastify's own content type parsers, which make an AsyncResource for each body: a tenth of the throughput.
 */
export function readBody(
  message: IncomingMessage,
  { limitBytes, timeoutMs, held, beginning }: BodyLimits,
  take: (body: Buffer) => void,
  refuse: (error: unknown) => void,
): void {
  if (Number(message.headers['content-length']) > limitBytes) throw tooLarge(limitBytes)
  let chunks: Buffer[] = []
  let length = 0
  let pieces = 0
  let pauseAt = pacedBytes
  let counted = 0
  let isRefused = false
  let isLookedAt = false
  let timer: NodeJS.Timeout | undefined
  // A small body comes in one piece with its headers, and is whole before the next tick: no need for a timer then.
  process.nextTick(() => {
    if (message.complete) return
    const reason = `The body did not arrive within ${timeoutMs / 1000} s`
    timer = setTimeout(() => giveUp(new FraudError('REQUEST_TIMEOUT', reason)), timeoutMs)
  })

  function letGo(): void {
    clearTimeout(timer)
    if (counted > 0) held.give(counted, message)
    counted = 0
    chunks = []
  }
  function giveUp(error: unknown): void {
    letGo()
    isRefused = true
    refuse(error)
  }
  message.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length >= pauseAt) {
      pauseAt = length + pacedBytes
      message.pause()
      held.waitForTurn(() => message.resume())
    }
    if (isRefused) return
    pieces += 1
    if (length > limitBytes) return giveUp(tooLarge(limitBytes))
    if (pieces > mostPieces && length < leastPieceBytes * pieces) return giveUp(refusePieces(message))
    addTo(chunks, chunk)
    if (length <= smallBytes) return
    try {
      held.take(length - counted, message)
      counted = length
      if (beginning !== undefined && length > beginning.bytes && !isLookedAt) {
        isLookedAt = true
        beginning.check(Buffer.concat(chunks))
      }
    } catch (error) {
      giveUp(error)
    }
  })
  message.on('end', () => {
    if (isRefused) return
    const handOver = (whole: Buffer) => {
      letGo()
      take(whole)
    }
    try {
      if (length > joinedAtOnceBytes) void inSlices(joining(chunks, length)).then(handOver).catch(refuse)
      else handOver(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length))
    } catch (error) {
      refuse(error)
    }
    clearTimeout(timer)
  })
  message.on('error', letGo)
}

/** The chunks as one, with turns for others: of 20 MB this takes as long as ten decisions. */
function* joining(chunks: readonly Buffer[], length: number): Steps<Buffer> {
  const whole = Buffer.allocUnsafeSlow(length)
  let at = 0
  for (const chunk of chunks) {
    at += chunk.copy(whole, at)
    yield
  }
  return whole
}

/** Small chunks are joined as they come, for each holds more memory than it has bytes. */
function addTo(chunks: Buffer[], chunk: Buffer): void {
  const last = chunks.at(-1)
  if (last !== undefined && last.length + chunk.length <= smallBytes)
    chunks[chunks.length - 1] = Buffer.concat([last, chunk])
  else chunks.push(chunk)
}

/**
 * The connection is closed behind the answer, and what is still to be read of it would cost as much again. Pieces that
 * were read before it was paused still come, thousands in one turn of the loop, so they are dropped where they do.
 */
function refusePieces(message: IncomingMessage): FraudError {
  const { socket } = message
  socket.on('resume', () => socket.pause()).pause()
  message.push = () => false
  return new FraudError('REQUEST_MALFORMED', 'The body is sent in too many tiny chunks')
}

export function tooLarge(limitBytes: number): FraudError {
  return new FraudError('BODY_TOO_LARGE', `The body is over the limit of ${limitBytes} bytes`)
}

/**
 * Lets the rest of a refused request run out for a moment before its connection is cut. Closing at once would reset
 * the connection, and a client that is still sending would lose the answer that says why.
 */
export function discardRest(message: IncomingMessage, lingerMs: number): void {
  message.resume()
  const timer = setTimeout(() => message.destroy(), lingerMs).unref()
  const stop = () => clearTimeout(timer)
  message.once('end', stop)
  message.once('close', stop)
}
