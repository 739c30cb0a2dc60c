import { showValue } from './show-value.ts'

/** The name most like the one asked for, for a suggestion; undefined where none is near. */
export function closestName(wanted: string, names: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(wanted.length / 3))
  let best: string | undefined
  let bestDistance = limit + 1
  const folded = wanted.toLowerCase()
  const rows = makeRows(folded.length + limit)
  for (const name of names) {
    const distance = editDistance(folded, name.toLowerCase(), bestDistance, rows)
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

/**
 * Letters to change, add, leave out or swap with their neighbour (optimal string alignment); `limit` where they are as many or
 * more. Only what is nearer than that to the diagonal is looked at (Ukkonen, "Algorithms for approximate string matching",
 * 1985), so that hundreds of names take a moment.
 */
function editDistance(from: string, to: string, limit: number, rows = makeRows(to.length)): number {
  if (Math.abs(from.length - to.length) >= limit) return limit
  let [before, above, row] = rows
  for (let j = 0; j <= to.length; j++) above[j] = Math.min(j, limit)
  for (let i = 1; i <= from.length; i++) {
    const [first, last] = [Math.max(1, i - limit + 1), Math.min(to.length, i + limit - 1)]
    row[first - 1] = first === 1 ? Math.min(i, limit) : limit
    let least = row[first - 1]
    for (let j = first; j <= last; j++) {
      const replaced = above[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      row[j] = Math.min(replaced, above[j] + 1, row[j - 1] + 1, isSwap ? before[j - 2] + 1 : limit, limit)
      least = Math.min(least, row[j])
    }
    // Beyond it the next row looks one further.
    if (last < to.length) row[last + 1] = limit
    // A swap goes on from the row before.
    if (least >= limit && Math.min(...above.subarray(first - 1, last + 1)) >= limit) return limit
    ;[before, above, row] = [above, row, before]
  }
  return above[to.length]
}

function makeRows(length: number): readonly [Int32Array, Int32Array, Int32Array] {
  return [new Int32Array(length + 1), new Int32Array(length + 1), new Int32Array(length + 1)]
}
