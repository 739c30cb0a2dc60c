import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anytimeZ } from './anytime-z.ts'
import { createRandom } from './random.ts'
import { wilsonInterval, z95 } from './wilson-interval.ts'

/** Of so many walks, those of which the interval ever misses the share, looked at after each of many rows. */
function misses(zAt: (rows: number) => number, walks: number): number {
  let missed = 0
  for (let seed = 0; seed < walks; seed++) {
    const random = createRandom(seed)
    let hits = 0
    for (let rows = 1; rows <= 10_000; rows++) {
      hits += Number(random.uniform() < 0.2)
      if (rows < 500 || rows % 10 !== 0) continue
      const { lower, upper } = wilsonInterval(hits, rows, zAt(rows))
      if (lower <= 0.2 && upper >= 0.2) continue
      missed++
      break
    }
  }
  return missed
}

test('looked at all the time, an interval of it misses as seldom as it says, and a usual one does not', () => {
  const [anytime, usual] = [misses((rows) => anytimeZ(rows, 500, 0.05), 300), misses(() => z95, 300)]
  assert.ok(anytime <= 0.05 * 300, `${anytime} of 300`)
  assert.ok(usual > 0.15 * 300, `the usual one misses ${usual} of 300`)
})

test('is as wide as the formula says, narrowest for its rows near the first look', () => {
  // By hand: information 5.991 + ln 6.991 = 7.936 at the first look.
  assert.ok(Math.abs(anytimeZ(1000, 1000, 0.05) - Math.sqrt((1 + 1 / 7.9362) * (5.9915 + Math.log(8.9362)))) < 1e-3)
  assert.ok(anytimeZ(100_000, 1000, 0.05) < anytimeZ(1000, 1000, 0.05) * 1.25)
})
