import type { Case } from './case.ts'

/** A case with its fields in one order, so that the same case is the same bytes however it came to be. */
export function savedCase(one: Case): Case {
  const { id, sequence, openedAtMs, origin, keys, owns, persons, expectedLoss, open, closed, claim } = one
  const { assignee, snoozedUntilMs, escalation, dueAtMs, expireAfterMs, touched, links, history } = one
  return {
    ...{ id, sequence, openedAtMs, origin, keys, owns, persons },
    transactions: one.transactions.map((each) => {
      const { sequence, id, timestampMs, score, amountMinor, stake, verdict, labels } = each
      return { sequence, id, timestampMs, score, amountMinor, stake, verdict, labels }
    }),
    ...{ expectedLoss, open, closed, claim, assignee, snoozedUntilMs, escalation, dueAtMs, expireAfterMs, touched },
    ...{ links, history },
  }
}
