import { isDiskFull } from '../core/disk-full.ts'
import { FraudError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { maskCardNumber } from '../core/show-value.ts'
import { type Problem, presentError } from './error-status.ts'
import { pathOf } from './path-of.ts'

/** What a refused request is told. */
export interface Refusal {
  readonly problem: Problem
  /** In seconds. */
  readonly retryAfter: string | undefined
}

/** A bug is told to the log, too, and so is a full disk. */
export function refusalOf(error: unknown, url: string, log: Logger): Refusal {
  const refusal = presentRefusal(error)
  if (refusal.problem.code === 'INTERNAL' || isDiskFull(error))
    log.error({ err: error, path: maskCardNumber(pathOf(url)) }, 'a request failed')
  return refusal
}

export function presentRefusal(error: unknown): Refusal {
  const problem = presentError(error)
  const retryAfterMs = error instanceof FraudError ? error.retryAfterMs : undefined
  if (retryAfterMs !== undefined) return { problem, retryAfter: String(Math.ceil(retryAfterMs / 1000)) }
  return { problem, retryAfter: problem.status === 503 ? '1' : undefined }
}
