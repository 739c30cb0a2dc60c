/** A smooth function to be minimised: writes its gradient and returns its value. */
export type Objective = (at: Float64Array, gradient: Float64Array) => number

export interface MinimizeOptions {
  readonly maxIterations: number
  /** Done when no part of the gradient is larger. */
  readonly tolerance: number
}

/** Pairs of steps and changes of the gradient that curvature is guessed from. */
const memory = 10
const sufficient = 1e-4
const mostHalvings = 50

/**
 * Limited-memory BFGS (Liu and Nocedal, 1989) with backtracking, one iteration for each value: `at` holds the best point
 * so far.
 */
export function* minimize(
  objective: Objective,
  at: Float64Array,
  { maxIterations, tolerance }: MinimizeOptions,
): Generator<number> {
  const size = at.length
  let gradient = new Float64Array(size)
  let nextGradient = new Float64Array(size)
  const next = new Float64Array(size)
  const pairs: { step: Float64Array; change: Float64Array; scale: number }[] = []
  let value = objective(at, gradient)
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (gradient.every((part) => Math.abs(part) <= tolerance)) return
    const direction = descent(gradient, pairs)
    const slope = dot(direction, gradient)
    let length = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1
    let nextValue = Number.POSITIVE_INFINITY
    for (let halving = 0; halving < mostHalvings; halving++) {
      for (let i = 0; i < size; i++) next[i] = at[i] + length * direction[i]
      nextValue = objective(next, nextGradient)
      if (nextValue <= value + sufficient * length * slope) break
      length /= 2
    }
    // What rounding leaves no way down from is the minimum.
    if (!(nextValue < value)) return
    const step = next.map((part, i) => part - at[i])
    const change = nextGradient.map((part, i) => part - gradient[i])
    const curvature = dot(step, change)
    if (curvature > 0) pairs.push({ step, change, scale: 1 / curvature })
    if (pairs.length > memory) pairs.shift()
    at.set(next)
    value = nextValue
    ;[gradient, nextGradient] = [nextGradient, gradient]
    yield value
  }
}

/** The way down that the pairs suggest (the two-loop recursion). */
function descent(
  gradient: Float64Array,
  pairs: readonly { readonly step: Float64Array; readonly change: Float64Array; readonly scale: number }[],
): Float64Array {
  const direction = gradient.map((part) => -part)
  const shares = new Float64Array(pairs.length)
  for (let k = pairs.length - 1; k >= 0; k--) {
    const { step, change, scale } = pairs[k]
    shares[k] = scale * dot(step, direction)
    for (let i = 0; i < direction.length; i++) direction[i] -= shares[k] * change[i]
  }
  const newest = pairs.at(-1)
  if (newest !== undefined) {
    const size = dot(newest.step, newest.change) / dot(newest.change, newest.change)
    for (let i = 0; i < direction.length; i++) direction[i] *= size
  }
  pairs.forEach(({ step, change, scale }, k) => {
    const share = shares[k] - scale * dot(change, direction)
    for (let i = 0; i < direction.length; i++) direction[i] += share * step[i]
  })
  return direction
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
