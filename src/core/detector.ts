import { type Document, isMap, isScalar, isSeq, LineCounter, parseDocument, stringify, visit } from 'yaml'
import type { z } from 'zod'
import { suggestion } from './closest-name.ts'
import { type Detector, detectorSchema, namesAllowedAt } from './detector-schema.ts'
import { FraudError } from './errors.ts'
import { showValue } from './show-value.ts'

export type { Detector } from './detector-schema.ts'

type Path = readonly PropertyKey[]

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

/** @throws FraudError DETECTOR_INVALID, with a reason for each bad field. */
export function parseDetector(value: unknown): Detector {
  return check(value, inMemory)
}

/**
 * Reads the text of a detector file.
 *
 * @param source what to call the file in errors.
 * @throws FraudError DETECTOR_INVALID, with the line and the reason of each bad field.
 */
export function parseDetectorFile(text: string, source: string): LocatedDetector {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number) => `${source}:${lines.linePos(offset).line}`
  const [broken] = document.errors
  if (broken !== undefined) {
    const tab = text.includes('\t') ? ' (YAML indents with spaces, not tabs)' : ''
    const reason = broken.code === 'MULTIPLE_DOCS' ? 'a second detector begins here; a file holds one' : broken.message
    throw new FraudError('DETECTOR_INVALID', `${at(broken.pos[0])}: ${reason}${tab}`)
  }
  refuseAliases(document, at)
  const locate = (path: Path) => at(offsetOf(document, path))
  return { detector: check(document.toJS(), locate), locate }
}

/** For a detector that came from no file. */
export function inMemory(): string {
  return 'The detector'
}

/** The text of a detector file that reads back as the same detector. */
export function formatDetector(detector: Detector): string {
  return stringify(detector, { lineWidth: 120 })
}

/** What is wrong with a detector, a line for each problem. */
export function detectorError(problems: readonly DetectorProblem[], locate: LocatedDetector['locate']): FraudError {
  const named = problems.map(({ path, reason }) => ({ path, field: path.join('.') || 'detector', reason }))
  const message = named.map(({ path, field, reason }) => `${locate(path)}: ${field}: ${reason}`).join('\n')
  return new FraudError('DETECTOR_INVALID', message, { errors: named.map(({ field, reason }) => ({ field, reason })) })
}

function check(value: unknown, locate: LocatedDetector['locate']): Detector {
  const result = detectorSchema.safeParse(value)
  if (result.success) return result.data
  const problems = result.error.issues.flatMap((issue): DetectorProblem[] => {
    if (issue.code !== 'unrecognized_keys')
      return [{ path: issue.path, reason: reasonOf(issue, valueAt(value, issue.path)) }]
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      reason: `there is no such field here${suggestion(key, namesAllowedAt(issue.path))}`,
    }))
  })
  throw detectorError(problems, locate)
}

function reasonOf(issue: z.core.$ZodIssue, given: unknown): string {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message
  if (issue.code === 'invalid_value' && typeof given === 'string') {
    return `there is no "${showValue(given)}" here${suggestion(given, issue.values.map(String))}`
  }
  if (issue.code !== 'invalid_type' || issue.expected !== 'object') {
    return given === undefined && issue.code === 'invalid_type' ? 'it is missing' : issue.message
  }
  if (given === undefined && issue.path.length > 0) return 'it is missing'
  const names = namesAllowedAt(issue.path)
  return `write its parts by name${names.length > 0 ? `: { ${names.map((name) => `${name}: …`).join(', ')} }` : ''}`
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (part, key) => (typeof part === 'object' && part !== null ? Reflect.get(part, key) : undefined),
    value,
  )
}

/** Anchors would let a name stand for something that contains it; a detector has no need of them. */
function refuseAliases(document: Document, at: (offset: number) => string): void {
  visit(document, {
    Alias(_, { range, source }) {
      const reason = `*${source} refers to another place; write it out, so that no name can lead back to itself`
      throw new FraudError('DETECTOR_INVALID', `${at(range?.[0] ?? 0)}: ${reason}`)
    },
  })
}

/** Where the deepest part of a path that the file has begins, its name where it has one. */
function offsetOf({ contents }: Document, path: Path): number {
  let node: unknown = contents
  let offset = 0
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key: name }) => isScalar(name) && String(name.value) === String(key))
      if (pair === undefined) return offset
      if (isScalar(pair.key) && pair.key.range) offset = pair.key.range[0]
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(key)]
      if ((isScalar(node) || isMap(node) || isSeq(node)) && node.range) offset = node.range[0]
    } else return offset
  }
  return offset
}
