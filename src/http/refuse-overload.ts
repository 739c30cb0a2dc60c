import { FraudError } from '../core/errors.ts'
import type { Check } from './check.ts'
import type { HttpContext } from './http-context.ts'

export const overloaded = new FraudError('OVERLOADED', 'The service is overloaded')

/** Refuses early where the loop can't keep up, so that what was accepted stays fast. */
export function refuseOverload({ isOverloaded }: HttpContext): Check {
  return () => (isOverloaded() ? overloaded : undefined)
}
