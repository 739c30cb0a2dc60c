export const dayMs = 86_400_000

export interface AlertRows {
  readonly labels: Uint8Array
  readonly scores: Float64Array
  readonly times: Float64Array
  /** A number for each card; rows with -1 have none, so nobody can be alerted to it: they are left out. */
  readonly cards: Int32Array
}

/** One day at a desk that looks at k cards a day. */
export interface AlertDay {
  /** The day's number, from 0: days are 24 hours long and count from the first test instant, not from midnight. */
  readonly day: number
  /** The cards with the highest scores, at most k, best first. */
  readonly alerted: readonly number[]
  /** Those of them with a fraud that day. */
  readonly found: readonly number[]
}

interface CardOfDay {
  readonly card: number
  score: number
  label: number
}

/**
 * What a desk that looks at k cards a day would have looked at: each day the cards with the highest scores, where a
 * card counts with the highest score of its rows that day, and is fraud where any of them is. A card that was rightly
 * alerted is blocked, so it is gone from later days. Days without a row are no days.
 *
 * Of equal scores the card with the lower number goes first, so that the answer is the same for any order of the rows.
 */
export function alertDaily(rows: AlertRows, firstMs: number, k: number): readonly AlertDay[] {
  const blocked = new Set<number>()
  return [...gatherByDay(rows, firstMs)]
    .sort(([one], [other]) => one - other)
    .map(([day, cards]) => {
      const open = [...cards.values()].filter(({ card }) => !blocked.has(card))
      const alerts = open.sort((a, b) => b.score - a.score || a.card - b.card).slice(0, k)
      const found = alerts.filter(({ label }) => label === 1).map(({ card }) => card)
      for (const card of found) blocked.add(card)
      return { day, alerted: alerts.map(({ card }) => card), found }
    })
}

function gatherByDay({ labels, scores, times, cards }: AlertRows, firstMs: number) {
  const days = new Map<number, Map<number, CardOfDay>>()
  for (let row = 0; row < cards.length; row++) {
    const day = Math.floor((times[row] - firstMs) / dayMs)
    let ofDay = days.get(day)
    if (ofDay === undefined) days.set(day, (ofDay = new Map()))
    const card = cards[row]
    if (card < 0) continue
    const known = ofDay.get(card)
    if (known === undefined) ofDay.set(card, { card, score: scores[row], label: labels[row] })
    else {
      known.score = Math.max(known.score, scores[row])
      known.label = Math.max(known.label, labels[row])
    }
  }
  return days
}

/**
 * Card Precision@k (Le Borgne et al., "Fraud Detection Handbook", 2022, chapter 4): hits among the day's k alerts over k,
 * the mean over the days. It counts cards, so weights of rows have no meaning here. With fewer than k cards it still
 * divides by k, as a desk that waits for work does.
 */
export function cardPrecisionAtK(days: readonly AlertDay[], k: number): number {
  return days.reduce((hits, { found }) => hits + found.length, 0) / (days.length * k)
}
