import type { onRequestHookHandler } from 'fastify'
import { FraudError } from '../core/errors.ts'
import type { HttpContext } from './http-context.ts'

/** Refuses early where the loop can't keep up, so that what was accepted stays fast. */
export function refuseOverload({ isOverloaded }: HttpContext): onRequestHookHandler {
  return (_request, _reply, done) => {
    if (!isOverloaded()) return done()
    done(new FraudError('OVERLOADED', 'The service is overloaded'))
  }
}
