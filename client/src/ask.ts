import { readProblem } from './problem.ts'

export interface AskOptions {
  /** How long all tries may take together. */
  readonly budgetMs?: number
  /** How long one try may take: shorter, so that a lost packet leaves time for another. */
  readonly callMs?: number
  /** Ends it early. */
  readonly signal?: AbortSignal
}

/** Sends a request; a new one for each try. */
export type Send = (path: string, body: string, signal: AbortSignal) => Promise<Response>

const firstWaitMs = 20
const longestWaitMs = 2000

/**
 * Sends the same body again until it is answered, which is safe where the service takes what came before for the same:
 * whether an unanswered request did something is not known, and asking again tells.
 *
 * @param read what an answer is; undefined to ask again.
 * @returns undefined where the time was over.
 * @throws ShrikeError where asking again would not help.
 */
export async function askAgain<Answer>(
  send: Send,
  path: string,
  body: string,
  options: Required<Pick<AskOptions, 'budgetMs' | 'callMs'>> & Pick<AskOptions, 'signal'>,
  read: (given: unknown) => Answer | undefined,
): Promise<Answer | undefined> {
  const { budgetMs, callMs, signal } = options
  const deadline = performance.now() + budgetMs
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(longestWaitMs, 2 * waitMs)) {
    const leftMs = deadline - performance.now()
    if (leftMs <= 0) return undefined
    signal?.throwIfAborted()
    const answer = await askOnce(send, path, body, Math.min(leftMs, callMs), signal)
    const taken = answer && read(answer.given)
    if (taken !== undefined) return taken
    // Many that were refused at once don't come back at once.
    const pauseMs = Math.min(waitMs * (0.5 + Math.random()), deadline - performance.now())
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

/** One try; undefined where another one may be answered. */
async function askOnce(send: Send, path: string, body: string, callMs: number, signal: AbortSignal | undefined) {
  const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(callMs)))
  let refused: Response
  try {
    const response = await send(path, body, signal === undefined ? timeout : AbortSignal.any([timeout, signal]))
    // An answer that breaks off is none.
    if (response.ok) return { given: (await response.json()) as unknown }
    refused = response
  } catch (error) {
    if (signal?.aborted) throw error
    return undefined
  }
  if (refused.status >= 500 || refused.status === 408) {
    await refused.body?.cancel().catch(() => {})
    return undefined
  }
  throw await readProblem(refused)
}
