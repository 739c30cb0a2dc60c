const dayMs = 86_400_000

/**
 * How many days a backtest's transactions took, one at least; not how many dates they have: seven days that begin within
 * a date have eight.
 */
export function spanInDays({ from, to }: { readonly from: string | null; readonly to: string | null }): number {
  return from === null || to === null ? 1 : Math.max(1, (Date.parse(to) - Date.parse(from)) / dayMs)
}

/**
 * How many of these days are old enough for their labels to be known, one at least; undefined where none is. What is
 * counted by labels leaves out the transactions of the others.
 *
 * @param matureUntil the last time whose transactions are old enough; null where all are.
 */
export function matureDays(
  { from, to }: Parameters<typeof spanInDays>[0],
  matureUntil: string | null,
): number | undefined {
  if (from === null || to === null || matureUntil === null) return spanInDays({ from, to })
  if (Date.parse(matureUntil) < Date.parse(from)) return undefined
  return spanInDays({ from, to: Date.parse(matureUntil) < Date.parse(to) ? matureUntil : to })
}
