import assert from 'node:assert/strict'
import type { Numbers } from './report-input.ts'

export type Point = readonly [x: number, y: number]

interface Segment {
  readonly first: number
  readonly last: number
  /** The point between them that lies farthest from the line through both, and how far. */
  readonly farthest: number
  readonly distance: number
}

/** The points of two columns; those without both coordinates (a precision of nothing, say) are left out. */
export function pointsOf(x: Numbers, y: Numbers): readonly Point[] {
  assert.equal(x.length, y.length, 'a curve has as many x as y')
  const points: Point[] = []
  for (let index = 0; index < x.length; index++) {
    if (Number.isFinite(x[index]) && Number.isFinite(y[index])) points.push([x[index], y[index]])
  }
  return points
}

function measure(points: readonly Point[], scaleY: number, first: number, last: number): Segment {
  const [x0, y0] = points[first]
  const dx = points[last][0] - x0
  const dy = (points[last][1] - y0) * scaleY
  const length = Math.hypot(dx, dy)
  let farthest = first
  let distance = -1
  for (let index = first + 1; index < last; index++) {
    const px = points[index][0] - x0
    const py = (points[index][1] - y0) * scaleY
    const away = length === 0 ? Math.hypot(px, py) : Math.abs(px * dy - py * dx) / length
    if (away > distance) {
      distance = away
      farthest = index
    }
  }
  return { first, last, farthest, distance }
}

function extent(points: readonly Point[], axis: 0 | 1): number {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const point of points) {
    low = Math.min(low, point[axis])
    high = Math.max(high, point[axis])
  }
  return high - low
}

/**
 * At most `limit` of the points, in their order, the first and the last always among them. It splits the line where a
 * point lies farthest from it until there are enough (Douglas and Peucker 1973, with a budget instead of a tolerance),
 * both axes seen in the shape they are drawn in. A choice by index would lose a ROC curve's first per mille, where all
 * of it happens.
 */
export function thinPoints(points: readonly Point[], limit = 400): readonly Point[] {
  assert.ok(limit >= 2, 'two points are the least that make a line')
  if (points.length <= limit) return points
  const height = extent(points, 1)
  const scaleY = height === 0 ? 1 : extent(points, 0) / height || 1
  const kept = [0, points.length - 1]
  const segments = [measure(points, scaleY, 0, points.length - 1)]
  while (kept.length < limit) {
    let widest = 0
    for (let index = 1; index < segments.length; index++) {
      if (segments[index].distance > segments[widest].distance) widest = index
    }
    const { first, last, farthest, distance } = segments[widest]
    // What is left lies on the lines already.
    if (distance <= 0) break
    kept.push(farthest)
    segments[widest] = measure(points, scaleY, first, farthest)
    segments.push(measure(points, scaleY, farthest, last))
  }
  return kept.sort((a, b) => a - b).map((index) => points[index])
}
