/** Rows with labels, as a threshold is chosen on. */
export interface ExpectedRows {
  readonly labels: Uint8Array
  readonly probabilities: Float64Array
  readonly weights: Float64Array
}

/**
 * The rows as their calibrated probabilities lead one to expect them: each is there twice, as a fraud with its probability
 * for weight and as a legitimate row with the rest of it. What is counted on them is the expected count, which a few labels
 * do not move further than they moved the calibration.
 */
export function expectedLabels(probabilities: Float64Array, weights: Float64Array | undefined): ExpectedRows {
  const rows = probabilities.length
  const twice = new Float64Array(2 * rows)
  twice.set(probabilities)
  twice.set(probabilities, rows)
  return {
    labels: new Uint8Array(2 * rows).fill(1, 0, rows),
    probabilities: twice,
    weights: twice.map((probability, i) => (weights?.[i % rows] ?? 1) * (i < rows ? probability : 1 - probability)),
  }
}
