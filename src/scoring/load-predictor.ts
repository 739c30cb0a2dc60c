import { FraudError } from '../core/errors.ts'
import { readWholeFile } from '../core/read-whole-file.ts'
import type { Detector } from '../detector/detector.ts'
import { type Bundle, decodeBundle } from '../models/bundle.ts'
import { calibrate, highestProbability } from '../models/calibration.ts'
import { createExplainer } from '../models/explanation.ts'
import { countNodes, highestRawScore } from '../models/learned-model.ts'
import type { Model } from '../models/model.ts'
import { predictsFraud } from '../models/prediction-threshold.ts'
import type { Scaling } from '../models/scaling.ts'
import type { Predictor } from './predictor.ts'
import { isSlow, shareModel } from './shared-model.ts'

/**
 * Reads a bundle file.
 *
 * @throws FraudError FILE_UNREADABLE; BUNDLE_INVALID where its content is damaged or no bundle; RUNTIME_MISSING where it is
 *   a graph of ONNX and its runtime is not installed.
 */
export async function readBundle(path: string): Promise<Bundle> {
  return decodeBundleOf(path, await readBundleBytes(path))
}

/** What is in a bundle's file. Throws as `readBundle` does. */
export function decodeBundleOf(path: string, bytes: Uint8Array): Bundle {
  try {
    return decodeBundle(bytes)
  } catch (cause) {
    if (!(cause instanceof FraudError) || cause.code !== 'BUNDLE_INVALID') throw cause
    throw new FraudError(
      cause.code,
      cause.message.replace(/^This file/, () => path),
      { cause, hint: cause.hint },
    )
  }
}

export async function readBundleBytes(path: string): Promise<Uint8Array> {
  try {
    return await readWholeFile(path)
  } catch (cause) {
    if (cause instanceof FraudError) throw cause
    const reason =
      cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
        ? 'there is no such file'
        : 'it cannot be read'
    throw new FraudError('FILE_UNREADABLE', `The model bundle ${path}: ${reason}`, { cause })
  }
}

/** A bundle made ready to answer: scale where the model wants it, score, calibrate, compare with the threshold. */
export function createPredictor(bundle: Bundle): Predictor {
  const { model, calibration, threshold, example, histograms, metrics } = bundle
  const score = createRawScorer(bundle)
  return {
    modelId: bundle.id,
    inputs: model.features,
    example,
    ...(metrics && { metrics }),
    ...(histograms && { histograms }),
    highestScore: highestProbability(calibration, highestRawScore(model)),
    ...(calibration.method === 'rank' && { ranksFrom: threshold.value }),
    predict(row) {
      const probability = calibrate(calibration, score(row))
      return { isFraud: predictsFraud(threshold, probability), probability }
    },
    ...(model.makeReady && { makeReady: model.makeReady }),
    ...(isSlow(model) && { share: () => shareModel(bundle) }),
    ...explanationOf(bundle),
  }
}

/** Nodes of trees that are explained within some 2 ms. Larger forests are explained when somebody asks. */
const mostNodesExplained = 60_000

/** Some 20 ms, for which everybody waits; with more nodes it is for `shrike explain` alone. */
const mostNodesAsked = 1_000_000

function explanationOf({ model, scaling }: Bundle): Partial<Predictor> {
  const explainer = createExplainer(model, scaling)
  const nodes = countNodes(model)
  if (explainer === undefined || nodes > mostNodesAsked) return {}
  const explainsDecisions = nodes <= mostNodesExplained
  return { contributionScale: explainer.scale, explainsDecisions, explain: (row) => explainer.explain(row) }
}

interface ScoringParts<Ability extends keyof Model> {
  readonly model: Pick<Model, Ability>
  readonly scaling?: Scaling
}

/** The model's raw score of a row, in [0, 1]; allocates nothing. */
export function createRawScorer({ model, scaling }: ScoringParts<'predictProba'>): (row: Float64Array) => number {
  if (scaling === undefined) return (row) => model.predictProba(row)
  const { mean, scale } = scaling
  const scaled = new Float64Array(mean.length)
  return (row) => {
    for (let i = 0; i < scaled.length; i++) scaled[i] = (row[i] - mean[i]) / scale[i]
    return model.predictProba(scaled)
  }
}

/** The same for rows that stand one behind the other, which are not changed. */
export function createRowsScorer({
  model,
  scaling,
}: ScoringParts<'predictProbaOfRows'>): (rows: Float64Array) => Float64Array {
  if (scaling === undefined) return (rows) => model.predictProbaOfRows(rows)
  const { mean, scale } = scaling
  const { length } = mean
  return (rows) => model.predictProbaOfRows(rows.map((value, i) => (value - mean[i % length]) / scale[i % length]))
}

/** What serving needs of a bundle file. */
export async function loadModel(path: string): Promise<{ readonly predictor: Predictor; readonly detector: Detector }> {
  const bundle = await readBundle(path)
  return { predictor: createPredictor(bundle), detector: bundle.detector }
}
