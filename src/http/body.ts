import type { IncomingMessage } from 'node:http'
import { FraudError } from '../core/errors.ts'

/**
 * Collects a body of at most `limitBytes` that arrives within `timeoutMs`, or hands over BODY_TOO_LARGE or
 * REQUEST_TIMEOUT. If the client goes away first, `done` is never called: there is nobody to answer.
 */
export function readBody(
  message: IncomingMessage,
  limitBytes: number,
  timeoutMs: number,
  done: (error: Error | null, body?: Buffer) => void,
): void {
  if (Number(message.headers['content-length']) > limitBytes) {
    done(tooLarge(limitBytes))
    return
  }
  const chunks: Buffer[] = []
  let length = 0
  const timer = setTimeout(() => {
    stop()
    done(new FraudError('REQUEST_TIMEOUT', `The body did not arrive within ${timeoutMs / 1000} s`))
  }, timeoutMs)

  function stop(): void {
    clearTimeout(timer)
    message.off('data', take)
    message.off('end', finish)
  }
  function take(chunk: Buffer): void {
    length += chunk.length
    if (length > limitBytes) {
      stop()
      done(tooLarge(limitBytes))
    } else {
      chunks.push(chunk)
    }
  }
  function finish(): void {
    stop()
    done(null, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length))
  }
  message.on('data', take)
  message.on('end', finish)
  message.on('error', stop)
}

function tooLarge(limitBytes: number): FraudError {
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
