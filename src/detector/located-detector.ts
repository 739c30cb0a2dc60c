import { FraudError } from '../core/errors.ts'
import type { Detector } from './detector-schema.ts'

// Apart from the reading of detectors, so that threads that get one need not load what reads YAML.

export type Path = readonly PropertyKey[]

/** Something that is wrong at a place of a detector. */
export interface DetectorProblem {
  readonly path: Path
  readonly reason: string
}

/** A detector, and where its parts stand: `cards.yaml:7`, or words for one that came from no file. */
export interface LocatedDetector {
  readonly detector: Detector
  readonly locate: (path: Path) => string
}

/** The locator for a detector without a file. */
export function inMemory(): string {
  return 'The detector'
}

/** What is wrong with a detector, a line for each problem. */
export function detectorError(problems: readonly DetectorProblem[], locate: LocatedDetector['locate']): FraudError {
  const named = problems.map(({ path, reason }) => ({ path, field: path.join('.') || 'detector', reason }))
  const message = named.map(({ path, field, reason }) => `${locate(path)}: ${field}: ${reason}`).join('\n')
  return new FraudError('DETECTOR_INVALID', message, { errors: named.map(({ field, reason }) => ({ field, reason })) })
}
