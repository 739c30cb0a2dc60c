import { showValue } from './show-value.ts'

/** The name most like the one asked for, for a suggestion; undefined where none is near. */
export function closestName(wanted: string, names: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(wanted.length / 3))
  let best: string | undefined
  let bestDistance = limit + 1
  for (const name of names) {
    const distance = editDistance(wanted.toLowerCase(), name.toLowerCase(), bestDistance)
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

/** ` Did you mean …?`, or the names there are where nothing is near and they are few. */
export function suggestion(wanted: string, names: readonly string[]): string {
  const closest = closestName(wanted, names)
  if (closest !== undefined) return `. Did you mean "${showValue(closest)}"?`
  if (names.length > 40) return ''
  return `. It has ${names.map((name) => `"${showValue(name)}"`).join(', ')}.`
}

/** Levenshtein's distance, given up once it must reach `limit`. */
function editDistance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit) return limit
  let above = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = above[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1)
      row.push(Math.min(replaced, above[j] + 1, row[j - 1] + 1))
    }
    above = row
  }
  return above[to.length]
}
