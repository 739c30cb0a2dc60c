import { FraudError } from '../../core/errors.ts'
import { option } from '../../core/option.ts'
import { keyVariable } from './log-key.ts'
import type { Verification } from './verify-log.ts'

/** @throws FraudError LOG_INVALID, LOG_TOO_NEW or LOG_KEY_MISMATCH where a problem was found. */
export function refuseProblem({ problem, records, stretches }: Verification): void {
  if (problem === undefined) return
  if (problem.sequence === undefined) throw new FraudError('LOG_INVALID', problem.reason)
  const found = `Record ${problem.sequence} ${problem.reason}`
  if (problem.isOfKey === undefined) {
    throw new FraudError(
      problem.isTooNew ? 'LOG_TOO_NEW' : 'LOG_INVALID',
      `${found}; ${records.toLocaleString('en')} records before it are valid`,
    )
  }
  const changes = stretches.slice(1).map(({ first }) => first)
  const cure =
    changes.length === 0
      ? `verify it with the key that it was written with`
      : `each record continues the chain, so either Shrike was started with another ${keyVariable}, or ` +
        `somebody without the key wrote them. If you know of the change, say so with ${option('keyChanges')} ${changes.join(',')}`
  throw new FraudError('LOG_KEY_MISMATCH', `${found}; ${cure}`)
}
