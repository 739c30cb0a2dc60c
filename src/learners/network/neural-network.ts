import { setImmediate as nextTurn } from 'node:timers/promises'
import { FraudError } from '../../core/errors.ts'
import * as read from '../../core/option-text.ts'
import { createRandom, type Random } from '../../core/random.ts'
import { z } from '../../core/zod.ts'
import type { Dataset } from '../../data/dataset.ts'
import { createNeuralNetwork, type Layer, type NeuralNetwork } from '../../models/neural-network.ts'
import { choice, log, wholeLog } from '../dimensions.ts'
import { defineLearner } from '../learner.ts'
import { complete, notNegative, type OptionKind, option, type ValuesOf, whole } from '../option.ts'
import { refuseOption, requireBetween, requireWhole } from '../require-option.ts'
import { checkDataset, type TrainingControl, wholeWeights } from '../shared-dataset.ts'
import { classWeight, earlyStoppingRounds, learningRate, seed } from '../shared-options.ts'
import { applyScaling, standardizeInputs } from '../standard-inputs.ts'
import { Backpropagation } from './backpropagation.ts'

const hidden: OptionKind<readonly number[]> = {
  schema: z.array(z.int().min(1)).max(8),
  flag: {
    help: "of a network's layers, separated by commas",
    takes: '<units>',
    read: (text) => read.list(text).map(read.wholeNumber(1)),
  },
  check(name, layers) {
    if (layers.length > 8) throw refuseOption(name, 'names at most 8 layers')
    for (const units of layers) requireWhole(name, units, 1, 65_536)
  },
}

const dropout: OptionKind<number> = {
  schema: z.number().min(0).max(0.95),
  flag: { help: 'of a network', takes: '<share>', read: read.shareOrNone },
  check: (name, value) => requireBetween(name, value, 0, 0.95),
}

/** Options of a multilayer perceptron. */
const neuralOptions = {
  /** Units of each hidden layer. */
  hidden: option([64, 32], hidden),
  /** Passes through the rows; with early stopping the most there may be. */
  epochs: option(20, whole({ help: 'of a network', least: 1 })),
  batchSize: option(64, whole({ help: 'of a network', takes: '<rows>', least: 1 })),
  /** Adam's step. */
  learningRate: option(1e-3, learningRate),
  /** The share of hidden units that each training step leaves out. */
  dropout: option(0.2, dropout),
  /** L2 penalty, decoupled from the gradient. */
  weightDecay: option(0, notNegative('of a network', 1)),
  classWeight: option('none', classWeight),
  /** Needs validation rows, on whose log loss it looks. */
  earlyStoppingRounds: option(null, earlyStoppingRounds),
  seed: option(42, seed),
}
type NeuralOptions = ValuesOf<typeof neuralOptions>

/** Batches between two looks at whether to stop. */
const batchesAtOnce = 64

/**
 * A multilayer perceptron on standardised inputs: ReLU, dropout, and Adam (Kingma and Ba, 2015) on the log loss. Missing
 * inputs are the mean.
 *
 * @param validation later rows, which say when to stop and which epoch's weights to keep.
 * @throws FraudError OPTION_INVALID, DATA_INVALID (one class only, no feature), INTERRUPTED.
 */
export async function trainNeuralNetwork(
  dataset: Dataset,
  options: Partial<NeuralOptions> = {},
  control: TrainingControl = {},
  validation?: Dataset,
): Promise<{ readonly model: NeuralNetwork; readonly options: NeuralOptions }> {
  const chosen = complete(neuralOptions, options)
  checkDataset(dataset)
  const weights = wholeWeights(dataset, chosen)
  const { scaling, columns } = standardizeInputs(dataset, weights)
  const later = validation && {
    rows: rowsOf(applyScaling(scaling, validation.columns)),
    labels: validation.labels,
    weights: wholeWeights(validation, { classWeight: 'none' }),
  }
  const random = createRandom(chosen.seed)
  const layers = drawLayers([columns.length, ...chosen.hidden, 1], random)
  const training = { rows: rowsOf(columns), labels: dataset.labels, weights: meanOne(weights) }
  const network = new Backpropagation(layers, training, chosen, random)
  let best = { loss: Number.POSITIVE_INFINITY, epoch: 0, layers }
  for (let epoch = 1; epoch <= chosen.epochs; epoch++) {
    let batches = 0
    for (const _ of network.epoch()) {
      if (++batches % batchesAtOnce !== 0) continue
      await nextTurn()
      if (control.signal?.aborted) throw new FraudError('INTERRUPTED', 'Stopped before the end; nothing was written')
    }
    control.onProgress?.(epoch, chosen.epochs)
    if (later === undefined) continue
    const loss = network.loss(later)
    if (loss < best.loss) best = { loss, epoch, layers: copyLayers(layers) }
    if (chosen.earlyStoppingRounds !== null && epoch - best.epoch >= chosen.earlyStoppingRounds) break
  }
  return { model: createNeuralNetwork(dataset.features, scaling, copyLayers(best.layers)), options: chosen }
}

/** Weights of He et al. (2015): what comes out of a ReLU layer varies as much as what goes in. */
function drawLayers(widths: readonly number[], random: Random): Layer[] {
  return widths.slice(1).map((units, i) => {
    const deviation = Math.sqrt(2 / widths[i])
    const weights = Float64Array.from({ length: units * widths[i] }, () => random.normal() * deviation)
    return { weights, biases: new Float64Array(units) }
  })
}

function copyLayers(layers: readonly Layer[]): Layer[] {
  return layers.map(({ weights, biases }) => ({ weights: weights.slice(), biases: biases.slice() }))
}

/** Row after row, as a batch reads them. */
function rowsOf(columns: readonly Float64Array[]): Float64Array {
  const width = columns.length
  const rows = new Float64Array(width * (columns[0]?.length ?? 0))
  columns.forEach((column, i) => {
    for (let row = 0; row < column.length; row++) rows[row * width + i] = column[row]
  })
  return rows
}

function meanOne(weights: Float64Array): Float64Array {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length
  return weights.map((weight) => weight / mean)
}

export const neuralNetwork = defineLearner({
  name: 'neural-network',
  options: neuralOptions,
  space: [
    choice('hidden', [32], [64], [64, 32], [128, 64]),
    log('learningRate', 0.0001, 0.01),
    wholeLog('epochs', 5, 40),
    choice('batchSize', 64, 256, 1024),
    choice('dropout', 0, 0.1, 0.2, 0.4),
    log('weightDecay', 0.000001, 0.01),
  ],
  train: trainNeuralNetwork,
})
