import type { StateReader, StateWriter } from '../core/state-bytes.ts'
import { readJson } from '../decisioning/saved-definitions.ts'
import type { Case, CaseTransaction } from './case.ts'

/** What somebody said of a transaction, which is said of few, with its place in the case. */
type Said = readonly [place: number, verdict: CaseTransaction['verdict'] | null, labels: CaseTransaction['labels']]

type SavedCase = Omit<Case, 'transactions'> & {
  readonly ids: readonly string[]
  /** Of each transaction; missing where all are in one currency. */
  readonly currencies?: readonly string[]
  readonly said: readonly Said[]
}

/**
 * Writes a case with its fields in one order, so that the same case is the same bytes however it came to be. The numbers
 * of its transactions are written as such: every snapshot holds all cases, and as texts they would be most of what it
 * takes.
 */
export function saveCase(one: Case, writer: StateWriter): void {
  const { id, sequence, openedAtMs, origin, keys, owns, persons, expectedLoss, open, closed, claim, transactions } = one
  const { assignee, snoozedUntilMs, escalation, dueAtMs, expireAfterMs, touched, links, history } = one
  const said: Said[] = []
  const ids: string[] = []
  const currencies: string[] = []
  for (const { id, currency, verdict = null, labels } of transactions) {
    if (verdict !== null || labels.length > 0) said.push([ids.length, verdict, labels])
    ids.push(id)
    currencies.push(currency)
  }
  const saved: SavedCase = {
    ...{ id, sequence, openedAtMs, origin, keys, owns, persons, ids, said },
    ...{ expectedLoss, open, closed, claim, assignee, snoozedUntilMs, escalation, dueAtMs, expireAfterMs, touched },
    ...{ links, history, ...(currencies.some((currency) => currency !== '') && { currencies }) },
  }
  writer.text(JSON.stringify(saved))
  for (const { sequence, timestampMs, score, amountMinor, stake } of transactions) {
    writer.double(sequence)
    writer.double(timestampMs)
    writer.double(score ?? Number.NaN)
    writer.double(amountMinor ?? Number.NaN)
    writer.double(stake)
  }
}

/** @throws FraudError SNAPSHOT_INVALID where it is something else. */
export function loadCase(reader: StateReader): Case {
  const { ids, currencies, said, ...one } = readJson<SavedCase>(reader)
  const transactions = ids.map(
    (id, place): CaseTransaction => ({
      sequence: reader.double(),
      id,
      timestampMs: reader.double(),
      score: numberOrNull(reader.double()),
      amountMinor: numberOrNull(reader.double()),
      currency: currencies?.[place] ?? '',
      stake: reader.double(),
      verdict: undefined,
      labels: noLabels,
    }),
  )
  for (const [place, verdict, labels] of said) {
    transactions[place].verdict = verdict ?? undefined
    transactions[place].labels = labels
  }
  return { ...one, transactions }
}

const noLabels: CaseTransaction['labels'] = []

function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}
