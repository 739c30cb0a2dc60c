import type { Message, Outcome } from './message.ts'

/**
 * What is written for a message: its decision, or why there is none, at its place. Not whether the transaction had been decided
 * before: a message that is read again after a failure was, and nothing of it was written.
 */
export function presentOutcome({ decision, refusal, id }: Outcome<Message>, place: object): string {
  if (decision === undefined) return JSON.stringify({ error: refusal, ...place, ...(id !== undefined && { id }) })
  const { duplicate: _, ...answer } = decision
  return JSON.stringify(answer)
}
