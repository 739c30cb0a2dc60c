import type { Outcome } from '../../detector/detector-schema.ts'
import { labelInForce, type RankOfSource } from '../../detector/label-precedence.ts'
import type { KeyFigures, KeyLink, KeyQuery, KeyUse, KeyValue, KeyView, LinkedValue } from '../../log/key-views.ts'
import type { TransactionShapes } from '../../log/transaction-shapes.ts'
import { truthOf } from '../../log/truth-of.ts'
import type { KeyIndex } from './key-index.ts'
import type { SqliteLogReader } from './sqlite-log-reader.ts'

const hourMs = 3_600_000
const windowsMs = [hourMs, 24 * hourMs, 7 * 24 * hourMs, 30 * 24 * hourMs, null]
/** The newest transactions that figures count, and those that links are looked for in. */
const mostCounted = 2000
const mostLinking = 200
/** Values next to the one that is asked for, transactions of each that are followed, and values behind them. */
const mostNear = 30
const mostFollowed = 50
const mostFar = 100

/** What is looked at: the log, and where its keys are. */
interface KeySources {
  readonly reader: SqliteLogReader
  readonly index: KeyIndex
  readonly shapes: TransactionShapes
  /** Which of several labels counts. */
  readonly rankOf: RankOfSource
}

/** What is known of a key's value, of so many of its newest transactions that it takes a fraction of a second. */
export function viewKey(sources: KeySources, query: KeyQuery): KeyView {
  const { reader, index } = sources
  const newest = usesOf(sources, query, Number.POSITIVE_INFINITY, mostCounted + 1)
  const counted = newest.slice(0, mostCounted)
  const page = query.before === undefined ? newest : usesOf(sources, query, query.before, query.limit + 1)
  const uses = page.slice(0, query.limit)
  const near = new Links(query)
  for (const use of counted.slice(0, mostLinking)) near.add(use, query)
  const isNearCut = near.cut(mostNear) || counted.length > mostLinking
  const isFarCut = follow(sources, query, near)
  return {
    uses,
    next: page.length > uses.length ? uses[uses.length - 1].sequence : null,
    figures: windowsMs.map((windowMs) => figuresOf(counted, windowMs, query.asOfMs)),
    linked: near.values,
    links: near.links,
    isCut: {
      searchedSinceMs: index.isWhole ? null : timeOf(reader, index.from),
      figuresOf: newest.length > mostCounted ? mostCounted : null,
      links: isNearCut || isFarCut,
    },
  }
}

/** Transactions of one value, newest first. */
function usesOf(sources: KeySources, { key, token }: KeyValue, before: number, most: number): KeyUse[] {
  const uses: KeyUse[] = []
  for (const sequence of sources.index.find(key, new Set([token]), before)) {
    const use = useAt(sources, sequence)
    if (use?.keys[key] !== token) continue
    uses.push(use)
    if (uses.length === most) break
  }
  return uses
}

/** Adds what shares a value with one of the near ones. @returns whether something was left out. */
function follow(sources: KeySources, query: KeyQuery, links: Links): boolean {
  const near = Map.groupBy(links.values, ({ key }) => key)
  let isCut = false
  for (const [key, values] of near) {
    const left = new Map(values.map(({ token }) => [token, mostFollowed]))
    const wanted = new Set(left.keys())
    let open = wanted.size
    for (const sequence of sources.index.find(key, wanted, Number.POSITIVE_INFINITY)) {
      const use = useAt(sources, sequence)
      const token = use?.keys[key]
      const places = token === undefined ? undefined : left.get(token)
      if (use === undefined || token === undefined || places === undefined) continue
      if (use.keys[query.key] === query.token) continue
      if (places === 0) {
        isCut = true
        continue
      }
      left.set(token, places - 1)
      if (places === 1) open -= 1
      links.add(use, { key, token })
      // One that has all its places filled may be in half of all transactions.
      if (open === 0) {
        isCut = true
        break
      }
    }
  }
  return links.cut(mostNear + mostFar) || isCut
}

interface Near extends KeyValue {
  readonly steps: 1 | 2
  /** Whether each transaction is known to be fraud, by its number. */
  readonly uses: Map<number, boolean | null>
}

/** The values around one, and which transactions each was in with another. */
class Links {
  readonly #origin: string
  #values = new Map<string, Near>()
  #links = new Map<string, { readonly from: KeyValue; readonly to: KeyValue; readonly uses: Set<number> }>()

  constructor(origin: KeyValue) {
    this.#origin = nameOf(origin)
  }

  get values(): readonly LinkedValue[] {
    return [...this.#values.values()].map(({ uses, ...value }) => {
      const frauds = uses.values().filter((isFraud) => isFraud === true)
      return { ...value, transactions: uses.size, frauds: [...frauds].length }
    })
  }

  get links(): readonly KeyLink[] {
    return [...this.#links.values()].map(({ from, to, uses }) => ({ from, to, transactions: uses.size }))
  }

  /** Takes in a transaction that was found by one of its values. */
  add({ sequence, keys, isFraud }: KeyUse, { key: fromKey, token: fromToken }: KeyValue): void {
    const from = { key: fromKey, token: fromToken }
    const steps = nameOf(from) === this.#origin ? 1 : 2
    for (const [key, token] of Object.entries(keys)) {
      const to = { key, token }
      const name = nameOf(to)
      if (key === from.key || name === this.#origin) continue
      const value = this.#values.get(name) ?? { ...to, steps, uses: new Map() }
      this.#values.set(name, value)
      value.uses.set(sequence, isFraud)
      const ends = [nameOf(from), name].sort().join('\n')
      const link = this.#links.get(ends) ?? { from, to, uses: new Set() }
      this.#links.set(ends, link)
      link.uses.add(sequence)
    }
  }

  /** Keeps the nearest values with most transactions. @returns whether any were left out. */
  cut(most: number): boolean {
    const sorted = [...this.#values].sort(([, a], [, b]) => a.steps - b.steps || b.uses.size - a.uses.size)
    this.#values = new Map(sorted.slice(0, most))
    const isKept = (value: KeyValue) => nameOf(value) === this.#origin || this.#values.has(nameOf(value))
    this.#links = new Map([...this.#links].filter(([, { from, to }]) => isKept(from) && isKept(to)))
    return sorted.length > most
  }
}

function nameOf({ key, token }: KeyValue): string {
  return `${key}=${token}`
}

function figuresOf(uses: readonly KeyUse[], windowMs: number | null, asOfMs: number): KeyFigures {
  const within = uses.filter(({ timestampMs }) => windowMs === null || timestampMs > asOfMs - windowMs)
  const outcomes: Partial<Record<Outcome, number>> = {}
  const currencies = new Set(within.flatMap((use) => (use.amount === null ? [] : use.currency)))
  let amount = 0
  for (const use of within) {
    if (use.outcome !== null) outcomes[use.outcome] = (outcomes[use.outcome] ?? 0) + 1
    amount += use.amount ?? 0
  }
  const of = (isFraud: boolean) => within.filter((use) => use.isFraud === isFraud).length
  // What adding decimals in binary is off by is not told.
  const sum = currencies.size > 1 ? null : Number(amount.toFixed(6))
  return { windowMs, transactions: within.length, amount: sum, outcomes, frauds: of(true), legitimate: of(false) }
}

function useAt(sources: KeySources, sequence: number): KeyUse | undefined {
  const { reader, shapes, rankOf } = sources
  const record = reader.at(sequence)
  if (record?.kind !== 'decision' && record?.kind !== 'history') return undefined
  const isDecided = record.kind === 'decision'
  const { id, timestampMs, definition, fields } = record
  return {
    ...{ sequence, transactionId: id, timestampMs },
    outcome: isDecided ? record.outcome : null,
    score: isDecided ? record.score : null,
    amount: shapes.of(definition).amountOf(fields),
    currency: shapes.of(definition).currencyOf(fields),
    keys: shapes.keysOf(record),
    isFraud: truthOf(record, labelInForce(reader.labelsOf(id), rankOf)),
  }
}

function timeOf(reader: SqliteLogReader, from: number): number | null {
  for (
    let records = reader.next(from - 1);
    records.length > 0;
    records = reader.next(records[records.length - 1].sequence)
  ) {
    const found = records.find((record) => record.kind === 'decision' || record.kind === 'history')
    if (found?.kind === 'decision' || found?.kind === 'history') return found.timestampMs
  }
  return null
}
