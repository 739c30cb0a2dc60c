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

/** No name of a column is written with so many more characters that it would be worth a look. */
const longestMisspelt = 128

/**
 * Whether a name is another one but for case, separators, or one letter that is changed, left out, added or swapped with
 * its neighbour. Digits tell names apart, and so does every letter of names of three.
 */
export function isMisspelling(given: string, name: string): boolean {
  if (given.length > longestMisspelt + name.length) return false
  const [one, other] = [fold(given), fold(name)]
  if (one === other) return true
  const isShort = Math.max(one.length, other.length) < shortestMisspelt
  return !isShort && digitsOf(one) === digitsOf(other) && editDistance(one, other, 2) < 2
}

const shortestMisspelt = 4

function fold(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}

function digitsOf(name: string): string {
  return name.replace(/\P{N}/gu, '')
}

/** Letters to change, add, leave out or swap with their neighbour (optimal string alignment); given up where it must reach `limit`. */
function editDistance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit) return limit
  const rows = [Array.from({ length: to.length + 1 }, (_, index) => index)]
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    const above = rows[i - 1]
    for (let j = 1; j <= to.length; j++) {
      const replaced = above[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      row.push(Math.min(replaced, above[j] + 1, row[j - 1] + 1, isSwap ? rows[i - 2][j - 2] + 1 : limit))
    }
    rows.push(row)
  }
  return rows[from.length][to.length]
}
