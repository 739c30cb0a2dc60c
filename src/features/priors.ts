import { isRecord } from '../core/json-value.ts'
import type { Detector, FeatureEntry } from '../detector/detector-schema.ts'

/** Whether some feature wants the training period's rate of fraud, which nobody has told it yet. */
export function lacksPrior({ features }: Detector): boolean {
  return features.some((entry) => parametersOf(entry) !== undefined)
}

/** The detector with this rate in each feature that lacks it. */
export function withPrior(detector: Detector, prior: number): Detector {
  const features = detector.features.map((entry) => {
    const parameters = parametersOf(entry)
    return parameters === undefined ? entry : { riskOf: { ...parameters, prior } }
  })
  return { ...detector, features }
}

function parametersOf(entry: FeatureEntry): Readonly<Record<string, unknown>> | undefined {
  if (typeof entry === 'string' || !isRecord(entry.riskOf)) return undefined
  return entry.riskOf.prior === undefined ? entry.riskOf : undefined
}
