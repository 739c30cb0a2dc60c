import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fitRanks, rankOf } from './rank-map.ts'

const scores = fc.array(fc.double({ min: 0.2, max: 0.9, noNaN: true }), { minLength: 20, maxLength: 400 })

test('what is flagged begins at the value of the policy, and all below stays below', () => {
  fc.assert(
    fc.property(
      scores,
      fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      (given, share, part) => {
        const sorted = Float64Array.from(given).sort()
        const rawScore = sorted[Math.floor(sorted.length * share)]
        fc.pre(rawScore > sorted[0])
        const ceiling = 0.8
        const value = ceiling * part
        const map = fitRanks(sorted, { rawScore, value, ceiling })
        assert.equal(rankOf(map, rawScore), value)
        for (const score of sorted) {
          const rank = rankOf(map, score)
          assert.equal(rank >= value, score >= rawScore)
          assert.ok(rank > 0 && rank < ceiling)
        }
      },
    ),
  )
})

test('what is stranger has a higher score', () => {
  fc.assert(
    fc.property(scores, (given) => {
      const sorted = Float64Array.from(given).sort()
      fc.pre(sorted[0] < sorted[10])
      const map = fitRanks(sorted, { rawScore: sorted[10], value: 0.5, ceiling: 1 })
      for (let i = 1; i < sorted.length; i++) {
        if (sorted[i] - sorted[i - 1] < 1e-9) continue
        assert.ok(rankOf(map, sorted[i]) > rankOf(map, sorted[i - 1]), `${sorted[i - 1]} ${sorted[i]}`)
      }
    }),
  )
})

test('unstretched, a score is the share of rows below it', () => {
  const sorted = Float64Array.from({ length: 1000 }, (_, i) => 0.3 + i / 2000)
  const map = fitRanks(sorted, { rawScore: sorted[990], value: 0.99, ceiling: 1 })
  sorted.forEach((score, i) => {
    if (i > 10) assert.ok(Math.abs(rankOf(map, score) - i / 1000) < 0.002, `${i}: ${rankOf(map, score)}`)
  })
})
