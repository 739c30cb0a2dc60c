import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type LogisticOptions, trainLogisticRegression } from './logistic-regression.ts'

interface Case {
  readonly columns: number[][]
  readonly labels: number[]
  readonly weights: number[] | null
  readonly options: Partial<LogisticOptions>
  readonly predictions: number[]
  readonly coefficients: number[]
  readonly intercept: number
}

const { cases }: { readonly cases: Case[] } = JSON.parse(readFileSync('test/golden/logistic-regression.json', 'utf8'))

for (const { columns, labels, weights, options, predictions, coefficients, intercept } of cases) {
  test(`logistic regression, ${JSON.stringify(options)}, finds scikit-learn's minimum`, async () => {
    const dataset = {
      features: columns.map((_, i) => `f${i}`),
      columns: columns.map((column) => Float64Array.from(column)),
      labels: Uint8Array.from(labels),
      ...(weights && { weights: Float64Array.from(weights) }),
    }
    const { model } = await trainLogisticRegression(dataset, options)
    const near = (one: number, other: number) => assert.ok(Math.abs(one - other) < 1e-5, `${one} ${other}`)
    coefficients.forEach((coefficient, i) => {
      near(model.weights[i], coefficient)
    })
    near(model.intercept, intercept)
    predictions.forEach((prediction, row) => {
      near(model.predictProba(Float64Array.from(columns, (column) => column[row])), prediction)
    })
  })
}

test('logistic regression refuses a penalty that is none', async () => {
  const dataset = { features: ['x'], columns: [Float64Array.of(1, 2)], labels: Uint8Array.of(0, 1) }
  await assert.rejects(trainLogisticRegression(dataset, { c: 0 }), {
    code: 'OPTION_INVALID',
    message: /c must be above 0/,
  })
})
