import type { Detector } from '../../src/detector/detector.ts'
import { compileDetector } from '../../src/features/feature-set.ts'
import { encodeBundle } from '../../src/models/bundle.ts'
import { createTreeEnsemble } from '../../src/models/trees/tree-ensemble.ts'

/** A bundle whose tree asks for the amount alone: what is over a limit is fraud with one probability, else with another. */
export function amountBundle(detector: Detector, limit: number, [low, high]: readonly [number, number] = [0.1, 0.95]) {
  const { names } = compileDetector(detector)
  const feature = names.indexOf('amount')
  return encodeBundle({
    detector,
    preset: 'default',
    learner: 'decision-tree',
    options: { maxDepth: 1 },
    seed: 1,
    model: createTreeEnsemble(names, {
      roots: Int32Array.of(0),
      feature: Int32Array.of(feature, -1, -1),
      threshold: Float64Array.of(limit, 0, 0),
      left: Int32Array.of(1, 0, 0),
      missingGoesLeft: Uint8Array.of(1, 0, 0),
      value: Float64Array.of(0.5, low, high),
      cover: Float64Array.of(10, 9, 1),
    }),
    calibration: { method: 'none' },
    threshold: { value: 0.5, inclusive: true, chosenBy: 'test' },
    metrics: { averagePrecision: 0.8 },
    training: {
      fingerprint: 'ab'.repeat(32),
      rows: 10,
      frauds: 1,
      calibrationRows: 0,
      split: { by: 'elsewhere' },
      refit: false,
    },
    example: Object.fromEntries(names.map((name) => [name, 1])),
  })
}
