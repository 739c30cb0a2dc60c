import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import type { FraudError } from '../core/errors.ts'

/** Why a request goes no further, looked at before its route is asked; undefined where it may. */
export type Check = (request: FastifyRequest, reply: FastifyReply) => FraudError | undefined

/** One hook for all of them: fastify's way from one hook to the next costs more than what they look at. */
export function checkAll(checks: readonly Check[]): onRequestHookHandler {
  return (request, reply, done) => {
    for (const check of checks) {
      const refusal = check(request, reply)
      if (refusal !== undefined) return done(refusal)
    }
    done()
  }
}
