import assert from 'node:assert/strict'
import { FraudError } from '../core/errors.ts'
import { createInputReader } from './input-reader.ts'
import type { Prediction, Predictor } from './predictor.ts'

/** A predictor with what predictions need of it, made once per bundle. */
export interface ServedModel {
  readonly modelId: string
  readonly inputs: readonly string[]
  readonly example: Readonly<Record<string, number>>
  /** Names that a body may have at least: twice the inputs. */
  readonly names: number
  /** A parsed body, and the names it gives twice -> the prediction. Throws INPUT_INVALID with every bad field. */
  predict(value: unknown, repeated?: ReadonlySet<string>): Prediction
}

/** Throws BUNDLE_INVALID where it can't predict its own example. */
export function serveable(predictor: Predictor): ServedModel {
  const { modelId, inputs, example } = predictor
  const reader = createInputReader(inputs)
  const served: ServedModel = {
    modelId,
    inputs,
    example,
    names: 2 * inputs.length,
    predict(value, repeated) {
      const errors = reader.read(value, repeated)
      if (errors.length > 0) throw new FraudError('INPUT_INVALID', describe(errors.length), { errors })
      const prediction = predictor.predict(reader.row)
      assert(prediction.probability >= 0 && prediction.probability <= 1, 'a probability is between 0 and 1')
      return prediction
    },
  }
  try {
    served.predict(example)
  } catch (cause) {
    throw new FraudError('BUNDLE_INVALID', `${modelId} can't predict its own example`, { cause })
  }
  return served
}

function describe(bad: number): string {
  return bad === 1 ? '1 field is not what the model needs' : `${bad} fields are not what the model needs`
}
