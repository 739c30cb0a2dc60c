import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FraudError } from '../../core/errors.ts'
import { dayMs, type Fold, type FoldPlan, makeFold, type ProtocolRows } from './fold.ts'

const startMs = Date.UTC(2025, 2, 3)
const hourMs = dayMs / 24
const plan: FoldPlan = { trainMs: 2 * dayMs, delayMs: dayMs, testMs: 3 * dayMs, removesKnown: true }
const testStartMs = startMs + 3 * dayMs

interface Row {
  /** From the start of training on; quarter days, so that edges are met. */
  readonly day: number
  readonly card: number
  readonly label: number
  /** How long its label took, in days. */
  readonly delay: number
}

const anyRow = fc.record({
  day: fc.integer({ min: -4, max: 28 }).map((quarters) => quarters / 4),
  card: fc.integer({ min: -1, max: 8 }),
  label: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) }),
  delay: fc.integer({ min: 0, max: 16 }).map((quarters) => quarters / 4),
})
/** Both classes in both parts whatever else there is, so that most folds are not refused. */
const bothClasses: readonly Row[] = [0, 5].flatMap((day) => [0, 1].map((label) => ({ day, card: -1, label, delay: 0 })))

const someRows = fc
  .tuple(fc.array(anyRow, { minLength: 1, maxLength: 80 }), fc.constantFrom(bothClasses, bothClasses, []))
  .map(([rows, more]) => [...rows, ...more].toSorted((one, other) => one.day - other.day))

function protocolRows(rows: readonly Row[]): ProtocolRows & { readonly cards: Int32Array } {
  return {
    times: Float64Array.from(rows, ({ day }) => startMs + day * dayMs),
    labels: Uint8Array.from(rows, ({ label }) => label),
    cards: Int32Array.from(rows, ({ card }) => card),
  }
}

/** The fold, or undefined where it is refused for want of a class. */
function tryFold(rows: ProtocolRows, withPlan: FoldPlan): Fold | undefined {
  try {
    return makeFold(rows, startMs, withPlan)
  } catch (error) {
    assert(error instanceof FraudError)
    assert.equal(error.code, 'OPTION_INVALID')
    return undefined
  }
}

/** The parts as they should be; a fold is to be refused where one of them does not hold both classes. */
function assertParts(
  fold: Fold | undefined,
  rows: readonly Row[],
  train: readonly number[],
  tested: readonly number[],
) {
  const holdsBoth = (part: readonly number[]) => new Set(part.map((row) => rows[row].label)).size === 2
  assert.equal(fold !== undefined, holdsBoth(train) && holdsBoth(tested))
  if (fold === undefined) return
  assert.deepEqual([[...fold.train], [...fold.test]], [train, tested])
  assert.deepEqual([fold.startMs, fold.testStartMs], [startMs, testStartMs])
}

const indices = (rows: readonly Row[]) => [...rows.keys()]
const inTraining = ({ day }: Row) => day >= 0 && day < 2
const inTest = ({ day }: Row) => day >= 3 && day < 6
/** Whether the card had a fraud since training began that was a delay of a day old when the row's day began. */
const isKnown = (rows: readonly Row[], { day, card }: Row) =>
  rows.some((other) => other.card === card && other.label === 1 && other.day >= 0 && other.day < Math.floor(day) - 1)

test('rows are in training or test by their time, without the cards that are known by the day before', () => {
  fc.assert(
    fc.property(someRows, (rows) => {
      const train = indices(rows).filter((row) => inTraining(rows[row]))
      const tested = indices(rows).filter(
        (row) => inTest(rows[row]) && (rows[row].card < 0 || !isKnown(rows, rows[row])),
      )
      assertParts(tryFold(protocolRows(rows), plan), rows, train, tested)
    }),
    { numRuns: 500 },
  )
})

test('known cards stay where the plan or the data say nothing else', () => {
  fc.assert(
    fc.property(someRows, (rows) => {
      const train = indices(rows).filter((row) => inTraining(rows[row]))
      const tested = indices(rows).filter((row) => inTest(rows[row]))
      const { cards: _, ...cardless } = protocolRows(rows)
      assertParts(tryFold(protocolRows(rows), { ...plan, removesKnown: false }), rows, train, tested)
      assertParts(tryFold(cardless, plan), rows, train, tested)
    }),
  )
})

test('nobody learns from labels that were not known when the test began', () => {
  fc.assert(
    fc.property(someRows, (rows) => {
      const knownAt = Float64Array.from(rows, ({ day, delay }) => startMs + (day + delay) * dayMs)
      const known = indices(rows).filter((row) => inTraining(rows[row]) && knownAt[row] <= testStartMs)
      const lastLegitimate = Math.max(...known.filter((row) => rows[row].label === 0).map((row) => rows[row].day))
      const train = known.filter((row) => rows[row].day <= lastLegitimate)
      const tested = indices(rows).filter((row) => inTest(rows[row]))
      const fold = tryFold({ ...protocolRows(rows), knownAt }, { ...plan, removesKnown: false })
      assertParts(fold, rows, train, tested)
    }),
  )
})

test('a card is known to be compromised when its label was, where the data say when that was', () => {
  fc.assert(
    fc.property(someRows, (rows) => {
      const knownAt = Float64Array.from(rows, ({ day, delay }) => startMs + (day + delay) * dayMs)
      const isCompromised = (tested: Row) =>
        rows.some(
          ({ day, card, label, delay }) =>
            card === tested.card && label === 1 && day >= 0 && day + delay <= Math.floor(tested.day),
        )
      const tested = indices(rows).filter(
        (row) => inTest(rows[row]) && (rows[row].card < 0 || !isCompromised(rows[row])),
      )
      const fold = tryFold({ ...protocolRows(rows), knownAt }, plan)
      if (fold !== undefined) assert.deepEqual([...fold.test], tested)
    }),
  )
})

test('a fraud in the last moment before the delay takes its card off the test, a moment later it does not', () => {
  // The first day of the test begins at 72 h; what happened before 48 h is known then.
  const hours = [0, 1, 48, 72, 72, 72]
  const rows = (fraudMs: number): ProtocolRows => ({
    times: Float64Array.from(hours, (hour, row) => startMs + (row === 2 ? fraudMs : hour * hourMs)),
    labels: Uint8Array.of(1, 0, 1, 0, 0, 1),
    cards: Int32Array.of(1, 2, 3, 3, 4, 5),
  })
  const testOf = (fraudMs: number) => [...makeFold(rows(fraudMs), startMs, plan).test]
  assert.deepEqual(testOf(48 * hourMs - 1), [4, 5])
  assert.deepEqual(testOf(48 * hourMs), [3, 4, 5])
})

test('a part without fraud or without rows is refused with what it holds and how far the data reach', () => {
  const times = Float64Array.from({ length: 7 * 24 }, (_, hour) => startMs + hour * hourMs)
  const labels = Uint8Array.from(times, (_, hour) => (hour % 24 === 5 && hour < 72 ? 1 : 0))
  const refused = (rows: ProtocolRows, from: number, message: RegExp) =>
    assert.throws(() => makeFold(rows, from, plan), { code: 'OPTION_INVALID', message })
  refused({ times, labels }, startMs, /test period from 2025-03-06 on has 72 rows with 0 frauds/)
  refused({ times, labels }, startMs, /data cover 2025-03-03 to 2025-03-09/)
  refused({ times, labels }, startMs + 30 * dayMs, /training period from 2025-04-02 on has 0 rows/)
  refused({ times, labels: labels.map(() => 1) }, startMs, /training period .* 48 rows with 48 frauds/)
  const knownAt = times.map((time) => time + 30 * dayMs)
  refused(
    { times, labels, knownAt },
    startMs,
    /has 0 rows with 0 frauds beside 48 whose label was not known when the test/,
  )
})
