import { FraudError } from '../core/errors.ts'
import { inMemory, type LocatedDetector } from '../detector/detector.ts'
import { readBundle } from '../scoring/load-predictor.ts'
import { readDetector } from '../training/find-detector.ts'
import type { InputRequest } from '../training/read-input.ts'

/** The detector that a file is read by, and the inputs of the model that scores it. */
export async function findDetectorOf(
  bundle: string | undefined,
  input: InputRequest,
): Promise<{ readonly located: LocatedDetector; readonly inputs: readonly string[] }> {
  if (bundle === undefined) {
    if (input.detector === undefined)
      throw new FraudError('OPTION_INVALID', 'A file needs a detector, or a model with its own')
    return { located: await readDetector(input.detector, input), inputs: [] }
  }
  if (input.detector !== undefined)
    throw new FraudError('OPTION_INVALID', 'A model has its detector with it: leave the other one out')
  const { detector, model } = await readBundle(bundle)
  return { located: { detector, locate: inMemory }, inputs: model.features }
}
