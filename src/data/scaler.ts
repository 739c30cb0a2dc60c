/** Standardisation: each column minus its mean, over its scale. */
export interface Scaler {
  readonly mean: Float64Array
  readonly scale: Float64Array
}

export interface ScalerOptions {
  /** One per row of the columns; a row of weight 2 counts as two rows. */
  readonly weights?: Float64Array | Uint32Array
}

/**
 * Means and scales as scikit-learn's StandardScaler has them: the scale is the population's standard deviation, missing
 * values are left out, and a column that is constant up to rounding gets the scale 1. A column without any value has
 * NaN for both.
 */
export function fitScaler(columns: readonly Float64Array[], { weights }: ScalerOptions = {}): Scaler {
  const mean = new Float64Array(columns.length)
  const scale = new Float64Array(columns.length)
  for (const [index, column] of columns.entries()) {
    const fitted = fitColumn(column, weights)
    mean[index] = fitted.mean
    scale[index] = fitted.scale
  }
  return { mean, scale }
}

/** The columns standardised; a missing value stays missing. */
export function transformColumns(
  { mean, scale }: Scaler,
  columns: readonly Float64Array[],
): Float64Array<ArrayBuffer>[] {
  return columns.map((column, index) => {
    const columnMean = mean[index]
    const columnScale = scale[index]
    const scaled = new Float64Array(column.length)
    for (let row = 0; row < scaled.length; row++) scaled[row] = (column[row] - columnMean) / columnScale
    return scaled
  })
}

/** Squares of values beyond these are none, or infinite. */
const [leastUnit, largestUnit] = [2 ** -400, 2 ** 400]

/** Values whose squares a double does not hold are told in units of their own size. */
function fitColumn(values: Float64Array, weights: Float64Array | Uint32Array | undefined) {
  const largest = largestOf(values, weights)
  if (!(largest > 0 && largest < Infinity) || (largest > leastUnit && largest < largestUnit))
    return fitOrdinary(values, weights)
  // In two steps: one over the smallest double is infinite.
  const half = 2 ** Math.round(Math.log2(largest) / 2)
  const { mean, scale } = fitOrdinary(
    values.map((value) => value / half / half),
    weights,
  )
  // A constant column keeps the scale 1, whatever its unit, and so does one that differs by less than any double.
  return { mean: mean * half * half, scale: scale === 1 ? 1 : scale * half * half || 1 }
}

/** Of the sizes of those that count; a missing value has none. */
function largestOf(values: Float64Array, weights: Float64Array | Uint32Array | undefined): number {
  let largest = 0
  for (let row = 0; row < values.length; row++) {
    const size = Math.abs(values[row])
    if (size > largest && (weights === undefined || weights[row] > 0)) largest = size
  }
  return largest
}

function fitOrdinary(values: Float64Array, weights: Float64Array | Uint32Array | undefined) {
  let count = 0
  const sum = new ExactSum()
  for (let row = 0; row < values.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]
    if (weight === 0 || Number.isNaN(values[row])) continue
    count += weight
    sum.add(weight * values[row])
  }
  const mean = sum.value() / count
  const squares = new ExactSum()
  const deviations = new ExactSum()
  for (let row = 0; row < values.length; row++) {
    const weight = weights === undefined ? 1 : weights[row]
    if (weight === 0 || Number.isNaN(values[row])) continue
    const deviation = values[row] - mean
    deviations.add(weight * deviation)
    squares.add(weight * deviation * deviation)
  }
  // What rounding the mean adds to the squares is taken off again (Chan, Golub and LeVeque's corrected two-pass).
  const variance = (squares.value() - deviations.value() ** 2 / count) / count
  return { mean, scale: isConstant(variance, mean, count) ? 1 : Math.sqrt(variance) }
}

/** scikit-learn's bound on the variance that rounding alone gives to a constant column. */
function isConstant(variance: number, mean: number, count: number): boolean {
  return variance <= count * Number.EPSILON * variance + (count * mean * Number.EPSILON) ** 2
}

/** A sum that carries its rounding error along (Neumaier, 1974), so that the order of rows hardly matters. */
class ExactSum {
  #sum = 0
  #error = 0

  add(term: number): void {
    const total = this.#sum + term
    this.#error += Math.abs(this.#sum) >= Math.abs(term) ? this.#sum - total + term : term - total + this.#sum
    this.#sum = total
  }

  value(): number {
    return this.#sum + this.#error
  }
}
