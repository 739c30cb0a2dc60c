import type { Steps } from '../core/time-slices.ts'
import { calibrate } from '../models/calibration.ts'
import { readModel } from '../models/learned-model.ts'
import { createRawScorer } from './load-predictor.ts'
import type { SharedModel } from './shared-model.ts'

/** After so many rows V8 has compiled what a model does. */
const rowsOfWarmUp = 300

/** Makes the scores of a predictor, bit for bit; ready for its first row. */
export function* createSharedScorer({
  features,
  written,
  scaling,
  calibration,
}: SharedModel): Steps<(row: Float64Array) => number> {
  const model = yield* readModel(written.form, written.tensors, features, (reason) => new Error(reason))
  yield* model.makeReady?.() ?? []
  const raw = createRawScorer({ model, ...(scaling && { scaling }) })
  const score = (row: Float64Array) => calibrate(calibration, raw(row))
  const row = new Float64Array(features.length)
  for (let i = 0; i < rowsOfWarmUp; i++) {
    score(row)
    yield
  }
  return score
}
