import type { Policy } from '../decisioning/policy.ts'
import { outcomeByThresholds } from '../decisioning/thresholds.ts'
import type { Outcome } from '../detector/detector-schema.ts'
import { addWeighed, countInterval, effectiveRows, shareInterval, type Weighed } from './share-interval.ts'
import type { Estimate } from './supported-digits.ts'

/** The test rows, and what the policy is told of each. */
export interface PolicyInput {
  readonly policy: Policy
  readonly labels: Uint8Array
  readonly probabilities: Float64Array
  readonly weights?: Float64Array | undefined
  /**
   * The amounts in major units; NaN where unknown. What is negative (a refund) counts as 0. Missing where no sum has a
   * meaning.
   */
  readonly amounts?: Float64Array | undefined
  /** Decimals of the amounts. */
  readonly digits?: number | undefined
  /** Missing where rows are a sample, or without a time. */
  readonly days?: TestDays | undefined
}

/** How long the test rows took. */
export interface TestDays {
  readonly count: number
  /** The whole day that each row is of, from 0; -1 where its day is not whole. */
  readonly dayOf: Int32Array
}

/** What a policy does with some of the transactions; all weighted, and each with its 95 % interval. */
export interface OutcomeFigures {
  readonly rows: number
  readonly frauds: number
  readonly perThousand: Estimate
  /** Where the rows are a day's or more. */
  readonly perDay?: Estimate
  /** The share of fraud among them; missing where there are none. */
  readonly precision?: Estimate
  /** The share of all frauds that they are. */
  readonly recall: Estimate
  readonly value?: OutcomeValue
}

/** Money, in major units. */
interface OutcomeValue {
  readonly fraud: Estimate
  /** The share of the money of all frauds; missing without fraud. */
  readonly fraudShare?: Estimate
  readonly legitimate: Estimate
}

export interface PolicyFigures {
  readonly thresholds: Readonly<Partial<Record<Outcome, number>>>
  readonly days?: number
  /** The decimals of the amounts, which `value` is rounded to. */
  readonly digits?: number
  readonly currency?: string
  /** The figures by outcome: those that some score reaches by a threshold, and approve. */
  readonly outcomes: Readonly<Partial<Record<Outcome, OutcomeFigures>>>
  /** All that is not approved. */
  readonly stopped: OutcomeFigures
}

/** What the policy would have done with each of the rows: counted, and held against what they were. */
export function policyFigures(input: PolicyInput): PolicyFigures {
  const { policy, probabilities, days, digits } = input
  const { challenge, review, decline } = policy
  const thresholds = Object.fromEntries(
    Object.entries({ challenge, review, decline }).filter(([, threshold]) => threshold !== undefined),
  )
  const given = Array.from(probabilities, (probability) => outcomeByThresholds(policy, probability))
  const count = countWhere(input)
  const figuresOf = (outcome: Outcome) => [outcome, count((row) => given[row] === outcome)] as const
  return {
    thresholds,
    ...(days && { days: days.count }),
    ...(digits !== undefined && { digits }),
    outcomes: Object.fromEntries([...reachable(policy), 'approve' as const].map(figuresOf)),
    stopped: count((row) => given[row] !== 'approve'),
  }
}

/**
 * Outcomes that a score leads to, the most severe first: none from a threshold that is not below a more severe one's.
 */
function reachable(policy: Policy): readonly Outcome[] {
  const { challenge = Infinity, review = Infinity, decline = Infinity } = policy
  const upTo = { decline: Infinity, review: decline, challenge: Math.min(review, decline) }
  const from = { decline, review, challenge }
  return (['decline', 'review', 'challenge'] as const).filter((outcome) => from[outcome] < upTo[outcome])
}

const nothing: Weighed = { sum: 0, squares: 0 }

/** Sums of rows by whether they are meant, and by label. */
interface Sums {
  readonly meant: readonly [legitimate: Weighed, fraud: Weighed]
  readonly others: readonly [legitimate: Weighed, fraud: Weighed]
}

function countWhere(input: PolicyInput): (isMeant: (row: number) => boolean) => OutcomeFigures {
  const { labels, weights, amounts, digits = 0, days } = input
  const weightOf = (row: number) => (weights === undefined ? 1 : weights[row])
  const unit = 10 ** digits
  const moneyOf = (row: number) => {
    const amount = amounts?.[row] ?? Number.NaN
    if (!(amount > 0)) return 0
    // Whole minor units, so that a sum is exact.
    return weightOf(row) * (input.digits === undefined ? amount : Math.round(amount * unit))
  }
  return (isMeant) => {
    const rows = sumUp(labels, isMeant, weightOf)
    const [legitimate, fraud] = rows.meant
    const all = addWeighed(legitimate, fraud)
    const rest = addWeighed(rows.others[0], rows.others[1])
    const [legitimateWeight, fraudWeight] = [0, 1].map((label) => usualWeight(rows, label))
    const heaviest = Math.max(legitimateWeight, fraudWeight)
    const spread = days === undefined ? 1 : dispersion(days, isMeant, weightOf)
    const recall = shareInterval(fraud, rows.others[1], { part: fraudWeight, rest: fraudWeight })
    const perThousand = shareInterval(all, rest, { part: heaviest, rest: heaviest })
    return {
      rows: all.sum,
      frauds: fraud.sum,
      perThousand: mapEstimate(estimate(share(all, rest), perThousand), (each) => 1000 * each),
      ...(days && {
        perDay: mapEstimate(estimate(all.sum, countInterval(all, heaviest, spread)), (each) => each / days.count),
      }),
      ...(all.sum > 0 && {
        precision: estimate(
          share(fraud, legitimate),
          shareInterval(fraud, legitimate, { part: fraudWeight, rest: legitimateWeight }),
        ),
      }),
      recall: estimate(share(fraud, rows.others[1]), recall),
      ...(amounts && {
        value: moneyFigures(sumUp(labels, isMeant, moneyOf), spread, input.digits === undefined ? 1 : unit),
      }),
    }
  }
}

/** The money of frauds and of good customers among those meant. */
function moneyFigures(money: Sums, spread: number, unit: number): OutcomeValue {
  const sumOf = (label: 0 | 1) => {
    const meant = money.meant[label]
    return mapEstimate(
      estimate(meant.sum, countInterval(meant, usualWeight(money, label), spread)),
      (each) => each / unit,
    )
  }
  const [, fraud] = money.meant
  const [, missed] = money.others
  const usual = usualWeight(money, 1)
  return {
    fraud: sumOf(1),
    ...(fraud.sum + missed.sum > 0 && {
      fraudShare: estimate(share(fraud, missed), shareInterval(fraud, missed, { part: usual, rest: usual })),
    }),
    legitimate: sumOf(0),
  }
}

function sumUp(labels: Uint8Array, isMeant: (row: number) => boolean, weightOf: (row: number) => number): Sums {
  const sums = new Float64Array(4)
  const squares = new Float64Array(4)
  for (let row = 0; row < labels.length; row++) {
    const weight = weightOf(row)
    const part = isMeant(row) ? labels[row] : labels[row] + 2
    sums[part] += weight
    squares[part] += weight * weight
  }
  const [meant, fraudMeant, other, otherFraud] = Array.from(sums, (sum, part) => ({ sum, squares: squares[part] }))
  return { meant: [meant, fraudMeant], others: [other, otherFraud] }
}

/** What a row of a label weighs: so much may one that did not come. */
function usualWeight({ meant, others }: Sums, label: number): number {
  const { sum, squares } = addWeighed(meant[label], others[label])
  return squares === 0 ? 1 : squares / sum
}

/**
 * How many times as much daily counts vary as they would if rows came one by one: frauds come in bursts, and days
 * differ (quasi-Poisson; McCullagh and Nelder, "Generalized Linear Models", 1989, section 6.2). 1 where days say
 * nothing.
 */
function dispersion(
  { count, dayOf }: TestDays,
  isMeant: (row: number) => boolean,
  weightOf: (row: number) => number,
): number {
  const days = Math.floor(count)
  const counts = new Float64Array(days)
  let all = nothing
  for (let row = 0; row < dayOf.length; row++) {
    if (dayOf[row] < 0 || !isMeant(row)) continue
    const weight = weightOf(row)
    counts[dayOf[row]] += weight
    all = addWeighed(all, { sum: weight, squares: weight * weight })
  }
  if (days < 2 || all.sum === 0) return 1
  const mean = all.sum / days
  const squares = counts.reduce((sum, each) => sum + (each - mean) ** 2, 0)
  // The variance of counts of equal weight that arrive one by one is the mean.
  return Math.max(1, squares / ((days - 1) * mean * (all.sum / effectiveRows(all))))
}

function share(part: Weighed, rest: Weighed): number {
  const all = part.sum + rest.sum
  return all === 0 ? 0 : part.sum / all
}

function estimate(value: number, { lower, upper }: { readonly lower: number; readonly upper: number }): Estimate {
  return { value, lower, upper }
}

function mapEstimate({ value, lower, upper }: Estimate, change: (each: number) => number): Estimate {
  return { value: change(value), lower: change(lower), upper: change(upper) }
}
