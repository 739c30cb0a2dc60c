import { isAlone, wouldChange } from '../deciding/rule-figures-projection.ts'
import { type Costs, expectedCost, needAmount } from '../decisioning/costs.ts'
import { type Judged, settleTrace } from '../decisioning/index.ts'
import { type Outcome, outcomes } from '../detector/detector-schema.ts'
import { type Case, type Truth, truths } from './case.ts'
import { addCase, type CountedCase, tallySize } from './tally.ts'
import type { TrialName } from './trial.ts'

/** The transactions that a backtest is about: those that a rule or a list hits, or that the policy does not approve. */
export type Focus =
  | { readonly kind: 'rule'; readonly id: string }
  | { readonly kind: 'list'; readonly name: string }
  | { readonly kind: 'stopped' }

export interface CountPlan {
  readonly sides: readonly {
    readonly name: TrialName
    readonly rules: readonly string[]
    readonly lists: readonly string[]
  }[]
  readonly focus: Focus
  readonly costs: Costs | undefined
  readonly minorUnits: number
  readonly examples: number
}

/** Who is compared with whom: what happened is side -1. */
interface Pair {
  readonly from: number
  readonly to: number
}

export interface Example {
  readonly id: string
  readonly sequence: number
  readonly timestampMs: number
  readonly amount: number
  readonly score: number | null
  readonly happened: Outcome | null
  readonly outcomes: readonly Outcome[]
  readonly truth: Truth
}

/** What examples are kept of, the newest of each. */
export const exampleKinds = ['fraud', 'legitimate', 'unknown', 'young', 'changed'] as const
type ExampleKind = (typeof exampleKinds)[number]

/** Where each count is; threads with the same plan agree on it. */
export class Places {
  readonly pairs: readonly Pair[]
  readonly all = 0
  readonly tallies: number
  readonly counts: number
  readonly dayCounts: number
  readonly #outcomesAt: number
  readonly #pairsAt: number
  readonly #focusAt: number
  readonly #rulesAt: readonly number[]
  readonly #listsAt: readonly number[]
  readonly #countsAt: readonly number[]

  constructor({ sides }: CountPlan) {
    const tested = sides.findIndex(({ name }) => name === 'tested')
    this.pairs = sides.flatMap(({ name }, to) => [
      { from: -1, to },
      ...(name === 'tested' ? [] : [{ from: to, to: tested }]),
    ])
    let next = 1
    const take = (count: number) => {
      next += count
      return next - count
    }
    this.#outcomesAt = take((sides.length + 1) * outcomes.length)
    this.#pairsAt = take(this.pairs.length * outcomes.length * outcomes.length)
    this.#focusAt = take(sides.length)
    this.#rulesAt = sides.map(({ rules }) => take(rules.length * 2))
    this.#listsAt = sides.map(({ lists }) => take(lists.length))
    this.tallies = next
    next = sides.length * costCounts.length
    this.#countsAt = sides.map(({ rules }) => take(rules.length * ruleStates.length))
    this.counts = next + costCounts.length
    this.dayCounts = dayParts.length + outcomes.length * (sides.length + 1)
  }

  outcome(side: number, outcome: number): number {
    return this.#outcomesAt + (side + 1) * outcomes.length + outcome
  }

  cell(pair: number, from: number, to: number): number {
    return this.#pairsAt + (pair * outcomes.length + from) * outcomes.length + to
  }

  focus(side: number): number {
    return this.#focusAt + side
  }

  /** Where a rule spoke, live or in shadow. */
  spoke(side: number, rule: number): number {
    return this.#rulesAt[side] + rule * 2
  }

  /** Where without it, or with it were it live, the outcome would be another. */
  alone(side: number, rule: number): number {
    return this.#rulesAt[side] + rule * 2 + 1
  }

  list(side: number, list: number): number {
    return this.#listsAt[side] + list
  }

  ruleCount(side: number, rule: number, state: (typeof ruleStates)[number]): number {
    return this.#countsAt[side] + rule * ruleStates.length + ruleStates.indexOf(state)
  }

  /** Of what happened at the end. */
  cost(side: number, part: (typeof costCounts)[number]): number {
    const start = side < 0 ? this.counts - costCounts.length : side * costCounts.length
    return start + costCounts.indexOf(part)
  }

  dayOutcome(side: number, outcome: number): number {
    return dayParts.length + (side + 1) * outcomes.length + outcome
  }
}

export const ruleStates = ['shadow', 'undrawn', 'snoozed', 'fused', 'unknown'] as const
/** Of transactions whose truth is known, and the least and the most that the others may have cost. */
export const costCounts = ['known', 'atLeast', 'atMost', 'unpriced'] as const
const dayParts = [
  ...truths.map((truth) => `all-${truth}` as const),
  ...truths.map((truth) => `hit-${truth}` as const),
] as const

/** What was counted; of several slices of a log these are added up in their order. */
export interface Counted {
  readonly tallies: Float64Array
  readonly counts: Float64Array
  /** How often two rules of the tested side spoke together: by the smaller place times their number, plus the larger. */
  readonly together: ReadonlyMap<number, number>
  readonly days: ReadonlyMap<number, Float64Array>
  readonly examples: Readonly<Record<ExampleKind, readonly Example[]>>
  readonly firstMs: number
  readonly lastMs: number
}

/** Counts what sides make of transactions, one after the other. */
export class Counter {
  readonly #plan: CountPlan
  readonly #places: Places
  readonly #tested: number
  readonly #inForce: number
  readonly #rules: readonly ReadonlyMap<string, number>[]
  readonly #lists: readonly ReadonlyMap<string, number>[]
  readonly #tallies: Float64Array
  readonly #counts: Float64Array
  readonly #together = new Map<number, number>()
  readonly #days = new Map<number, Float64Array>()
  readonly #examples: Record<ExampleKind, Example[]> = {
    fraud: [],
    legitimate: [],
    unknown: [],
    young: [],
    changed: [],
  }
  readonly #dayOf: (timestampMs: number) => number
  readonly #outcomes: number[]
  readonly #one: CountedCase = { truth: 0, amount: 0, passed: 0 }
  #firstMs = Number.POSITIVE_INFINITY
  #lastMs = Number.NEGATIVE_INFINITY

  /** @param dayOf the number of a time's day. */
  constructor(plan: CountPlan, dayOf: (timestampMs: number) => number) {
    this.#plan = plan
    this.#places = new Places(plan)
    this.#tested = plan.sides.findIndex(({ name }) => name === 'tested')
    this.#inForce = plan.sides.findIndex(({ name }) => name === 'inForce')
    const placesOf = (ids: readonly string[]) => new Map(ids.map((id, place) => [id, place]))
    this.#rules = plan.sides.map(({ rules }) => placesOf(rules))
    this.#lists = plan.sides.map(({ lists }) => placesOf(lists))
    this.#tallies = new Float64Array(this.#places.tallies * tallySize)
    this.#counts = new Float64Array(this.#places.counts)
    this.#outcomes = plan.sides.map(() => 0)
    this.#dayOf = dayOf
  }

  /** @param judged what each side makes of it. */
  take(seen: Case, judged: readonly Judged[]): void {
    const places = this.#places
    const { timestampMs, happened, truth } = seen
    if (timestampMs < this.#firstMs) this.#firstMs = timestampMs
    if (timestampMs > this.#lastMs) this.#lastMs = timestampMs
    const day = this.#day(timestampMs)
    const kind = truths.indexOf(truth)
    this.#one.truth = kind
    this.#one.amount = seen.amount
    this.#one.passed = seen.passed
    addCase(this.#tallies, places.all, this.#one)
    day[kind]++
    const before = happened === undefined ? -1 : outcomes.indexOf(happened)
    if (before >= 0) {
      addCase(this.#tallies, places.outcome(-1, before), this.#one)
      day[places.dayOutcome(-1, before)]++
      this.#addCost(-1, outcomes[before], seen)
    }
    let isHit = false
    for (let side = 0; side < judged.length; side++) {
      const { outcome, trace } = judged[side]
      // The control group lets pass at random what the policy would decline: what it would do is what is looked at.
      const settled = outcomes.indexOf(trace.control?.wouldBe ?? outcome)
      this.#outcomes[side] = settled
      addCase(this.#tallies, places.outcome(side, settled), this.#one)
      day[places.dayOutcome(side, settled)]++
      this.#addCost(side, outcomes[settled], seen)
      this.#addParts(side, judged[side])
      if (!this.#isInFocus(judged[side], settled)) continue
      addCase(this.#tallies, places.focus(side), this.#one)
      if (side !== this.#tested) continue
      day[truths.length + kind]++
      isHit = true
    }
    if (isHit) this.#keep(truth, seen)
    for (let pair = 0; pair < places.pairs.length; pair++) {
      const { from, to } = places.pairs[pair]
      const first = from < 0 ? before : this.#outcomes[from]
      if (first >= 0) addCase(this.#tallies, places.cell(pair, first, this.#outcomes[to]), this.#one)
    }
    if (this.#isChanged(before)) this.#keep('changed', seen)
  }

  get counted(): Counted {
    return {
      ...{ tallies: this.#tallies, counts: this.#counts, together: this.#together, days: this.#days },
      ...{ examples: this.#examples, firstMs: this.#firstMs, lastMs: this.#lastMs },
    }
  }

  /** Against what is in force; where that is not judged, against what happened. */
  #isChanged(before: number): boolean {
    const first = this.#inForce < 0 ? before : this.#outcomes[this.#inForce]
    return first >= 0 && first !== this.#outcomes[this.#tested]
  }

  #isInFocus({ trace }: Judged, settled: number): boolean {
    const { focus } = this.#plan
    if (focus.kind === 'stopped') return settled > 0
    if (focus.kind === 'list') return trace.lists?.some(({ id }) => id === focus.name) === true
    return trace.rules?.some(({ id, state }) => id === focus.id && (state === 'live' || state === 'shadow')) === true
  }

  #addParts(side: number, { trace, unknown }: Judged): void {
    const places = this.#places
    const rules = this.#rules[side]
    for (const id of unknown) this.#counts[places.ruleCount(side, rules.get(id) ?? 0, 'unknown')]++
    for (const { id } of trace.lists ?? []) {
      addCase(this.#tallies, places.list(side, this.#lists[side].get(id) ?? 0), this.#one)
    }
    if (trace.rules === undefined) return
    const settled = settleTrace(trace)
    const spoke: number[] = []
    for (const hit of trace.rules) {
      const rule = rules.get(hit.id) ?? 0
      if (hit.state !== 'live') this.#counts[places.ruleCount(side, rule, hit.state)]++
      if (hit.state !== 'live' && hit.state !== 'shadow') continue
      spoke.push(rule)
      addCase(this.#tallies, places.spoke(side, rule), this.#one)
      const isDecisive = hit.state === 'live' ? isAlone(trace, hit, settled) : wouldChange(trace, hit, settled)
      if (isDecisive) addCase(this.#tallies, places.alone(side, rule), this.#one)
    }
    if (side === this.#tested) this.#addTogether(spoke, rules.size)
  }

  #addTogether(spoke: readonly number[], count: number): void {
    for (let i = 1; i < spoke.length; i++) {
      for (let j = 0; j < i; j++) {
        const key = Math.min(spoke[i], spoke[j]) * count + Math.max(spoke[i], spoke[j])
        this.#together.set(key, (this.#together.get(key) ?? 0) + 1)
      }
    }
  }

  #addCost(side: number, outcome: Outcome, { truth, amount }: Case): void {
    const { costs, minorUnits } = this.#plan
    if (costs === undefined || truth === 'young') return
    const add = (part: (typeof costCounts)[number], value: number) => {
      this.#counts[this.#places.cost(side, part)] += value
    }
    const major = amount / minorUnits
    const [asHonest, asFraud] = [expectedCost(costs, outcome, 0, major), expectedCost(costs, outcome, 1, major)]
    if (!Number.isFinite(asHonest + asFraud) || (Number.isNaN(amount) && needAmount(costs))) add('unpriced', 1)
    else if (truth === 'unknown') {
      add('atLeast', Math.min(asHonest, asFraud))
      add('atMost', Math.max(asHonest, asFraud))
    } else add('known', truth === 'fraud' ? asFraud : asHonest)
  }

  #day(timestampMs: number): Float64Array {
    const number = this.#dayOf(timestampMs)
    let day = this.#days.get(number)
    if (day === undefined) {
      day = new Float64Array(this.#places.dayCounts)
      this.#days.set(number, day)
    }
    return day
  }

  #keep(kind: ExampleKind, { id, sequence, timestampMs, amount, testedScore: score, happened, truth }: Case): void {
    const kept = this.#examples[kind]
    if (this.#plan.examples === 0) return
    const at = { id, sequence, timestampMs, amount, score: score ?? null, happened: happened ?? null, truth }
    kept.push({ ...at, outcomes: this.#outcomes.map((each) => outcomes[each]) })
    if (kept.length > this.#plan.examples) kept.shift()
  }
}

/** Adds up what slices of a log counted, in their order. */
export function addUp(slices: readonly Counted[], { examples: most }: CountPlan): Counted {
  const [first, ...rest] = slices
  const together = new Map(first.together)
  const days = new Map(first.days)
  for (const slice of rest) {
    addInto(first.tallies, slice.tallies)
    addInto(first.counts, slice.counts)
    for (const [key, count] of slice.together) together.set(key, (together.get(key) ?? 0) + count)
    for (const [day, counts] of slice.days) {
      const known = days.get(day)
      if (known === undefined) days.set(day, counts)
      else addInto(known, counts)
    }
  }
  const newest = (kind: ExampleKind) =>
    most === 0 ? [] : slices.flatMap(({ examples }) => examples[kind]).slice(-most)
  return {
    ...{ tallies: first.tallies, counts: first.counts, together, days },
    examples: {
      ...{ fraud: newest('fraud'), legitimate: newest('legitimate'), unknown: newest('unknown') },
      ...{ young: newest('young'), changed: newest('changed') },
    },
    firstMs: Math.min(...slices.map(({ firstMs }) => firstMs)),
    lastMs: Math.max(...slices.map(({ lastMs }) => lastMs)),
  }
}

function addInto(sum: Float64Array, more: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] += more[i]
}
