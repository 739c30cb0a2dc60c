import { createRandom } from '../src/core/random.ts'
import { type Costs, cheapestOutcome } from '../src/decisioning/costs.ts'
import { outcomeByThresholds, type Thresholds } from '../src/decisioning/thresholds.ts'
import type { OptimisedPolicy } from '../src/evaluation/policy/optimise-policy.ts'
import { searchSegments } from '../src/evaluation/policy/segmented-thresholds.ts'
import type { TestDays } from '../src/evaluation/policy-figures.ts'
import { daysOf } from '../src/training/measure-policy.ts'
import { optimiseRows } from '../src/training/optimise-rows.ts'
import type { ScoredRows } from '../src/training/scored-rows.ts'
import { costOf, everyPair, everyRow, everySix, type Outcome, type Priced } from './harness/brute-force-policy.ts'
import type { Claim } from './harness/claim.ts'
import { dailyMean } from './harness/daily-mean.ts'
import { withoutHandbook } from './harness/handbook.ts'
import { markdownTable } from './harness/report.ts'
import { bestRule } from './harness/rule-family.ts'
import { flatTable, handbookTable, portfolioTable, type ScoredTable } from './harness/scored-tables.ts'

const bar = { overBruteForce: 0.01 }
const seed = 42
/** So many rows, half of them of the highest probabilities, are few enough to try every three thresholds of. */
const fewRows = 300

export const policyOptimiser: Claim = {
  title: 'Policy optimiser',
  packages: [],
  async measure({ smoke, log }) {
    const handbook = await handbookTable(smoke)
    log(handbook === undefined ? withoutHandbook : 'the handbook is scored')
    const portfolio = await portfolioTable(smoke)
    log('the portfolio is scored')
    const flat = await flatTable(smoke)
    log('the flat card table is scored')
    const tables = [...(handbook === undefined ? [] : [handbook]), portfolio, flat]
    const compared = tables.map((table) => compareExpected(table))
    const judged = tables.filter(({ name }) => name !== flat.name).map((table) => judge(table))
    return [tellExpected(compared), ...judged].join('\n\n')
  },
}

function amountsOf({ rows }: ScoredTable, part: ScoredRows): Float64Array {
  const { amounts } = rows
  if (amounts === undefined) throw new Error(`${rows.source} has no amounts`)
  return Float64Array.from(part.rows, (row) => amounts[row])
}

function optimise({ rows, costs, policy, earlier }: ScoredTable): OptimisedPolicy {
  return optimiseRows(rows, rows.detector, earlier, { isSample: false }, { policy, costs, seed })
}

/** How many reviews the earlier rows leave room for. */
function reviewsOf({ rows, costs, earlier }: ScoredTable): number {
  return Math.floor((costs.review?.perDay ?? 0) * (daysOf(rows, earlier.rows, { isSample: false })?.count ?? 0))
}

interface Compared {
  readonly what: string
  readonly found: number
  readonly bruteForce: number
}

/** What is found against every choice that there is, on the rows that it is found on. */
function compareExpected(table: ScoredTable): readonly Compared[] {
  const { name, costs, earlier } = table
  const { challenge: _, ...unchallenged } = costs
  const amounts = amountsOf(table, earlier)
  const priced = Array.from(earlier.probabilities, (probability, i) => ({ probability, amount: amounts[i] }))
  const days = daysOf(table.rows, earlier.rows, { isSample: false })?.count ?? 0
  const most = reviewsOf(table)
  const found = optimise({ ...table, costs: unchallenged })
  const withChallenge = optimise(table)
  const few = fewOf(priced)
  const fewReviews = Math.round(few.flat().length / 10)
  const chosen = searchSegments(few.map(columnsOf), costs)(fewReviews)
  return [
    {
      what: `${name}: a review and a decline threshold, ${priced.length.toLocaleString('en')} rows, ${most} reviews`,
      found: expected(priced, unchallenged, byThresholds(found.byThresholds.segments['everything else'])) / days,
      bruteForce: everyPair(priced, unchallenged, most) / days,
    },
    {
      what: `${name}: by costs, a price for a review's place`,
      found: expected(priced, costs, byCosts(costs, withChallenge.byCosts.capacityPrice)) / days,
      bruteForce: everyRow(priced, costs, most) / days,
    },
    {
      what: `${name}: three thresholds in each of two segments, ${few.flat().length} rows, ${fewReviews} reviews`,
      found: few.reduce((sum, rows, i) => sum + expected(rows, costs, byThresholds(chosen[i].thresholds)), 0),
      bruteForce: everySix(few, costs, fewReviews),
    },
  ]
}

type Decide = (row: Priced) => Outcome

function byThresholds(thresholds: Thresholds): Decide {
  return ({ probability }) => outcomeByThresholds(thresholds, probability)
}

function byCosts(costs: Costs, capacityPrice: number): Decide {
  const priced = { ...costs, capacityPrice }
  return ({ probability, amount }) => cheapestOutcome(priced, probability, amount) ?? 'review'
}

function expected(rows: readonly Priced[], costs: Costs, decide: Decide): number {
  return rows.reduce((sum, row) => sum + costOf(costs, decide(row), row.probability, row.amount), 0)
}

/** Two segments, by the amount: rows drawn at random, half of them among the highest probabilities. */
function fewOf(rows: readonly Priced[]): readonly (readonly Priced[])[] {
  const random = createRandom(seed)
  const draw = (all: readonly Priced[]) => Array.from({ length: fewRows }, () => all[random.integer(all.length)])
  const highest = rows.toSorted((a, b) => b.probability - a.probability).slice(0, Math.ceil(rows.length / 50))
  const drawn = [...draw(highest), ...draw(rows)]
  const middle = drawn.map(({ amount }) => amount).sort((a, b) => a - b)[fewRows]
  return [drawn.filter(({ amount }) => amount < middle), drawn.filter(({ amount }) => amount >= middle)]
}

function columnsOf(rows: readonly Priced[]) {
  return {
    probabilities: Float64Array.from(rows, ({ probability }) => probability),
    amounts: Float64Array.from(rows, ({ amount }) => amount),
  }
}

function tellExpected(compared: readonly (readonly Compared[])[]): string {
  const all = compared.flat()
  const over = ({ found, bruteForce }: Compared) => found / bruteForce - 1
  const worst = Math.max(...all.map(over))
  const rows = all.map((each) => [
    each.what,
    each.found.toFixed(2),
    each.bruteForce.toFixed(2),
    `${(100 * over(each)).toFixed(3)} %`,
  ])
  return `${markdownTable(['expected cost', 'found', 'brute force', 'over it'], rows)}

At most ${(100 * worst).toFixed(3)} % over brute force; bar ${100 * bar.overBruteForce} %: ${worst <= bar.overBruteForce ? 'met' : 'MISSED'}.`
}

/** What each way to decide really cost on later days, all chosen on the same earlier ones. */
function judge(table: ScoredTable): string {
  const { name, costs, later, rows, calibration } = table
  const days = daysOf(rows, later.rows, { isSample: false })
  if (days === undefined) throw new Error(`${name} took less than a day`)
  const perDay = costs.review?.perDay ?? 0
  const { optimised, rivals } = waysToDecide(table)
  const told = [Infinity, perDay].map((most) => {
    const [byThresholds, byCosts, ...others] = [...optimised, ...rivals].map((way) => ({
      ...way,
      ...costOfDays(table, days, way, most),
    }))
    const saved = (one: Float64Array, other: Float64Array) => other.map((cost, day) => cost - one[day])
    const lines = [byThresholds, byCosts, ...others].map((each) => [
      each.what,
      showInterval(each.cost),
      `${(each.reviews.reduce((sum, count) => sum + count, 0) / each.reviews.length).toFixed(1)}, ${Math.max(...each.reviews)}`,
      each === byThresholds ? '' : showInterval(saved(byThresholds.cost, each.cost)),
      each === byCosts ? '' : showInterval(saved(byCosts.cost, each.cost)),
    ])
    const claims = [
      ...others.map(({ what, cost }) => tellClaim(`thresholds against ${what}`, saved(byThresholds.cost, cost))),
      tellClaim('costs against thresholds, at the same capacity', saved(byCosts.cost, byThresholds.cost)),
    ]
    const done =
      most === Infinity
        ? 'every review is done'
        : `of a day's reviews the ${most} with the most at stake are done, and the others pass`
    const header = ['a day', 'cost', 'reviews, busiest', 'thresholds save', 'costs save']
    return `${name}, ${done}:\n\n${markdownTable(header, lines)}\n\n${claims.join('\n')}`
  })
  const frame = `Chosen on ${table.earlier.rows.length.toLocaleString('en')} rows, judged on ${later.rows.length.toLocaleString('en')} later ones over ${days.count.toFixed(0)} days; calibration: ${calibration}. In parentheses: 95 % intervals, over days.`
  return [frame, ...told].join('\n\n')
}

interface Way {
  readonly what: string
  /** The outcome of a row among the later ones. */
  readonly decide: (i: number) => Outcome
}

function waysToDecide(table: ScoredTable): { readonly optimised: readonly Way[]; readonly rivals: readonly Way[] } {
  const { costs, later } = table
  const found = optimise(table)
  const amounts = amountsOf(table, later)
  const rowOf = (i: number) => ({ probability: later.probabilities[i], amount: amounts[i] })
  const [ofThresholds, ofCosts] = [
    byThresholds(found.byThresholds.segments['everything else']),
    byCosts(costs, found.byCosts.capacityPrice),
  ]
  return {
    optimised: [
      { what: 'the optimiser, by thresholds', decide: (i) => ofThresholds(rowOf(i)) },
      { what: 'the optimiser, by costs', decide: (i) => ofCosts(rowOf(i)) },
    ],
    rivals: fixedRivals(table),
  }
}

/** By the labels. @param most reviews that are done on a day. */
function costOfDays(table: ScoredTable, days: TestDays, { decide }: Way, most: number) {
  const { costs, later } = table
  const amounts = amountsOf(table, later)
  const cost = new Float64Array(Math.floor(days.count))
  const reviewed = Array.from(cost, (): number[] => [])
  days.dayOf.forEach((day, i) => {
    if (day < 0) return
    const outcome = decide(i)
    cost[day] += costOf(costs, outcome, later.labels[i], amounts[i])
    if (outcome === 'review') reviewed[day].push(i)
  })
  const stake = (i: number) => costOf(costs, 'approve', later.probabilities[i], amounts[i])
  for (const [day, rows] of reviewed.entries()) {
    for (const i of rows.toSorted((a, b) => stake(b) - stake(a)).slice(most)) {
      const of = (outcome: Outcome) => costOf(costs, outcome, later.labels[i], amounts[i])
      cost[day] += of('approve') - of('review')
    }
  }
  return { cost, reviews: reviewed.map(({ length }) => length) }
}

function showInterval(daily: Float64Array): string {
  const { value, lower, upper } = dailyMean(daily, seed)
  return `${value.toFixed(0)} (${lower.toFixed(0)} to ${upper.toFixed(0)})`
}

function tellClaim(what: string, saved: Float64Array): string {
  const { value, lower } = dailyMean(saved, seed)
  const verdict = value < 0 ? 'MISSED' : lower < 0 ? 'met on average, and the interval reaches below 0' : 'met'
  return `- ${what}: ${verdict}`
}

/** The best single threshold and the best single rule, by what they would have saved on the earlier rows by their labels. */
function fixedRivals(table: ScoredTable): readonly Way[] {
  const { costs, earlier, later, rows } = table
  const amounts = amountsOf(table, earlier)
  const most = reviewsOf(table)
  const of = (part: ScoredRows) => rows.columns.map((column) => Float64Array.from(part.rows, (row) => column[row]))
  const families = [
    { kind: 'threshold', names: ['score'], columns: [earlier.probabilities], after: [later.probabilities] },
    { kind: 'rule', names: rows.features, columns: of(earlier), after: of(later) },
  ]
  return families.map(({ kind, names, columns, after }) => {
    const [byReview, byDecline] = (['review', 'decline'] as const).map((outcome) => {
      const saved = Float64Array.from(earlier.labels, (label, i) => {
        return costOf(costs, 'approve', label, amounts[i]) - costOf(costs, outcome, label, amounts[i])
      })
      return { outcome, ...bestRule({ names, columns }, saved, outcome === 'review' ? most : Infinity) }
    })
    const best = byReview.saved > byDecline.saved ? byReview : byDecline
    return {
      what: `the best ${kind} of ${best.tried.toLocaleString('en')}, \`${best.text} -> ${best.outcome}\``,
      decide: (i) => (best.holds(i, after) ? best.outcome : 'approve'),
    }
  })
}
