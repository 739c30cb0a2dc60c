import { suggestion } from '../../core/closest-name.ts'
import { FraudError } from '../../core/errors.ts'
import { showValue } from '../../core/show-value.ts'
import { parseYamlFile } from '../../core/yaml-file.ts'
import { z } from '../../core/zod.ts'
import type { Choice, Dimension, Range } from '../../learners/dimensions.ts'
import { type Learner, learners, type ModelChoice, modelSchema } from '../../learners/model-choice.ts'

/** What a search may set of one learner, and what stays as it is. */
export interface LearnerSpace {
  readonly learner: Learner
  readonly base: ModelChoice
  readonly dimensions: readonly Dimension[]
}

const orderSchema = z.array(z.object({ learner: z.string(), dimensions: z.array(z.object({ name: z.string() })) }))

/** The same spaces in the order that a journal has them in, since what is drawn depends on it. */
export function inOrderOf(told: unknown, spaces: readonly LearnerSpace[]): readonly LearnerSpace[] {
  return orderSchema.parse(told).flatMap(({ learner, dimensions }) => {
    const space = spaces.find((each) => each.learner === learner)
    const ordered = dimensions.flatMap(({ name }) => space?.dimensions.find((each) => each.name === name) ?? [])
    return space === undefined ? [] : { ...space, dimensions: ordered }
  })
}

/** A space as its file declares it. */
export interface DeclaredSpace {
  readonly learners: readonly Learner[]
  readonly seed?: number
  readonly dimensions: ReadonlyMap<Learner, readonly Dimension[]>
}

/** Names of a learner's options that a space may set: those of the detector's `model`. */
export type OptionsOf = (learner: Learner) => readonly string[]

interface Problem {
  readonly path: readonly PropertyKey[]
  readonly reason: string
}

const learnerName = z.enum(learners, { error: `the learners are ${learners.join(', ')}` })

const fileSchema = z.strictObject({
  learner: z.union([learnerName.transform((name) => [name]), z.array(learnerName).min(1)]).optional(),
  seed: z.int().min(0).optional(),
  space: z.partialRecord(learnerName, z.record(z.string(), z.unknown())).optional(),
})

const rangeSchema = z.strictObject({
  from: z.number(),
  to: z.number(),
  scale: z.enum(['linear', 'log']).default('linear'),
  whole: z.boolean().default(false),
})

/**
 * Reads the text of a space file.
 *
 * @throws FraudError SPACE_INVALID, with line, path and reason of everything that is wrong.
 */
export function parseSpace(text: string, source: string, optionsOf: OptionsOf): DeclaredSpace {
  const { value, locate } = parseYamlFile(text, source, { what: 'space', code: 'SPACE_INVALID' })
  const parsed = fileSchema.safeParse(value)
  if (!parsed.success) throw spaceError(parsed.error.issues.flatMap(problemsOf), locate)
  const { learner, seed, space = {} } = parsed.data
  const problems: Problem[] = []
  const dimensions = new Map<Learner, readonly Dimension[]>()
  for (const name of learners) {
    if (space[name] === undefined) continue
    const read = Object.entries(space[name]).map(([option, said]) => readDimension(name, option, said, optionsOf(name)))
    problems.push(...read.flatMap((each) => ('kind' in each ? [] : each)))
    dimensions.set(
      name,
      read.flatMap((each) => ('kind' in each ? each : [])),
    )
  }
  const named = learner ?? [...dimensions.keys()]
  if (named.length === 0) problems.push({ path: [], reason: 'name a learner, or options of one under space' })
  const unused = learner && [...dimensions.keys()].find((name) => !learner.includes(name))
  if (unused !== undefined) problems.push({ path: ['space', unused], reason: 'learner does not list it' })
  if (problems.length > 0) throw spaceError(problems, locate)
  return { learners: [...new Set(named)], dimensions, ...(seed !== undefined && { seed }) }
}

function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const names = issue.path.length === 0 ? Object.keys(fileSchema.shape) : learners
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      reason: `there is no such field here${suggestion(key, names)}`,
    }))
  }
  const inner = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined
  return [{ path: issue.path, reason: inner ?? issue.message }]
}

function spaceError(problems: readonly Problem[], locate: (path: readonly PropertyKey[]) => string): FraudError {
  const named = problems.map(({ path, reason }) => ({ path, field: path.join('.') || 'space', reason }))
  const message = named.map(({ path, field, reason }) => `${locate(path)}: ${field}: ${reason}`).join('\n')
  return new FraudError('SPACE_INVALID', message, { errors: named.map(({ field, reason }) => ({ field, reason })) })
}

function readDimension(learner: Learner, name: string, said: unknown, options: readonly string[]) {
  const path = ['space', learner, name]
  const names = [...options, 'scale', 'oversample'].filter((each) => each !== 'seed' && isModelOption(each))
  if (!isModelOption(name) || !names.includes(name)) {
    return [{ path, reason: `${learner} has no option "${showValue(name)}"${suggestion(name, names)}` }]
  }
  const isRange = typeof said === 'object' && said !== null && ('from' in said || 'to' in said)
  return isRange ? readRange(name, said, path) : readChoice(name, Array.isArray(said) ? said : [said], path)
}

type ModelOption = keyof typeof modelSchema.shape

function isModelOption(name: string): name is ModelOption {
  return Object.hasOwn(modelSchema.shape, name)
}

function readChoice(name: ModelOption, values: readonly unknown[], path: readonly PropertyKey[]): Choice | Problem[] {
  if (values.length === 0) return [{ path, reason: 'list at least one value' }]
  const texts = values.map((value) => JSON.stringify(value))
  const problems = values.flatMap((value, i): Problem[] => {
    const reason = texts.indexOf(texts[i]) < i ? `${texts[i]} is listed twice` : whyNot(name, value)
    return reason === undefined ? [] : [{ path: [...path, i], reason }]
  })
  return problems.length > 0 ? problems : { kind: 'choice', name, values }
}

function readRange(name: ModelOption, said: unknown, path: readonly PropertyKey[]): Range | Problem[] {
  const parsed = rangeSchema.safeParse(said)
  if (!parsed.success) {
    return parsed.error.issues.map((issue) => ({
      path: [...path, ...issue.path],
      reason: issue.code === 'unrecognized_keys' ? 'a range has from, to, scale and whole' : issue.message,
    }))
  }
  const { from, to, scale, whole } = parsed.data
  if (!(from < to)) return [{ path, reason: `from (${from}) must be less than to (${to})` }]
  if (scale === 'log' && from <= 0) return [{ path: [...path, 'from'], reason: 'a log scale needs a start above 0' }]
  if (whole && !(Number.isInteger(from) && Number.isInteger(to))) {
    return [{ path, reason: 'a whole range needs whole ends' }]
  }
  // What an option may be has no gaps, so its ends speak for all between them but the fractions.
  for (const value of [from, to]) {
    const reason = whyNot(name, value)
    if (reason !== undefined) return [{ path, reason: `${value} is refused: ${reason}` }]
  }
  const between = from + (to - from) / Math.SQRT2
  if (!whole && whyNot(name, between) !== undefined) {
    return [{ path, reason: `${name} takes whole numbers: add whole: true` }]
  }
  return { kind: 'range', name, from, to, scale, whole }
}

/** What the detector's own schema says against a value. */
function whyNot(name: ModelOption, value: unknown): string | undefined {
  if (value === undefined) return 'it is missing'
  return modelSchema.shape[name].safeParse(value).error?.issues[0]?.message
}
