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
  /** By row: 1 if its card was among the alerts of its day. */
  readonly isAlerted: Uint8Array
}

/**
 * Card precision at k (Le Borgne et al., Fraud Detection Handbook, chapter 4). Each day, counted from `startMs`, a card's
 * score is that of its most suspicious transaction, and it is a hit if any of them is fraud. A card that was hit leaves
 * the following days. Of equal scores the card seen first that day comes first. A count of cards has no weights.
 */
export function alertDaily(rows: AlertedRows, startMs: number, days: number, k: number): DailyAlerts {
  const byDay: number[][] = Array.from({ length: days }, () => [])
  rows.times.forEach((time, row) => {
    byDay[Math.floor((time - startMs) / dayMs)]?.push(row)
  })
  const found = new Set<number>()
  const isAlerted = new Uint8Array(rows.labels.length)
  let precisions = 0
  for (const day of byDay) {
    const alerts = groupByCard(rows, day, found)
      .sort((one, other) => other.score - one.score)
      .slice(0, k)
    let hits = 0
    for (const { card, isFraud, members } of alerts) {
      for (const row of members) isAlerted[row] = 1
      if (!isFraud) continue
      hits++
      if (card >= 0) found.add(card)
    }
    precisions += hits / k
  }
  return { precision: precisions / days, isAlerted }
}

interface AlertedCard {
  readonly card: number
  readonly members: number[]
  score: number
  isFraud: boolean
}

function groupByCard(
  { cards, scores, labels }: AlertedRows,
  day: readonly number[],
  found: ReadonlySet<number>,
): AlertedCard[] {
  const groups = new Map<number, AlertedCard>()
  for (const row of day) {
    const card = cards[row]
    if (found.has(card)) continue
    // Rows without a card must not become one: numbers under -1 are theirs alone.
    const key = card >= 0 ? card : -2 - row
    const group = groups.get(key) ?? { card, members: [], score: Number.NEGATIVE_INFINITY, isFraud: false }
    groups.set(key, group)
    group.members.push(row)
    group.score = Math.max(group.score, scores[row])
    group.isFraud ||= labels[row] === 1
  }
  return [...groups.values()]
}
