import fc from 'fast-check'

export interface LabelledRows {
  readonly labels: Uint8Array
  readonly scores: Float64Array
  readonly weights: Float64Array | undefined
}

/**
 * Rows of both classes for property tests: scores are a forest's votes (so ties abound) or any numbers in [0, 1],
 * weights are missing, the sampling weights 1 and 6.84, or any.
 */
export function labelledRows(mostRows = 40): fc.Arbitrary<LabelledRows> {
  const score = fc.oneof(
    fc.integer({ min: 0, max: 10 }).map((votes) => votes / 10),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  const row = fc.record({
    label: fc.integer({ min: 0, max: 1 }),
    score,
    weight: fc.oneof(fc.constantFrom(1, 6.84), fc.double({ min: 0.01, max: 100, noNaN: true })),
  })
  return fc
    .record({
      fraud: row.map((one) => ({ ...one, label: 1 })),
      legitimate: row.map((one) => ({ ...one, label: 0 })),
      others: fc.array(row, { maxLength: mostRows - 2 }),
      weighted: fc.boolean(),
    })
    .map(({ fraud, legitimate, others, weighted }) => {
      const rows = [...others, fraud, legitimate]
      return {
        labels: Uint8Array.from(rows, ({ label }) => label),
        scores: Float64Array.from(rows, ({ score }) => score),
        weights: weighted ? Float64Array.from(rows, ({ weight }) => weight) : undefined,
      }
    })
}
