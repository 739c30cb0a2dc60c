import type { IncomingMessage } from 'node:http'
import { FraudError } from '../core/errors.ts'

/**
 * The chunks of a body as they come, each of which has to come within `timeoutMs` of when it was waited for: what the
 * service takes to work on one does not count.
 *
 * @throws FraudError REQUEST_TIMEOUT
 */
export async function* chunksWithin(message: IncomingMessage, timeoutMs: number): AsyncGenerator<Buffer> {
  // A caller that gives up still has to answer.
  const chunks = message.iterator({ destroyOnReturn: false })
  try {
    for (;;) {
      const { value, done } = await within(chunks.next(), timeoutMs)
      if (done === true) return
      yield value
    }
  } finally {
    void chunks.return?.()
  }
}

async function within<Value>(work: Promise<Value>, timeoutMs: number): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const reason = `Nothing more of the body arrived within ${timeoutMs / 1000} s`
  const timer = setTimeout(() => reject(new FraudError('REQUEST_TIMEOUT', reason)), timeoutMs)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
