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

/** The cases that records make, one after the other, by the rules of the reference alone. */
export class BruteCases {
  readonly cases: BruteCase[] = []
  readonly #columns: Columns
  /** Labels that came before their transactions, by its id. */
  readonly #early = new Map<string, number[]>()

  constructor(columns: Columns) {
    this.#columns = columns
  }

  take(record: Sequenced): void {
    if (record.kind === 'decision' && record.outcome === 'review') this.#review(record)
    else if (record.kind === 'label' && record.of === 0) {
      this.#early.set(record.id, [...(this.#early.get(record.id) ?? []), record.sequence])
    } else if (record.kind === 'label') {
      for (const each of this.#all()) if (each.sequence === record.of) each.labels.push(record.sequence)
    } else if (record.kind === 'label-withdrawn') {
      for (const each of this.#all()) each.labels = each.labels.filter((label) => label !== record.label)
    } else if (record.kind === 'case') act(this.cases, record.sequence, record.change)
  }

  /** Ids of open cases, that with the most at stake first, then the older one. */
  queue(): readonly string[] {
    const lossOf = ({ transactions }: BruteCase) =>
      transactions.reduce(
        (sum, { stake, judgedBy, labels }) => (judgedBy > 0 || labels.length > 0 ? sum : sum + stake),
        0,
      )
    return this.cases
      .filter(({ isClosed }) => !isClosed)
      .map((one) => ({ one, loss: lossOf(one) }))
      .sort((a, b) => b.loss - a.loss || a.one.openedAtMs - b.one.openedAtMs || a.one.number - b.one.number)
      .map(({ one }) => one.id)
  }

  *#all(): Generator<BruteTransaction> {
    for (const { transactions } of this.cases) yield* transactions
  }

  #review(record: Sequenced & { kind: 'decision' }): void {
    const { sequence, decidedAtMs, fields, score, id } = record
    const { keys, amount } = this.#columns
    const ownerOf = (key: string) => this.cases.find(({ isClosed, owns }) => !isClosed && owns.has(key))
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
      this.cases.push(one)
    }
    const stake = (score ?? 1) * Math.max(0, Math.round(Number(fields[amount]) * 100))
    one.transactions.push({ sequence, stake, judgedBy: 0, labels: [...(this.#early.get(id) ?? [])] })
    for (const key of named) if (ownerOf(key) === undefined) one.owns.add(key)
  }
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
