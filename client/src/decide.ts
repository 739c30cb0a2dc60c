import type { Decision, ItemError, Transaction } from './api.ts'
import { type AskOptions, askAgain, type Send } from './ask.ts'

const budgetMs = 300
const lateBudgetMs = 60_000
const perBatch = 500
/** Of an item that was refused without a change, so that it may be sent again. */
const refusedForNow: readonly string[] = ['OVERLOADED', 'LOG_UNAVAILABLE', 'NOT_READY']

/**
 * Decides one transaction while somebody waits for it. Its content is fixed at once, so each try sends the same, and the
 * service decides it once, however often it is asked.
 *
 * @returns undefined where no answer came in time: then the caller's own rule decides, and `decideLate` tells the service.
 * @throws ShrikeError where the service refused it, which asking again would not change: a mistake of the caller.
 */
export function decide(send: Send, transaction: Transaction, options: AskOptions = {}): Promise<Decision | undefined> {
  const whole = { ...options, budgetMs: options.budgetMs ?? budgetMs }
  const callMs = options.callMs ?? whole.budgetMs / 2
  const body = JSON.stringify(transaction)
  return askAgain(send, '/v1/decisions', body, { ...whole, callMs }, (given) => given as Decision)
}

/**
 * Sends transactions that nobody waits for any more, such as those that went by the caller's own rule, until each has its
 * answer or the time is over.
 *
 * @returns an answer for each, in their order: a decision, why there is none, or undefined where no answer came.
 */
export async function decideLate(
  send: Send,
  transactions: readonly Transaction[],
  options: AskOptions = {},
): Promise<readonly (Decision | ItemError | undefined)[]> {
  const deadline = performance.now() + (options.budgetMs ?? lateBudgetMs)
  const answers: (Decision | ItemError | undefined)[] = new Array(transactions.length).fill(undefined)
  const bodies = transactions.map((transaction) => JSON.stringify(transaction))
  for (let from = 0; from < bodies.length; from += perBatch) {
    let open = [...bodies.keys()].slice(from, from + perBatch)
    // Items are refused one by one where there is too much to do; those that were answered are not sent again.
    const take = (given: unknown): true | undefined => {
      const items = given as readonly (Decision | ItemError)[]
      open.forEach((index, i) => {
        answers[index] = items[i]
      })
      open = open.filter((index) => isRefusedForNow(answers[index]))
      return open.length === 0 ? true : undefined
    }
    while (open.length > 0) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) return answers.map((answer) => (isRefusedForNow(answer) ? undefined : answer))
      const asked = { ...options, budgetMs: leftMs, callMs: options.callMs ?? 10_000 }
      const body = `[${open.map((index) => bodies[index]).join()}]`
      await askAgain(send, '/v1/decisions/batch', body, asked, (given) => take(given) ?? 'again')
    }
  }
  return answers
}

function isRefusedForNow(answer: Decision | ItemError | undefined): boolean {
  return answer !== undefined && 'error' in answer && refusedForNow.includes(answer.error.code)
}
