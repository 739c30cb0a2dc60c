import type { ServerResponse } from 'node:http'
import { FraudError } from '../core/errors.ts'
import type { Check } from './check.ts'

/** While there is no room for another answer, one that has not been read to its end in this time makes room. */
const pressedMs = 1000

/**
 * Answers that wait for their readers hold memory, so there are only so many at a time, and each has a time in which it
 * has to be read. The oldest that is being read too slowly makes room for the next.
 */
export class OpenAnswers {
  readonly #most: number
  readonly #timeoutMs: number
  /** When each began, the oldest first. */
  readonly #since = new Map<ServerResponse, number>()
  cut = 0

  constructor(most: number, timeoutMs: number) {
    this.#most = most
    this.#timeoutMs = timeoutMs
  }

  /** Throws OVERLOADED where there are too many, and each is being read as it should. */
  add(answer: ServerResponse): void {
    if (this.#since.size >= this.#most && !this.#makeRoom()) {
      throw new FraudError('OVERLOADED', 'Too many answers are being read')
    }
    this.#since.set(answer, performance.now())
    answer.once('close', () => this.#since.delete(answer))
    this.limitTime(answer)
  }

  /** Cuts the connection of an answer that is not read to its end in time. */
  limitTime(answer: ServerResponse): void {
    const timer = setTimeout(() => this.#cut(answer), this.#timeoutMs).unref()
    answer.once('close', () => clearTimeout(timer))
  }

  #makeRoom(): boolean {
    const nowMs = performance.now()
    for (const [answer, sinceMs] of this.#since) {
      if (nowMs - sinceMs < pressedMs) return false
      // One that is still being made is not its reader's fault.
      if (!answer.headersSent) continue
      this.#cut(answer)
      return true
    }
    return false
  }

  #cut(answer: ServerResponse): void {
    this.cut += 1
    this.#since.delete(answer)
    answer.destroy()
  }
}

/** Counts every answer of a route. */
export function boundAnswers({ answers }: { readonly answers: OpenAnswers }): Check {
  return (_request, reply) => {
    answers.add(reply.raw)
    return undefined
  }
}
