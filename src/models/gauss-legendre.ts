export interface Quadrature {
  readonly points: Float64Array<ArrayBuffer>
  readonly weights: Float64Array<ArrayBuffer>
}

/**
 * Points and weights in [0, 1] that integrate polynomials up to degree 2 * count - 1 exactly (Gauss-Legendre quadrature):
 * the roots of the Legendre polynomial, by Newton's method.
 */
export function gaussLegendre(count: number): Quadrature {
  const points = new Float64Array(count)
  const weights = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5))
    let slope = 1
    for (let step = 0; step < 100; step++) {
      let [before, value] = [1, x]
      for (let degree = 2; degree <= count; degree++) {
        ;[before, value] = [value, ((2 * degree - 1) * x * value - (degree - 1) * before) / degree]
      }
      slope = (count * (x * value - before)) / (x * x - 1)
      const next = x - value / slope
      const isThere = Math.abs(next - x) <= 1e-15
      x = next
      if (isThere) break
    }
    points[i] = (1 - x) / 2
    weights[i] = 1 / ((1 - x * x) * slope * slope)
  }
  return { points, weights }
}
