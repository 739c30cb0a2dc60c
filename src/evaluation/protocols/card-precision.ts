import { dayMs } from './fold.ts'

export interface AlertedRows {
  /** Milliseconds. */
  readonly times: Float64Array
  readonly labels: Uint8Array
  readonly scores: Float64Array
  /** A number for each card; -1 is a card of its own. */
  readonly cards: Int32Array
}

/** What a desk that checks the k most suspicious cards of each day finds. */
export interface DailyAlerts {
  /** The mean over the days of hits / k. */
  readonly precision: number
  /** How likely the card of each row was among the alerts of its day, which is 1 or 0 but for ties. */
  readonly alerted: Float64Array
}

/**
 * Card precision at k (Le Borgne et al., Fraud Detection Handbook, chapter 4). Each day, counted from `startMs`, a
 * card's score is that of its most suspicious transaction, and it is a hit if any of them is fraud. A card that was hit
 * leaves the following days. Where a tie crosses k, each of the tied cards is alerted with the same share, and a hit
 * leaves with that share: a mean over the orders of the tied cards, so that neither the order of rows nor the numbers
 * of cards mean anything. A count of cards has no weights.
 */
export function alertDaily(rows: AlertedRows, startMs: number, days: number, k: number): DailyAlerts {
  const byDay: number[][] = Array.from({ length: days }, () => [])
  rows.times.forEach((time, row) => {
    byDay[Math.floor((time - startMs) / dayMs)]?.push(row)
  })
  /** The share of each card that was hit which is still to be found. */
  const open = new Map<number, number>()
  const alerted = new Float64Array(rows.labels.length)
  let hits = 0
  for (const day of byDay) {
    const cards = groupByCard(rows, day, open).sort((one, other) => other.score - one.score)
    let left = k
    for (let from = 0, to = 0; from < cards.length && left > 0; from = to) {
      let weight = 0
      for (; to < cards.length && cards[to].score === cards[from].score; to++) weight += cards[to].open
      const share = Math.min(1, left / weight)
      left -= share * weight
      for (const tied of cards.slice(from, to)) {
        for (const row of tied.members) alerted[row] = share * tied.open
        if (!tied.isFraud) continue
        hits += share * tied.open
        if (tied.card >= 0) open.set(tied.card, (1 - share) * tied.open)
      }
    }
  }
  return { precision: hits / (k * days), alerted }
}

interface AlertedCard {
  readonly card: number
  readonly open: number
  readonly members: number[]
  score: number
  isFraud: boolean
}

function groupByCard(
  { cards, scores, labels }: AlertedRows,
  day: readonly number[],
  open: ReadonlyMap<number, number>,
): AlertedCard[] {
  const groups = new Map<number, AlertedCard>()
  for (const row of day) {
    const card = cards[row]
    const share = open.get(card) ?? 1
    if (share === 0) continue
    // Rows without a card must not become one: numbers under -1 are theirs alone.
    const key = card >= 0 ? card : -2 - row
    const group = groups.get(key) ?? { card, open: share, members: [], score: Number.NEGATIVE_INFINITY, isFraud: false }
    groups.set(key, group)
    group.members.push(row)
    group.score = Math.max(group.score, scores[row])
    group.isFraud ||= labels[row] === 1
  }
  return [...groups.values()]
}
