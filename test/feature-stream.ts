import fc from 'fast-check'
import { type Detector, inMemory } from '../src/detector/detector.ts'
import type { Transaction, TransactionLayout } from '../src/detector/transaction.ts'
import { compileFeatures, computeRow, type FeatureSet } from '../src/features/feature-set.ts'
import type { Histories } from '../src/features/history.ts'

// Streams of transactions and labels in which everything collides, and what was known to each transaction, by a list.

export const hourMs = 3_600_000

/** A transaction as a person would write it down; its place in the list of all is its sequence. */
export interface Purchase {
  readonly time: number
  readonly amount: number
  readonly card: string | undefined
  readonly shop: string | undefined
  readonly city: string | undefined
  readonly points: number
  readonly latitude: number
  readonly longitude: number
}

/** What the transaction of a place in the list turned out to be. */
export interface Verdict {
  readonly about: number
  readonly isFraud: boolean
  readonly knownAt: number
  /** How far its source is believed; 0 by default. */
  readonly rank?: number
}

/** `withdrawn` counts back among the labels that stand. */
export type Step = { readonly purchase: Purchase } | { readonly verdict: Verdict } | { readonly withdrawn: number }

/** What one transaction could see: everything before it, itself, and how much of each history is remembered. */
export interface Scene {
  readonly all: readonly Purchase[]
  readonly now: Purchase
  /** Labels that came before, with the last one last. */
  readonly verdicts: readonly Verdict[]
  /** By key, its longest window plus delay; of everything, ''. */
  readonly spans: Readonly<Record<string, number>>
}

type By = 'card' | 'shop' | 'city' | ''

/** The purchases of the key's window, in (time, sequence) order, without what was forgotten. */
export function inWindow({ all, now, spans }: Scene, by: By, width: number, delay = 0): Purchase[] {
  const key = by === '' ? '' : now[by]
  if (key === undefined) return []
  const horizon = Math.max(...all.map(({ time }) => time)) - spans[by]
  return all
    .filter((each) => (by === '' ? '' : each[by]) === key && (each === now || each.time > horizon))
    .filter(({ time }) => time > now.time - delay - width && time <= now.time - delay)
    .sort((one, other) => one.time - other.time)
}

/** Which of them were known to be fraud: of the words on each that were known by now, by the last of those most believed. */
export function frauds({ all, now, verdicts }: Scene, purchases: readonly Purchase[]): Purchase[] {
  return purchases.filter((each) => {
    const known = verdicts.filter(({ about, knownAt }) => all[about] === each && knownAt <= now.time)
    const most = Math.max(0, ...known.map(({ rank = 0 }) => rank))
    return known.findLast(({ rank = 0 }) => rank === most)?.isFraud === true
  })
}

// Few keys, whole hours and values that add up differently in another order.
const purchase = (time: fc.Arbitrary<number>): fc.Arbitrary<Purchase> =>
  fc
    .record({
      time,
      amount: fc.oneof(fc.constantFrom(0, 0, -250, 1), fc.integer({ min: -5_000, max: 99_999 })),
      card: fc.constantFrom('c1', 'c1', 'c2', undefined),
      shop: fc.constantFrom('s1', 's1', 's2', 's3', undefined),
      city: fc.constantFrom('Rome', 'Oslo', 'Bern', undefined),
      points: fc.constantFrom(0.1, 0.2, 1e16, -1e16, 1, -0.3, Number.NaN, Number.NaN),
      place: fc.constantFrom([48.85, 2.35], [-33.87, 151.21], [51.5, -0.13], [51.5, 179.9], undefined),
    })
    .map(({ place = [Number.NaN, Number.NaN], ...rest }) => ({ ...rest, latitude: place[0], longitude: place[1] }))

const start = fc.constantFrom(0, Date.UTC(2026, 2, 28))
const jitter = fc.constantFrom(0, 0, 0, 0, 0, 0, 1, -1)

/** Transactions mostly forward in time and often late, with labels in between that come early, late, twice and changed. */
export const steps: fc.Arbitrary<readonly Step[]> = fc
  .tuple(
    start,
    fc.array(
      fc.record({
        forward: fc.constantFrom(0, 0, 1, 1, 2, 5),
        late: fc.constantFrom(0, 0, 0, 0, 1, 3, 8, 30),
        jitter,
        made: purchase(fc.constant(0)),
        verdict: fc.option(
          fc.record({
            back: fc.nat(6),
            isFraud: fc.boolean(),
            after: fc.constantFrom(-9, 0, 0, 1, 2, 3, 7),
            rank: fc.constantFrom(0, 0, 1, 2),
          }),
        ),
        withdrawn: fc.constantFrom(undefined, undefined, undefined, 0, 1, 3),
      }),
      { minLength: 5, maxLength: 45, size: 'max' },
    ),
  )
  .map(([startMs, drawn]) => {
    let hour = 0
    const made: Purchase[] = []
    return drawn.flatMap(({ forward, late, jitter: ms, made: values, verdict, withdrawn }): Step[] => {
      hour += forward
      const time = startMs + (hour - late) * hourMs + ms
      made.push({ ...values, time })
      if (verdict === null) return [{ purchase: { ...values, time } }]
      const about = Math.max(0, made.length - 1 - verdict.back)
      const knownAt = made[about].time + verdict.after * hourMs
      const { isFraud, rank } = verdict
      const taken = withdrawn === undefined ? [] : [{ withdrawn }]
      return [{ purchase: { ...values, time } }, { verdict: { about, isFraud, knownAt, rank } }, ...taken]
    })
  })

export function featuresOf(
  features: Detector['features'],
  options: { readonly eventsPerKey?: number; readonly zone?: string } = {},
): FeatureSet {
  return compileFeatures({ detector: detectorOf(features, options), locate: inMemory })
}

/** A detector of these features; the label is known two hours later. */
export function detectorOf(
  features: Detector['features'],
  { eventsPerKey = 4096, zone = 'UTC' }: { readonly eventsPerKey?: number; readonly zone?: string } = {},
): Detector {
  return {
    detector: 'test',
    transaction: {
      time: { field: 'TIME', format: 'epoch-ms' },
      amount: { field: 'AMOUNT', digits: 2 },
      keys: { card: 'CARD', shop: 'SHOP' },
      fields: { city: 'CITY', points: 'POINTS' },
      position: { latitude: 'LATITUDE', longitude: 'LONGITUDE' },
      label: { field: 'FRAUD', delay: '2h' },
      zone,
    },
    features,
    histories: { eventsPerKey },
  }
}

export function toTransaction(purchase: Purchase, { texts, numbers }: TransactionLayout): Transaction {
  const value = (column: string) => Object.entries(purchase).find(([name]) => name === column.toLowerCase())?.[1]
  return {
    timestampMs: purchase.time,
    amount: purchase.amount,
    texts: texts.map(({ column }) => value(column)),
    numbers: Float64Array.from(numbers, ({ column }) => value(column)),
  }
}

function isSame(one: Verdict, other: Verdict): boolean {
  return one.about === other.about && one.knownAt === other.knownAt && one.isFraud === other.isFraud
}

/** Runs a stream, gives each transaction's row and what it could see, and what of it the histories then say. */
export function runStream(
  set: FeatureSet,
  histories: Histories,
  stream: readonly Step[],
  spans: Scene['spans'],
  see: (row: Float64Array, scene: Scene) => void,
): void {
  const all: Purchase[] = []
  const verdicts: Verdict[] = []
  const row = new Float64Array(set.names.length)
  for (const step of stream) {
    if ('purchase' in step) {
      all.push(step.purchase)
      const transaction = toTransaction(step.purchase, set.layout)
      computeRow(set, transaction, histories.observe(transaction), row)
      see(row, { all, now: step.purchase, verdicts, spans })
    } else {
      const at = 'verdict' in step ? verdicts.length : verdicts.length - 1 - step.withdrawn
      const said = 'verdict' in step ? step.verdict : verdicts[at]
      if (said === undefined) continue
      const { about, isFraud, knownAt, rank = 0 } = said
      const event = { ...toTransaction(all[about], set.layout), sequence: about }
      const label = { isFraud, knownAtMs: knownAt, rank }
      if ('verdict' in step) {
        histories.label(event, label)
        verdicts.push(said)
      } else {
        // Which of two that say the same is taken back makes a difference where a third lies between, and is not told apart.
        if (verdicts.some((other, i) => i !== at && isSame(other, said))) continue
        histories.withdraw(event, label)
        verdicts.splice(at, 1)
      }
    }
  }
}
