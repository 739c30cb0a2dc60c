const dayMs = 86_400_000

/**
 * How many days a backtest's transactions took, one at least; not how many dates they have: seven days that begin within
 * a date have eight.
 */
export function spanInDays({ from, to }: { readonly from: string | null; readonly to: string | null }): number {
  return from === null || to === null ? 1 : Math.max(1, (Date.parse(to) - Date.parse(from)) / dayMs)
}
