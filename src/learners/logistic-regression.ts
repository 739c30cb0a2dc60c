import { setImmediate as nextTurn } from 'node:timers/promises'
import { FraudError } from '../core/errors.ts'
import { positive } from '../core/option-text.ts'
import { z } from '../core/zod.ts'
import type { Dataset } from '../data/dataset.ts'
import { createLinearModel, type LinearModel } from '../models/linear.ts'
import { choice, log } from './dimensions.ts'
import { defineLearner } from './learner.ts'
import { minimize, type Objective } from './minimize.ts'
import { complete, type OptionKind, option, type ValuesOf, whole } from './option.ts'
import { requireBetween } from './require-option.ts'
import { checkDataset, type TrainingControl, wholeWeights } from './shared-dataset.ts'
import { classWeight, seed } from './shared-options.ts'
import { standardizeInputs } from './standard-inputs.ts'

const inversePenalty: OptionKind<number> = {
  schema: z.number().gt(0),
  flag: { help: 'of logistic regression: the inverse of its L2 penalty', takes: '<number>', read: positive },
  check: (name, value) => requireBetween(name, value, Number.MIN_VALUE, Number.MAX_VALUE),
}

/** Options of logistic regression, with scikit-learn's names and meaning. */
const logisticOptions = {
  /** The inverse of the penalty on the weights of standardised inputs; the intercept has no penalty. */
  c: option(1, inversePenalty),
  classWeight: option('none', classWeight),
  maxIterations: option(1000, whole({ help: 'of logistic regression', least: 1 })),
  /** Draws nothing, and is kept for the record. */
  seed: option(42, seed),
}
export type LogisticOptions = ValuesOf<typeof logisticOptions>

const tolerance = 1e-8

/**
 * Logistic regression with an L2 penalty, on inputs that are standardised inside (missing ones are the mean): the
 * minimum that scikit-learn's LogisticRegression behind a StandardScaler looks for.
 *
 * @throws FraudError OPTION_INVALID, DATA_INVALID (one class only, no feature), INTERRUPTED.
 */
export async function trainLogisticRegression(
  dataset: Dataset,
  options: Partial<LogisticOptions> = {},
  control: TrainingControl = {},
): Promise<{ readonly model: LinearModel; readonly options: LogisticOptions }> {
  const chosen = complete(logisticOptions, options)
  checkDataset(dataset)
  const weights = wholeWeights(dataset, chosen)
  const { scaling, columns } = standardizeInputs(dataset, weights)
  const at = new Float64Array(columns.length + 1)
  const { maxIterations } = chosen
  let iteration = 0
  for (const _ of minimize(penalisedLoss(columns, dataset.labels, weights, chosen.c), at, {
    maxIterations,
    tolerance,
  })) {
    control.onProgress?.(++iteration, maxIterations)
    await nextTurn()
    if (control.signal?.aborted) throw new FraudError('INTERRUPTED', 'Stopped before the end; nothing was written')
  }
  const model = createLinearModel(dataset.features, scaling, at.slice(0, -1), at[columns.length])
  return { model, options: chosen }
}

/** The mean log loss and the penalty's share of it; the last variable is the intercept. */
function penalisedLoss(
  columns: readonly Float64Array[],
  labels: Uint8Array,
  weights: Float64Array,
  c: number,
): Objective {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const penalty = 1 / (c * total)
  const logOdds = new Float64Array(labels.length)
  return (at, gradient) => {
    logOdds.fill(at[columns.length])
    columns.forEach((column, i) => {
      const weight = at[i]
      for (let row = 0; row < column.length; row++) logOdds[row] += weight * column[row]
    })
    let loss = 0
    let intercept = 0
    for (let row = 0; row < labels.length; row++) {
      const z = logOdds[row]
      // log(1 + exp(z)) - y z, without overflow.
      loss += weights[row] * (Math.max(z, 0) - labels[row] * z + Math.log1p(Math.exp(-Math.abs(z))))
      const residual = (weights[row] * (1 / (1 + Math.exp(-z)) - labels[row])) / total
      intercept += residual
      logOdds[row] = residual
    }
    let squares = 0
    columns.forEach((column, i) => {
      let sum = 0
      for (let row = 0; row < column.length; row++) sum += logOdds[row] * column[row]
      gradient[i] = sum + penalty * at[i]
      squares += at[i] * at[i]
    })
    gradient[columns.length] = intercept
    return loss / total + (penalty * squares) / 2
  }
}

export const logisticRegression = defineLearner({
  name: 'logistic-regression',
  options: logisticOptions,
  space: [log('c', 0.0001, 100), choice('classWeight', 'none', 'balanced')],
  train: trainLogisticRegression,
})
