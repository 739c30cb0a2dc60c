import { suggestion } from '../core/closest-name.ts'
import { FraudError } from '../core/errors.ts'
import { compileFeatures } from '../features/feature-set.ts'
import { withPrior } from '../features/priors.ts'
import { modelOf } from '../learners/detector-model.ts'
import type { ModelChoice } from '../learners/model-choice.ts'
import { readDetector } from './find-detector.ts'
import type { PlanRequest } from './plan-training.ts'
import type { InputRequest } from './read-input.ts'

/**
 * Asked before a file is read: that the features that the request and the detector's model name are there. Without a detector
 * file they are known only once the file is read.
 *
 * @throws FraudError OPTION_INVALID
 */
export async function refuseUnknownNames(request: PlanRequest & InputRequest): Promise<void> {
  if (request.detector === undefined) return
  const located = await readDetector(request.detector, request)
  // What is learned before rows are made changes no name.
  const { names } = compileFeatures({ ...located, detector: withPrior(located.detector, 0) })
  const model: ModelChoice = request.preset === undefined ? modelOf(located.detector) : {}
  const categories = request.categories ?? model.categories ?? []
  const monotone = Object.keys(request.monotone ?? model.monotone ?? {})
  for (const [option, named] of Object.entries({ categories, monotone })) {
    const wrong = named.find((name) => !names.includes(name))
    if (wrong === undefined) continue
    throw new FraudError(
      'OPTION_INVALID',
      `${option} names ${wrong}, which is not a feature${suggestion(wrong, names)}`,
    )
  }
}
