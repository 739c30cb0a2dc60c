import { type FieldError, FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import { readNumber } from '../core/option-text.ts'
import { readIsoTime } from '../core/time-parser.ts'
import { z } from '../core/zod.ts'
import { listNameSchema, listSchema } from '../decisioning/list-definition.ts'
import { policySchema } from '../decisioning/policy-definition.ts'
import { instantSchema, ruleSchema } from '../decisioning/rule-definition.ts'
import type { ModelChoice } from '../learners/model-choice.ts'

const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i, 'use letters, digits, ".", "_" and "-", at most 64')
const path = z.string().min(1).max(4096)
const share = z.number().gt(0).lt(1)

/** What a backtest leaves in its folder. */
export const backtestFiles = { figures: 'backtest.json', page: 'backtest.html' } as const

/** What a comparison leaves in its folder. */
export const comparisonFiles = { figures: 'comparison.json', page: 'comparison.html' } as const

/** What a training and an import leave in their folder beside it. */
export const jobBundle = 'model.safetensors'

/** The page that a job of a kind leaves, for people. */
export const jobPages = {
  training: 'model-report.html',
  import: undefined,
  optimisation: undefined,
  backtest: backtestFiles.page,
  comparison: comparisonFiles.page,
} as const

/** In the place of a model: rules and lists alone. */
export const noModel = 'none'

/** What of a backtest's request says what is tested. */
const tested = ['rule', 'rules', 'list', 'policy', 'model'] as const

/** As the time column has it, which is known once the file is read. */
function isTime(text: string): boolean {
  return Number.isFinite(readIsoTime(text, () => 0)) || Number.isFinite(readNumber(text))
}

const trainingSchema = z.strictObject({
  kind: z.literal('training'),
  /** The name of the folder that the bundle and its report are written to. */
  name,
  /** Labelled transactions; the log of the data directory by default. */
  file: path.optional(),
  /** A detector file; by default the log's last detector, or one inferred from the file. */
  detector: path.optional(),
  preset: z.enum(['default', 'recipe']).optional(),
  /** As in a detector file; checked once the learners are loaded. */
  model: z.record(z.string(), z.unknown()).optional(),
  split: z.enum(['time', 'random']).optional(),
  testShare: share.optional(),
  testFrom: z.string().min(1).max(64).refine(isTime, 'it must be an ISO time, or a number').optional(),
  threads: z.int().min(1).max(256).optional(),
  threshold: share.optional(),
  refit: z.boolean().optional(),
  leakCheck: z.boolean().optional(),
  allowLeak: z.array(z.string().min(1)).max(1000).optional(),
  acceptLostHistories: z.boolean().optional(),
  /** Without labels: the share that is flagged. */
  flagShare: share.optional(),
  /** Of a log: whether features that only its policy looks at are inputs, too. */
  policyFeatures: z.boolean().optional(),
})

const importSchema = z.strictObject({
  kind: z.literal('import'),
  name,
  /** A model of another library. */
  file: path,
  detector: path,
  threshold: share.optional(),
  allTrees: z.boolean().optional(),
  categoryNumbers: z.boolean().optional(),
})

const optimisationSchema = z.strictObject({
  kind: z.literal('optimisation'),
  /** The name of the folder that the policy is written to. */
  name,
  /** A bundle; the data directory's own by default. */
  bundle: path.optional(),
  /** Labelled transactions; the log of the data directory by default. */
  file: path.optional(),
  /** With its costs. */
  policy: policySchema,
  reviewsPerDay: z.int().min(1).optional(),
  acceptLostHistories: z.boolean().optional(),
})

const instant = instantSchema.describe('A time with its offset')
const documentsSchema = z.strictObject({
  policy: policySchema.optional(),
  rules: z.array(ruleSchema).max(10_000).optional(),
  lists: z.array(listSchema).max(1000).optional(),
})

const backtestFields = z.strictObject({
  kind: z.literal('backtest'),
  /** The name of the folder that the figures and their page are written to. */
  name,
  /** A rule that is live beside those in force, or in the place of the one with its id. */
  rule: ruleSchema.optional(),
  rules: z.array(ruleSchema).max(10_000).optional(),
  /** A list of the policy, with the effect that is to be tested. */
  list: z.strictObject({ name: listNameSchema, effect: z.enum(['block', 'allow', 'watch']).optional() }).optional(),
  /** In the place of what is in force; what it does not speak of stays. */
  policy: documentsSchema.optional(),
  compare: documentsSchema.optional(),
  /** A bundle whose scores take the place of those that were recorded. */
  model: path.optional(),
  from: instant.optional(),
  to: instant.optional(),
  knownBy: instant.optional(),
  entriesNow: z.boolean().optional(),
  examples: z.int().min(0).max(1000).optional(),
  threads: z.int().min(1).max(256).optional(),
})

const backtestSchema = backtestFields.refine((given) => tested.some((each) => given[each] !== undefined), {
  path: ['rule'],
  error: `say what is to be tested: ${tested.join(', ')}`,
})

const comparisonSchema = z
  .strictObject({
    kind: z.literal('comparison'),
    /** The name of the folder that the figures and their page are written to. */
    name,
    /** A model's id, a bundle, or `none` for rules and lists alone; the champion by default. */
    a: path.optional(),
    /** The same. */
    b: path,
    from: instant.optional(),
    to: instant.optional(),
    knownBy: instant.optional(),
    /** Metrics count what a model was trained on, too. */
    includeTraining: z.boolean().optional(),
    /** What intervals draw. */
    draw: z.enum(['transaction', 'day']).optional(),
    replicates: z.int().min(100).max(100_000).optional(),
    seed: z.int().min(0).optional(),
  })
  .refine(({ a, b }) => a !== noModel || b !== noModel, { path: ['b'], error: 'one of both has to be a model' })

export type TrainingRequest = Readonly<Omit<z.infer<typeof trainingSchema>, 'model'>> & {
  readonly model?: ModelChoice | undefined
}
type ImportRequest = Readonly<z.infer<typeof importSchema>>
type OptimisationRequest = Readonly<z.infer<typeof optimisationSchema>>
export type BacktestJobRequest = Readonly<z.infer<typeof backtestSchema>>
export type ComparisonJobRequest = Readonly<z.infer<typeof comparisonSchema>>
export type JobRequest =
  | TrainingRequest
  | ImportRequest
  | OptimisationRequest
  | BacktestJobRequest
  | ComparisonJobRequest
export const jobKinds: readonly JobRequest['kind'][] = ['training', 'import', 'optimisation', 'backtest', 'comparison']

const schemas = {
  import: importSchema,
  optimisation: optimisationSchema,
  backtest: backtestSchema,
  comparison: comparisonSchema,
}

/** With the learners, which a service loads only when a training is asked of it. */
async function trainingWithModel() {
  const { modelSchema } = await import('../learners/model-choice.ts')
  return trainingSchema.extend({ model: modelSchema.optional() })
}

/** What a request may be, for the OpenAPI document. */
export function jobRequestSchema(): object {
  return jsonSchemaOf(z.union([trainingSchema, ...Object.values(schemas)]))
}

/** The same of a backtest alone, which may be without a name. */
export function backtestRequestSchema(): object {
  return jsonSchemaOf(backtestFields.omit({ kind: true }).extend({ name: name.optional() }))
}

function jsonSchemaOf(given: z.ZodType): object {
  const { $schema: _, ...schema } = z.toJSONSchema(given, { io: 'input' })
  return schema
}

/** @throws FraudError INPUT_INVALID with every bad field */
export async function readJobRequest(value: unknown): Promise<JobRequest> {
  const kind = isRecord(value) ? value.kind : undefined
  const known = jobKinds.find((each) => each === kind)
  if (known === undefined) {
    throw refused([{ field: 'kind', reason: `it must be ${jobKinds.map((each) => `"${each}"`).join(', ')}` }])
  }
  const schema = known === 'training' ? await trainingWithModel() : schemas[known]
  const { data, error } = schema.safeParse(value)
  if (error !== undefined) {
    throw refused(error.issues.map((issue) => ({ field: issue.path.join('.') || '(body)', reason: issue.message })))
  }
  if (data.kind === 'training' && data.split === 'random' && data.testFrom !== undefined)
    throw refused([{ field: 'testFrom', reason: 'needs a split by time, and this one is random' }])
  return data
}

function refused(errors: readonly FieldError[]): FraudError {
  const told = errors.map(({ field, reason }) => `${field}: ${reason}`).join('; ')
  return new FraudError('INPUT_INVALID', `Not a valid job: ${told}`, { errors })
}
