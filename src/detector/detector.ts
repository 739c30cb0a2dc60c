import { suggestion } from '../core/closest-name.ts'
import { showValue } from '../core/show-value.ts'
import { formatYaml, parseYamlFile } from '../core/yaml-file.ts'
import type { z } from '../core/zod.ts'
import { type Detector, detectorSchema, namesAllowedAt } from './detector-schema.ts'
import { type DetectorProblem, detectorError, inMemory, type LocatedDetector, type Path } from './located-detector.ts'

export type { Detector } from './detector-schema.ts'
export { type DetectorProblem, detectorError, inMemory, type LocatedDetector } from './located-detector.ts'

/**
 * @param form with more checks than the usual one.
 * @throws FraudError DETECTOR_INVALID, with a reason for each bad field.
 */
export function parseDetector<Whole extends Detector>(value: unknown, form: z.ZodType<Whole>): Whole
export function parseDetector(value: unknown): Detector
export function parseDetector(value: unknown, form: z.ZodType<Detector> = detectorSchema): Detector {
  return check(value, inMemory, form)
}

/**
 * Reads the text of a detector file.
 *
 * @param source what to call the file in errors.
 * @param form with more checks than the usual one.
 * @throws FraudError DETECTOR_INVALID, with the line and the reason of each bad field.
 */
export function parseDetectorFile(
  text: string,
  source: string,
  form: z.ZodType<Detector> = detectorSchema,
): LocatedDetector {
  const { value, locate } = parseYamlFile(text, source, { what: 'detector', code: 'DETECTOR_INVALID' })
  return { detector: check(value, locate, form), locate }
}

/** The text of a detector file that reads back as the same detector. */
export function formatDetector(detector: Detector): string {
  return formatYaml(detector)
}

function check(value: unknown, locate: LocatedDetector['locate'], form: z.ZodType<Detector>): Detector {
  const result = form.safeParse(value)
  if (result.success) return result.data
  const problems = result.error.issues.flatMap((issue): DetectorProblem[] => {
    if (issue.code !== 'unrecognized_keys')
      return [{ path: issue.path, reason: reasonOf(issue, valueAt(value, issue.path), form) }]
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      reason: `there is no such field here${suggestion(key, namesAllowedAt(form, issue.path))}`,
    }))
  })
  throw detectorError(problems, locate)
}

function reasonOf(issue: z.core.$ZodIssue, given: unknown, form: z.ZodType<Detector>): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message
  if (issue.code === 'invalid_value' && typeof given === 'string') {
    return `there is no "${showValue(given)}" here${suggestion(given, issue.values.map(String))}`
  }
  if (issue.code !== 'invalid_type' || issue.expected !== 'object') {
    return given === undefined && issue.code === 'invalid_type' ? 'it is missing' : issue.message
  }
  if (given === undefined && issue.path.length > 0) return 'it is missing'
  const names = namesAllowedAt(form, issue.path)
  return `write its parts by name${names.length > 0 ? `: { ${names.map((name) => `${name}: …`).join(', ')} }` : ''}`
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (part, key) => (typeof part === 'object' && part !== null ? Reflect.get(part, key) : undefined),
    value,
  )
}
