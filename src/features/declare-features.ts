import { suggestion } from '../core/closest-name.ts'
import { canonicalJson, isRecord } from '../core/json-value.ts'
import type { Detector, DetectorProblem } from '../detector/detector.ts'
import type { FeatureEntry } from '../detector/detector-schema.ts'
import { featureKinds } from './definitions/index.ts'
import { type Feature, type FeatureKind, type ValueRange, wholeUpTo } from './feature.ts'
import { labelColumns } from './label-columns.ts'
import { Scope, UnknownName } from './scope.ts'

const kinds = new Map(featureKinds.map((kind) => [kind.kind, kind]))
/** Names that stand for a kind of feature, so that a column of that name has to be declared as one. */
export const kindNames: readonly string[] = [...kinds.keys()]

/** An entry as it was read. */
interface Declared {
  readonly kind: FeatureKind
  readonly parameters: unknown
  readonly path: readonly PropertyKey[]
}

export interface DeclaredFeature {
  readonly feature: Feature
  /** The entry that it is of, and its place. */
  readonly entry: number
  /** The histories that it looks at. */
  readonly histories: readonly number[]
  /** Whether it looks at which of their transactions are known to be fraud. */
  readonly countsFrauds: boolean
  readonly path: readonly PropertyKey[]
  readonly kind: string
  readonly parameters: unknown
  readonly range: ValueRange | undefined
  /** Two features of one name are the same where these texts are the same. */
  readonly declaration: string
}

interface DeclaredFeatures {
  readonly declared: readonly DeclaredFeature[]
  /** The columns of those that are nothing but columns. */
  readonly columns: readonly string[]
  readonly scope: Scope
  readonly problems: readonly DetectorProblem[]
}

/** Reads entries of the list, each by itself. @param paths where each stands. */
export function declareFeatures(
  detector: Detector,
  entries: readonly FeatureEntry[],
  paths: readonly (readonly PropertyKey[])[],
): DeclaredFeatures {
  const scope = new Scope(detector, kindNames)
  const problems: DetectorProblem[] = []
  const ofLabel = labelColumns(detector)
  const declared: DeclaredFeature[] = []
  const columns: string[] = []
  entries.forEach((given, i) => {
    const entry = readDeclaration(given, paths[i], problems)
    if (entry === undefined) return
    try {
      scope.takeAsked()
      const features = entry.kind.declare(entry.parameters, scope)
      const asked = scope.takeAsked()
      features.forEach((feature, at) => {
        const declaration = tellDeclaration(entry, at, features.length)
        const { kind, parameters, path } = entry
        const range = feature.categories === undefined ? kind.range : wholeUpTo(feature.categories.length - 1)
        const told = { kind: kind.kind, parameters, range, declaration }
        declared.push({ feature, entry: i, ...asked, path, ...told })
      })
      if (entry.kind.kind !== 'column') return
      const column = String(entry.parameters)
      columns.push(column)
      const reason = ofLabel.get(column)
      if (reason !== undefined) problems.push({ path: entry.path, reason })
    } catch (error) {
      if (!(error instanceof UnknownName)) throw error
      const path = error.parameter === '' ? entry.path : [...entry.path, error.parameter]
      problems.push({ path, reason: error.message })
    }
  })
  return { declared, columns, scope, problems }
}

/** The declaration of one feature alone: of several windows, its own. */
function tellDeclaration({ kind, parameters }: Declared, at: number, count: number): string {
  if (!isRecord(parameters)) return canonicalJson({ [kind.kind]: parameters })
  const { over, ...others } = parameters
  const own = Array.isArray(over) && over.length === count ? over[at] : over
  return canonicalJson({ [kind.kind]: { ...others, ...(own !== undefined && { over: own }) } })
}

/** Which kind an entry of the list is, and its checked parameters; what is wrong is added to the problems. */
function readDeclaration(
  given: FeatureEntry,
  path: readonly PropertyKey[],
  problems: DetectorProblem[],
): Declared | undefined {
  if (typeof given === 'string') return readName(given, path, problems)
  const [name, ...others] = Object.keys(given)
  if (name === undefined || others.length > 0) {
    const reason = 'each entry is one kind of feature; begin each with "-", and indent its parameters'
    problems.push({ path, reason })
    return undefined
  }
  const kind = kinds.get(name)
  if (kind === undefined) {
    problems.push({
      path: [...path, name],
      reason: `there is no kind of feature "${name}"${suggestion(name, kindNames)}`,
    })
    return undefined
  }
  const at = [...path, name]
  const parsed = kind.parameters.safeParse(given[name] ?? {})
  if (parsed.success) return { kind, parameters: given[name] ?? {}, path: at }
  for (const issue of parsed.error.issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) problems.push({ path: [...at, key], reason: whyNot(key, kind) })
    } else if (issue.path.length === 0 && 'shape' in kind.parameters) {
      const names = parametersOf(kind)
      const reason = names.length === 0 ? 'it has no parameters' : `write its parameters by name: ${names.join(', ')}`
      problems.push({ path: at, reason })
    } else problems.push({ path: [...at, ...issue.path], reason: issue.message })
  }
  return undefined
}

/** A kind that needs no parameters, or a column. */
function readName(name: string, path: readonly PropertyKey[], problems: DetectorProblem[]): Declared | undefined {
  const kind = kinds.get(name)
  if (kind === undefined) {
    const [column] = featureKinds.filter((candidate) => candidate.kind === 'column')
    return { kind: column, parameters: name, path }
  }
  const parsed = kind.parameters.safeParse({})
  if (parsed.success) return { kind, parameters: {}, path }
  const wanted = parsed.error.issues.map((issue) => issue.path.join('.')).filter((parameter) => parameter !== '')
  problems.push({ path, reason: `${name} needs more parameters: ${wanted.join(', ')}` })
  return undefined
}

function whyNot(parameter: string, kind: FeatureKind): string {
  const allowed = parametersOf(kind)
  if (parameter === 'delay') {
    return `a delay moves a window back, and ${kind.kind} ${allowed.includes('over') ? 'begins at the transaction itself' : 'has no window'}; leave it out`
  }
  const none = allowed.length === 0 ? `; ${kind.kind} has no parameters` : suggestion(parameter, allowed)
  return `${kind.kind} has no parameter "${parameter}"${none}`
}

/** The names of a kind's parameters. */
function parametersOf({ parameters }: FeatureKind): readonly string[] {
  return 'shape' in parameters && typeof parameters.shape === 'object' ? Object.keys(parameters.shape ?? {}) : []
}
