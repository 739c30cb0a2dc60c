import type { Sequenced } from '../../src/log/log-record.ts'

/** A case as somebody would keep it who writes down what the log says, and looks everything up each time. */
export interface BruteCase {
  readonly id: string
  readonly number: number
  readonly openedAtMs: number
  readonly transactions: BruteTransaction[]
  readonly owns: Set<string>
  isClosed: boolean
}

interface BruteTransaction {
  readonly sequence: number
  readonly stake: number
  judgedBy: number
  labels: number[]
}

/** Where the amount is among the columns, and each key, in the order in which cases merge by them. */
interface Columns {
  readonly amount: number
  readonly keys: readonly number[]
}

/** The cases that records make, by the rules of the reference alone. */
export function bruteCases(records: readonly Sequenced[], { amount, keys }: Columns): readonly BruteCase[] {
  const cases: BruteCase[] = []
  const ownerOf = (key: string) => cases.find(({ isClosed, owns }) => !isClosed && owns.has(key))
  for (const record of records) {
    const all = cases.flatMap(({ transactions }) => transactions)
    if (record.kind === 'decision' && record.outcome === 'review') {
      const { sequence, decidedAtMs, fields, score } = record
      const named = keys.flatMap((at) => (fields[at] === undefined ? [] : [`${at}=${fields[at]}`]))
      let one = named.map(ownerOf).find((owner) => owner !== undefined)
      if (one === undefined) {
        one = {
          id: `c-${sequence}`,
          number: sequence,
          openedAtMs: decidedAtMs,
          transactions: [],
          owns: new Set(),
          isClosed: false,
        }
        cases.push(one)
      }
      const stake = (score ?? 1) * Math.round(Number(fields[amount]) * 100)
      // A label may have come before its transaction.
      const before = records.filter((each) => each.kind === 'label' && each.of === 0 && each.id === record.id)
      const labels = before.map((each) => each.sequence).filter((number) => number < sequence)
      one.transactions.push({ sequence, stake, judgedBy: 0, labels })
      for (const key of named) if (ownerOf(key) === undefined) one.owns.add(key)
    } else if (record.kind === 'label') {
      for (const each of all) if (each.sequence === record.of) each.labels.push(record.sequence)
    } else if (record.kind === 'label-withdrawn') {
      for (const each of all) each.labels = each.labels.filter((label) => label !== record.label)
    } else if (record.kind === 'case') act(cases, record.sequence, record.change)
  }
  return cases
}

function act(
  cases: readonly BruteCase[],
  number: number,
  { action, case: id, transactions, of }: Record<string, unknown>,
) {
  const one = cases.find((each) => each.id === id)
  if (one === undefined) return
  if (action === 'verdict' && Array.isArray(transactions)) {
    for (const each of one.transactions) if (transactions.includes(each.sequence)) each.judgedBy = number
    one.isClosed = one.transactions.every(({ judgedBy }) => judgedBy > 0)
  } else if (action === 'undo') {
    for (const each of one.transactions) if (each.judgedBy === of) each.judgedBy = 0
    if (!one.isClosed) return
    // Its keys are its own again, but for those that another open case has by now.
    for (const key of one.owns) if (cases.some((each) => !each.isClosed && each.owns.has(key))) one.owns.delete(key)
    one.isClosed = false
  }
}

/** Ids of open cases, that with the most at stake first, then the older one. */
export function bruteQueue(cases: readonly BruteCase[]): readonly string[] {
  const lossOf = ({ transactions }: BruteCase) =>
    transactions.reduce(
      (sum, { stake, judgedBy, labels }) => (judgedBy > 0 || labels.length > 0 ? sum : sum + stake),
      0,
    )
  return cases
    .filter(({ isClosed }) => !isClosed)
    .toSorted((a, b) => lossOf(b) - lossOf(a) || a.openedAtMs - b.openedAtMs || a.number - b.number)
    .map(({ id }) => id)
}
