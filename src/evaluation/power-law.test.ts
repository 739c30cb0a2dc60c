import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertClose } from '../../test/close.ts'
import { createRandom } from '../core/random.ts'
import { forecast, type Reached } from './power-law.ts'

interface Law {
  readonly limit: number
  readonly loss: number
  readonly exponent: number
}

const valueAt = ({ limit, loss, exponent }: Law, amount: number) => limit - loss * amount ** -exponent

/** Points as a learning curve has them: three at each part, one of the whole, noisier where little was learned from. */
function draw(law: Law, whole: number, noise: number, seed: number): Reached[] {
  const random = createRandom(seed)
  return [0.125, 0.125, 0.125, 0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 1].map((share) => {
    const amount = share * whole
    return { amount, value: valueAt(law, amount) + (noise * random.normal()) / Math.sqrt(share) }
  })
}

const laws: Law[] = [
  { limit: 0.9, loss: 2, exponent: 0.5 },
  { limit: 0.75, loss: 1.5, exponent: 0.4 },
  { limit: 0.6, loss: 4, exponent: 1 },
]

describe('a learning curve', () => {
  test('leads on along its power law where nothing scatters', () => {
    for (const law of laws) {
      const [estimate] = forecast(draw(law, 400, 0, 1), [800], 1) ?? []
      assertClose(estimate.value, valueAt(law, 800), 0.015)
      assert.ok(estimate.lower < valueAt(law, 800) && valueAt(law, 800) < estimate.upper)
    }
  })

  test('has what comes within its interval about as often as it says', () => {
    let [held, asked] = [0, 0]
    for (const [i, law] of laws.entries()) {
      for (let table = 0; table < 25; table++) {
        const points = draw(law, 200, 0.02, 100 * i + table)
        const random = createRandom(5000 + 100 * i + table)
        const estimates = forecast(points, [400, 800], table) ?? []
        estimates.forEach(({ lower, upper }, ahead) => {
          const amount = 400 * (ahead + 1)
          const came = valueAt(law, amount) + (0.02 * random.normal()) / Math.sqrt(amount / 200)
          asked++
          if (lower <= came && came <= upper) held++
        })
      }
    }
    assert.ok(held >= 0.88 * asked, `${held} of ${asked}`)
  })

  test('is the surer the less it looks ahead and the less its points scatter, and the same for a seed', () => {
    const width = (points: readonly Reached[], amount: number) => {
      const [{ lower, upper }] = forecast(points, [amount], 3) ?? []
      return upper - lower
    }
    const [calm, noisy] = [draw(laws[0], 200, 0.005, 4), draw(laws[0], 200, 0.05, 4)]
    assert.ok(width(calm, 400) < width(noisy, 400))
    assert.ok(width(calm, 300) < width(calm, 3000))
    assert.deepEqual(forecast(noisy, [400], 3), forecast(noisy, [400], 3))
  })

  test('stays between 0 and 1, and is not drawn through two amounts', () => {
    const points = [10, 20, 40, 80].map((amount) => ({ amount, value: 0.99 + amount / 10_000 }))
    for (const { lower, value, upper } of forecast(points, [160, 1600], 1) ?? []) {
      assert.ok(0 <= lower && lower <= value && value <= upper && upper <= 1)
    }
    assert.equal(forecast(points.slice(0, 2), [160], 1), undefined)
    assert.equal(forecast([...points.slice(0, 2), points[0]], [160], 1), undefined)
  })

  test('that falls leads no further down than it came', () => {
    const points = [10, 20, 40, 80].map((amount) => ({ amount, value: 0.8 - amount / 1000 }))
    const [{ value }] = forecast(points, [160], 1) ?? []
    assert.ok(value > 0.6 && value < 0.85, String(value))
  })
})
