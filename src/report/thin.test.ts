import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRandom } from '../core/random.ts'
import { type Point, pointsOf, thinPoints } from './thin.ts'

test('leaves points out that have no place', () => {
  assert.deepEqual(pointsOf([0, Number.POSITIVE_INFINITY, 2, 3], Float64Array.of(1, 1, Number.NaN, 4)), [
    [0, 1],
    [3, 4],
  ])
})

test('keeps ends, order and at most the limit of any line', () => {
  const coordinate = fc.double({ min: -1e6, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 2, max: 50 }),
      (points, limit) => {
        const thinned = thinPoints(points, limit)
        assert.ok(thinned.length <= Math.max(limit, 1))
        assert.equal(thinned[0], points[0])
        assert.equal(thinned.at(-1), points.at(-1))
        let from = -1
        for (const point of thinned) {
          from = points.findIndex((given, index) => index > from && given === point)
          assert.ok(from >= 0, 'every point is one of those given, in their order')
        }
      },
    ),
  )
})

test('draws a straight line with its two ends', () => {
  const points = Array.from({ length: 1000 }, (_, index): Point => [index, 2 * index])
  assert.deepEqual(thinPoints(points, 10), [points[0], points[999]])
})

test('keeps the steep beginning of a ROC curve, which is a thousandth of its points', () => {
  const random = createRandom(1)
  const points: Point[] = [[0, 0]]
  for (let index = 1; index <= 50_000; index++) {
    const rise = index <= 60 ? 0.014 : random.uniform() < 0.0004 ? 0.004 : 0
    const [x, y] = points[index - 1]
    points.push([Math.min(1, x + 1 / 50_000), Math.min(1, y + rise)])
  }
  const thinned = thinPoints(points, 400)
  // The height of the thinned line above each point's place must be that point's own, to a hair.
  let after = 1
  for (const [x, y] of points) {
    while (after < thinned.length - 1 && thinned[after][0] < x) after++
    const [x0, y0] = thinned[after - 1]
    const [x1, y1] = thinned[after]
    const height = x1 === x0 ? y1 : y0 + ((y1 - y0) * (x - x0)) / (x1 - x0)
    const isOnRise = x >= x0 && y >= Math.min(y0, y1) - 0.005 && y <= Math.max(y0, y1) + 0.005 && x1 - x0 < 0.001
    assert.ok(isOnRise || Math.abs(height - y) < 0.005, `${x}: ${height} for ${y}`)
  }
})
