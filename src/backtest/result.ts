import { recordBy } from '../core/record-by.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import { type Outcome, outcomes } from '../detector/detector-schema.ts'
import { type Truth, truths } from './case.ts'
import {
  type Counted,
  type CountPlan,
  costCounts,
  type Example,
  exampleKinds,
  Places,
  type ruleStates,
} from './counter.ts'
import { caughtShare, fraudShare, type Share } from './shares.ts'
import { countOf, readTally, type Tally } from './tally.ts'
import type { PlainDefinitions, TrialName } from './trial.ts'
import { type ValueFigures, valueFigures } from './value-figures.ts'

/** A set of transactions, and what is known of them; money in major units, null where amounts can't be added. */
export interface SetFigures {
  readonly transactions: number
  readonly share: number
  readonly frauds: number
  readonly legitimate: number
  /** Mature and without a label, as what was declined is. */
  readonly unknown: number
  /** Younger than the labels' maturity; of no other figure. */
  readonly young: number
  readonly precision: Share
  readonly recall: Share
  readonly value: ValueFigures | null
}

interface RuleResult extends SetFigures {
  readonly id: string
  readonly state: string
  readonly then: string
  /** Where it alone makes the outcome; of a rule in shadow, would make another one. */
  readonly decisive: Pick<SetFigures, 'transactions' | 'frauds' | 'legitimate' | 'unknown' | 'value'>
  /** It applied, but was held back, or could not be told. */
  readonly undrawn: number
  readonly snoozed: number
  readonly fused: number
  readonly unknownConditions: number
}

interface CostFigures {
  /** Of transactions of which it is known what they are. */
  readonly known: number
  /** With the least and the most that the others may have cost. */
  readonly atLeast: number
  readonly atMost: number
  /** Transactions that the costs say nothing of. */
  readonly unpriced: number
}

export interface SideResult {
  readonly name: TrialName
  readonly outcomes: Readonly<Record<Outcome, SetFigures>>
  readonly focus: SetFigures
  readonly cost: CostFigures | null
  readonly rules: readonly RuleResult[]
  readonly lists: readonly (SetFigures & { readonly name: string })[]
}

interface ChangeCell extends SetFigures {
  readonly from: Outcome
  readonly to: Outcome
}

interface ToldExample {
  readonly id: string
  readonly sequence: number
  readonly at: string
  readonly amount: number | null
  readonly score: number | null
  readonly truth: Truth
  readonly happened: Outcome | null
  readonly outcomes: Readonly<Partial<Record<TrialName, Outcome>>>
}

interface DayResult {
  readonly day: string
  readonly transactions: number
  readonly frauds: number
  readonly hits: Readonly<Record<Truth, number>>
  readonly happened: Readonly<Record<Outcome, number>> | null
  readonly outcomes: Readonly<Partial<Record<TrialName, Readonly<Record<Outcome, number>>>>>
}

/** Figures of a backtest, as they are told to programs and people. */
export interface BacktestFigures {
  /** What the figures are about. */
  readonly focus: CountPlan['focus']
  readonly all: SetFigures
  readonly from: string | null
  readonly to: string | null
  readonly happened: {
    readonly outcomes: Readonly<Record<Outcome, SetFigures>>
    readonly cost: CostFigures | null
  } | null
  readonly sides: readonly SideResult[]
  /** Outcome by outcome; only cells that have transactions. */
  readonly changes: readonly {
    readonly from: TrialName | 'happened'
    readonly to: TrialName
    readonly cells: readonly ChangeCell[]
  }[]
  readonly overlap: readonly Overlap[]
  readonly days: readonly DayResult[]
  readonly examples: Readonly<Record<(typeof exampleKinds)[number], readonly ToldExample[]>>
}

/** How often two rules that are tested applied to the same transaction. */
interface Overlap {
  readonly rule: string
  readonly other: string
  readonly both: number
  /** Of all that the first applied to. */
  readonly share: number
}

const mostOverlaps = 1000

export interface ToldBy {
  readonly plan: CountPlan
  readonly definitions: readonly PlainDefinitions[]
  /** Whether amounts are of one currency. */
  readonly hasMoney: boolean
}

/** Makes figures of what was counted. */
export function tellCounted(counted: Counted, { plan, definitions, hasMoney }: ToldBy): BacktestFigures {
  const places = new Places(plan)
  const all = readTally(counted.tallies, places.all)
  const setOf = (place: number): SetFigures =>
    figuresOf(readTally(counted.tallies, place), all, hasMoney ? plan.minorUnits : undefined)
  const outcomesOf = (side: number) => recordBy(outcomes, (_, i) => setOf(places.outcome(side, i)))
  const costOf = (side: number) => costFigures(counted, places, plan, side)
  const sides = plan.sides.map(({ name, rules, lists }, side): SideResult => {
    const rulesOf = rules.map((id, rule) => {
      const { state = '', then = '' } = definitions[side].rules.find((each) => each.id === id) ?? {}
      const count = (what: (typeof ruleStates)[number]) => counted.counts[places.ruleCount(side, rule, what)]
      const { transactions, frauds, legitimate, unknown, value } = setOf(places.alone(side, rule))
      return {
        ...{ id, state, then, ...setOf(places.spoke(side, rule)) },
        decisive: { transactions, frauds, legitimate, unknown, value },
        ...{ undrawn: count('undrawn'), snoozed: count('snoozed'), fused: count('fused') },
        unknownConditions: count('unknown'),
      }
    })
    const listsOf = lists.map((list, i) => ({ name: list, ...setOf(places.list(side, i)) }))
    return {
      name,
      outcomes: outcomesOf(side),
      focus: setOf(places.focus(side)),
      cost: costOf(side),
      rules: rulesOf,
      lists: listsOf,
    }
  })
  const happened = outcomesOf(-1)
  const isDecided = outcomes.some((outcome) => happened[outcome].transactions > 0)
  return {
    focus: plan.focus,
    all: setOf(places.all),
    from: timeOf(counted.firstMs),
    to: timeOf(counted.lastMs),
    happened: isDecided ? { outcomes: happened, cost: costOf(-1) } : null,
    sides,
    changes: changesOf(places, plan, setOf).filter(({ from }) => from !== 'happened' || isDecided),
    overlap: overlapsOf(counted, plan, sides),
    days: daysOf(counted, places, plan, isDecided),
    examples: examplesOf(counted, plan, hasMoney),
  }
}

function figuresOf(tally: Tally, all: Tally, minorUnits: number | undefined): SetFigures {
  const transactions = countOf(tally)
  const { fraud, legitimate, unknown, young } = tally
  return {
    ...{ transactions, share: countOf(all) === 0 ? 0 : transactions / countOf(all) },
    ...{ frauds: fraud, legitimate, unknown, young },
    ...{ precision: fraudShare(tally), recall: caughtShare(tally, all) },
    value: minorUnits === undefined ? null : valueFigures(tally, minorUnits),
  }
}

function costFigures({ counts }: Counted, places: Places, { costs }: CountPlan, side: number): CostFigures | null {
  if (costs === undefined) return null
  const [known, least, most, unpriced] = costCounts.map((part) => counts[places.cost(side, part)])
  return { known, atLeast: known + least, atMost: known + most, unpriced }
}

function changesOf(
  places: Places,
  { sides }: CountPlan,
  setOf: (place: number) => SetFigures,
): BacktestFigures['changes'] {
  return places.pairs.map(({ from, to }, pair) => ({
    from: from < 0 ? ('happened' as const) : sides[from].name,
    to: sides[to].name,
    cells: outcomes.flatMap((one, i) =>
      outcomes.flatMap((other, j): ChangeCell[] => {
        const set = setOf(places.cell(pair, i, j))
        return set.transactions === 0 ? [] : [{ from: one, to: other, ...set }]
      }),
    ),
  }))
}

/** Of a rule that is tested all, of a policy those that most often go together. */
function overlapsOf({ together }: Counted, { focus }: CountPlan, sides: readonly SideResult[]): readonly Overlap[] {
  const rules = sides.find(({ name }) => name === 'tested')?.rules ?? []
  const overlaps = [...together].flatMap(([key, both]) => {
    const [one, two] = [rules[Math.floor(key / rules.length)], rules[key % rules.length]]
    const told = (rule: RuleResult, other: RuleResult): Overlap => {
      return { rule: rule.id, other: other.id, both, share: both / rule.transactions }
    }
    return [told(one, two), told(two, one)]
  })
  const meant = focus.kind === 'rule' ? overlaps.filter(({ rule }) => rule === focus.id) : overlaps
  const byCount = (a: Overlap, b: Overlap) => b.both - a.both || compare(a.rule, b.rule) || compare(a.other, b.other)
  return meant.sort(byCount).slice(0, mostOverlaps)
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

const dayMs = 86_400_000

function daysOf({ days }: Counted, places: Places, { sides }: CountPlan, isDecided: boolean): readonly DayResult[] {
  return [...days]
    .sort(([a], [b]) => a - b)
    .map(([number, counts]) => {
      const all = counts.subarray(0, truths.length)
      const byOutcome = (side: number) => recordBy(outcomes, (_, i) => counts[places.dayOutcome(side, i)])
      return {
        day: new Date(number * dayMs).toISOString().slice(0, 10),
        transactions: all.reduce((sum, count) => sum + count, 0),
        frauds: all[truths.indexOf('fraud')],
        hits: recordBy(truths, (_, i) => counts[truths.length + i]),
        happened: isDecided ? byOutcome(-1) : null,
        outcomes: Object.fromEntries(sides.map(({ name }, side) => [name, byOutcome(side)])),
      }
    })
}

function examplesOf({ examples }: Counted, plan: CountPlan, hasMoney: boolean): BacktestFigures['examples'] {
  const tell = ({ timestampMs, amount, outcomes: said, ...example }: Example): ToldExample => ({
    ...example,
    at: formatIsoTime(timestampMs),
    amount: Number.isNaN(amount) || !hasMoney ? null : amount / plan.minorUnits,
    outcomes: Object.fromEntries(plan.sides.map(({ name }, side) => [name, said[side]])),
  })
  return recordBy(exampleKinds, (kind) => examples[kind].toReversed().map(tell))
}

function timeOf(timestampMs: number): string | null {
  return Number.isFinite(timestampMs) ? formatIsoTime(timestampMs) : null
}
