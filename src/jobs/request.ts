import { type FieldError, FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import { readIsoTime } from '../core/time-parser.ts'
import { z } from '../core/zod.ts'
import { policySchema } from '../decisioning/policy-definition.ts'
import type { ModelChoice } from '../learners/model-choice.ts'

const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i, 'use letters, digits, ".", "_" and "-", at most 64')
const path = z.string().min(1).max(4096)
const share = z.number().gt(0).lt(1)

/** As the time column has it, which is known once the file is read. */
function isTime(text: string): boolean {
  return Number.isFinite(readIsoTime(text, () => 0)) || (text.trim() !== '' && Number.isFinite(Number(text)))
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

export type TrainingRequest = Readonly<Omit<z.infer<typeof trainingSchema>, 'model'>> & {
  readonly model?: ModelChoice | undefined
}
type ImportRequest = Readonly<z.infer<typeof importSchema>>
type OptimisationRequest = Readonly<z.infer<typeof optimisationSchema>>
export type JobRequest = TrainingRequest | ImportRequest | OptimisationRequest
export const jobKinds: readonly JobRequest['kind'][] = ['training', 'import', 'optimisation']

/** With the learners, which a service loads only when a training is asked of it. */
async function trainingWithModel() {
  const { modelSchema } = await import('../learners/model-choice.ts')
  return trainingSchema.extend({ model: modelSchema.optional() })
}

/** What a request may be, for the OpenAPI document. */
export function jobRequestSchema(): object {
  const { $schema: _, ...schema } = z.toJSONSchema(z.union([trainingSchema, importSchema, optimisationSchema]), {
    io: 'input',
  })
  return schema
}

/** @throws FraudError INPUT_INVALID with every bad field */
export async function readJobRequest(value: unknown): Promise<JobRequest> {
  const kind = isRecord(value) ? value.kind : undefined
  const known = jobKinds.find((each) => each === kind)
  if (known === undefined) {
    throw refused([{ field: 'kind', reason: 'it must be "training", "import" or "optimisation"' }])
  }
  const schema =
    known === 'training' ? await trainingWithModel() : known === 'import' ? importSchema : optimisationSchema
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
