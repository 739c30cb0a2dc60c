import type { Costs } from '../../src/decisioning/costs.ts'

/** Rows by probability and amount, without a word of how thresholds are searched. */
export interface Priced {
  readonly probability: number
  readonly amount: number
}

export type Outcome = 'approve' | 'challenge' | 'review' | 'decline'

/** What an outcome costs, from what `docs/reference/policy.md` says; written a second time, so that an error shows. */
export function costOf(costs: Costs, outcome: Outcome, fraud: number, amount: number): number {
  const paid = Math.max(0, amount)
  const missed = fraud * ((costs.missedFraud.share ?? 0) * paid + (costs.missedFraud.fixed ?? 0))
  const wronged = (1 - fraud) * ((costs.wrongDecline.share ?? 0) * paid + (costs.wrongDecline.fixed ?? 0))
  if (outcome === 'approve') return missed
  if (outcome === 'decline') return wronged
  if (outcome === 'review')
    return costs.review === undefined ? Infinity : costs.review.cost + (1 - costs.review.finds) * missed
  const { challenge } = costs
  return challenge === undefined
    ? Infinity
    : challenge.cost + (1 - challenge.stops) * missed + challenge.honestLeave * wronged
}

/** Sums over rows in the order of their probabilities, up to each place where a threshold can stand. */
interface Sums {
  readonly rows: readonly number[]
  readonly of: Readonly<Record<Outcome, readonly number[]>>
}

function sumsOf(rows: readonly Priced[], costs: Costs): Sums {
  const ascending = rows.toSorted((a, b) => a.probability - b.probability)
  const ends = ascending.keys().filter((i) => ascending[i].probability !== ascending[i + 1]?.probability)
  const places = [0, ...ends.map((i) => i + 1)]
  const upTo = (costOfRow: (row: Priced) => number) => {
    const sums = new Float64Array(ascending.length + 1)
    ascending.forEach((row, i) => {
      sums[i + 1] = sums[i] + costOfRow(row)
    })
    return places.map((place) => sums[place])
  }
  const of = (outcome: Outcome) => upTo(({ probability, amount }) => costOf(costs, outcome, probability, amount))
  return {
    rows: places,
    of: { approve: of('approve'), challenge: of('challenge'), review: of('review'), decline: of('decline') },
  }
}

/** Every pair of a review and a decline threshold that leaves few enough reviews: the least cost. */
export function everyPair(rows: readonly Priced[], costs: Costs, mostReviews: number): number {
  const { rows: count, of } = sumsOf(rows, costs)
  const last = count.length - 1
  let least = Infinity
  for (let review = 0; review <= last; review++) {
    for (let decline = review; decline <= last && count[decline] - count[review] <= mostReviews; decline++) {
      const reviewed = decline === review ? 0 : of.review[decline] - of.review[review]
      least = Math.min(least, of.approve[review] + reviewed + of.decline[last] - of.decline[decline])
    }
  }
  return least
}

/** Every three thresholds, by how many reviews they leave: the least cost of each number. */
function everyThree(rows: readonly Priced[], costs: Costs, mostReviews: number): Float64Array {
  const { rows: count, of } = sumsOf(rows, costs)
  const last = count.length - 1
  const least = new Float64Array(mostReviews + 1).fill(Infinity)
  for (let challenge = 0; challenge <= last; challenge++) {
    for (let review = challenge; review <= last; review++) {
      if (review > challenge && costs.challenge === undefined) break
      const milder = of.approve[challenge] + (review === challenge ? 0 : of.challenge[review] - of.challenge[challenge])
      for (let decline = review; decline <= last; decline++) {
        const reviews = count[decline] - count[review]
        if (reviews > mostReviews) break
        const reviewed = reviews === 0 ? 0 : of.review[decline] - of.review[review]
        least[reviews] = Math.min(least[reviews], milder + reviewed + of.decline[last] - of.decline[decline])
      }
    }
  }
  return least
}

/** Every three thresholds of each of two segments that together leave few enough reviews. */
export function everySix([one, other]: readonly (readonly Priced[])[], costs: Costs, mostReviews: number): number {
  const [first, second] = [one, other].map((rows) => everyThree(rows, costs, mostReviews))
  let least = Infinity
  for (let reviews = 0; reviews <= mostReviews; reviews++) {
    for (let rest = 0; rest + reviews <= mostReviews; rest++) least = Math.min(least, first[reviews] + second[rest])
  }
  return least
}

/** The best that anything can do which decides row by row: the reviews go where they save most. */
export function everyRow(rows: readonly Priced[], costs: Costs, mostReviews: number): number {
  let whole = 0
  const saved = rows.map(({ probability, amount }) => {
    const of = (outcome: Outcome) => costOf(costs, outcome, probability, amount)
    const without = Math.min(of('approve'), of('challenge'), of('decline'))
    whole += without
    return without - of('review')
  })
  const best = saved.toSorted((a, b) => b - a).slice(0, mostReviews)
  return best.reduce((cost, each) => cost - Math.max(0, each), whole)
}
