import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { FraudError } from '../core/errors.ts'
import { checkWritable, writeFileAtomically } from '../data/write-file.ts'
import { compileFeatures } from '../features/feature-set.ts'
import { encodeBundle } from '../models/bundle.ts'
import { readLightgbm } from '../models/loaders/lightgbm.ts'
import { readXgboost } from '../models/loaders/xgboost.ts'
import { createTreeEnsemble, type TreeEnsemble } from '../models/tree-ensemble.ts'
import { readDetector } from './find-detector.ts'
import type { Run } from './run.ts'

export interface ImportFlags {
  readonly detector: string
  readonly out: string
  readonly threshold?: number
}

/** Reads a model of another library and writes it as a bundle. */
export async function importModel(file: string, flags: ImportFlags, { terminal }: Run): Promise<void> {
  await checkWritable(flags.out)
  const located = await readDetector(flags.detector, { badRows: 'fail' })
  const features = compileFeatures(located).names
  const bytes = await readModel(file)
  const { library, model: foreign } = parseModel(bytes.toString('utf8'))
  const { model, isByPlace } = takeInputs(foreign, features)
  if (isByPlace) {
    terminal.warn(
      `The model names no feature of the detector: its inputs are taken to be ${features.join(', ')}, in this order`,
    )
  }
  const { bytes: bundle, id } = encodeBundle({
    detector: located.detector,
    preset: 'imported',
    learner: library,
    options: {},
    seed: 0,
    model,
    calibration: { method: 'none' },
    decision:
      flags.threshold === undefined
        ? { threshold: 0.5, inclusive: true, chosenBy: 'for want of rows to choose it on' }
        : { threshold: flags.threshold, inclusive: true, chosenBy: 'as given' },
    metrics: {},
    training: {
      fingerprint: createHash('sha256').update(bytes).digest('hex'),
      ...{ rows: 0, frauds: 0, calibrationRows: 0, split: { by: 'elsewhere' }, refit: false },
    },
    example: Object.fromEntries(features.map((name) => [name, 0])),
  })
  await writeFileAtomically(flags.out, bundle)
  const trees = model.nodes.roots.length
  terminal.say(`${library}: ${trees} trees, ${features.length} features\nbundle  ${flags.out}  ${id}`)
  terminal.result({ bundle: id, out: flags.out, library, trees, features })
}

async function readModel(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (cause) {
    throw new FraudError('FILE_UNREADABLE', `The model ${file} can't be read`, { cause })
  }
}

function parseModel(text: string): { readonly library: string; readonly model: TreeEnsemble } {
  if (/^tree\s/.test(text)) return { library: 'lightgbm', model: readLightgbm(text) }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new FraudError(
      'MODEL_INVALID',
      'This is neither JSON, as XGBoost saves it, nor the text that LightGBM saves',
      {
        cause,
      },
    )
  }
  return { library: 'xgboost', model: readXgboost(json) }
}

/** The model with its inputs in the order of the detector's features: by name, or by place where it has no names of its own. */
function takeInputs(model: TreeEnsemble, features: readonly string[]) {
  if (model.features.length !== features.length) {
    throw new FraudError(
      'DETECTOR_INVALID',
      `The model has ${model.features.length} inputs, and the detector ${features.length} features: ${features.join(', ')}`,
    )
  }
  const places = model.features.map((name) => features.indexOf(name))
  const isByPlace = places.every((place) => place < 0)
  const missing = model.features.filter((_, i) => places[i] < 0)
  if (!isByPlace && missing.length > 0) {
    throw new FraudError('DETECTOR_INVALID', `The detector lacks features that the model wants: ${missing.join(', ')}`)
  }
  const feature = isByPlace
    ? model.nodes.feature
    : model.nodes.feature.map((split) => (split < 0 ? split : places[split]))
  return { model: createTreeEnsemble(features, { ...model.nodes, feature }, model.combination), isByPlace }
}
