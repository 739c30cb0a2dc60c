import { z } from '../core/zod.ts'

/** `name@` and 12 hex digits, as bundles are named. */
export const modelIdSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}@[0-9a-f]{12}$/i)

const rate = z.number().min(0).max(1)

/** What a canary may do before it is rolled back by itself. */
export const guardSchema = z.strictObject({
  /** Decisions of the canary before any of it is looked at. */
  minDecisions: z.int().min(1).default(1000),
  /** By how much the share of each outcome may differ from the champion's over the same time. */
  rateDifference: rate.default(0.05),
  /** The share of its decisions that may be without a score. */
  faultRate: rate.default(0.01),
  /** How long a decision of the canary may take, at the 99th percentile. */
  p99Ms: z.number().positive().optional(),
  /**
   * How much of the champion's share of decisions that were not approved, and are known to be fraud, it has to reach: one
   * that approves everything has the outcomes of a champion that approves nearly everything.
   */
  leastFound: rate.default(0.5),
  /** Decisions of the canary that were not approved before its precision is looked at. */
  minFlagged: z.int().min(1).default(100),
})

const canarySchema = z.strictObject({
  /** The share of the key's values that it decides. */
  share: z.number().gt(0).max(0.5),
  /** The key by which the draw is made, so that a customer stays on one side. */
  by: z.string().min(1).max(128),
  guard: guardSchema.prefault({}),
})

/** What the log says of a bundle beside what the bundle says of itself. */
const addedSchema = z.strictObject({
  kind: z.literal('added'),
  model: modelIdSchema,
  bytes: z.int().min(1),
  /** The model that it is meant to follow. */
  parent: modelIdSchema.optional(),
  detector: z.string(),
  learner: z.string(),
  preset: z.string(),
  features: z.int().min(0),
  training: z.record(z.string(), z.unknown()),
  /** Null where it learned without labels: nothing was measured. */
  metrics: z.record(z.string(), z.unknown()).nullable(),
})

const changes = [
  addedSchema,
  /** Its file is gone. `forgets` where decisions that are kept name it. */
  z.strictObject({ kind: z.literal('removed'), model: modelIdSchema, forgets: z.literal(true).optional() }),
  z.strictObject({ kind: z.literal('champion'), model: modelIdSchema }),
  z.strictObject({ kind: z.literal('canary'), model: modelIdSchema, ...canarySchema.shape }),
  z.strictObject({ kind: z.literal('shadow'), model: modelIdSchema }),
  z.strictObject({ kind: z.literal('retired'), model: modelIdSchema }),
  /** What is in force is again what it was in a version. */
  z.strictObject({ kind: z.literal('rollback'), to: z.int().min(0) }),
] as const

/** Everything that can be done to models: what a record of the kind `deployment` holds. */
export const deploymentSchema = z.discriminatedUnion('kind', changes)
export type Deployment = Readonly<z.infer<typeof deploymentSchema>>
export type AddedModel = Readonly<z.infer<typeof addedSchema>>
export type Guard = Readonly<z.infer<typeof guardSchema>>

export const modelRoles = ['champion', 'canary', 'shadow', 'retired'] as const
export type ModelRole = (typeof modelRoles)[number]

/** What somebody asks for: a role of a model. */
export const deployRequestSchema = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('champion') }),
  z.strictObject({ role: z.literal('canary'), ...canarySchema.shape }),
  z.strictObject({ role: z.literal('shadow') }),
  z.strictObject({ role: z.literal('retired') }),
])
export type DeployRequest = Readonly<z.infer<typeof deployRequestSchema>>

export interface Canary {
  readonly id: string
  readonly share: number
  readonly by: string
  readonly guard: Guard
}

/** Who is in force. Without a champion nobody has deployed one, and the bundle that is served is the operator's choice. */
export interface ModelsInForce {
  readonly champion: string | undefined
  readonly canary: Canary | undefined
  /** In the order in which they were deployed. */
  readonly shadows: readonly string[]
}

export const nobodyInForce: ModelsInForce = { champion: undefined, canary: undefined, shadows: [] }

export function roleIn({ champion, canary, shadows }: ModelsInForce, id: string): ModelRole | undefined {
  if (champion === id) return 'champion'
  if (canary?.id === id) return 'canary'
  return shadows.includes(id) ? 'shadow' : undefined
}

/** Who is in force after a change, which was checked before; a rollback is of a history, and not of this. */
export function inForceAfter(before: ModelsInForce, change: Exclude<Deployment, { kind: 'rollback' }>): ModelsInForce {
  if (change.kind === 'added') return before
  const { model } = change
  const without: ModelsInForce = {
    champion: before.champion,
    canary: before.canary?.id === model ? undefined : before.canary,
    shadows: before.shadows.filter((id) => id !== model),
  }
  if (change.kind === 'champion') return { ...without, champion: model }
  if (change.kind === 'shadow') return { ...without, shadows: [...without.shadows, model] }
  if (change.kind !== 'canary') return without
  const { share, by, guard } = change
  return { ...without, canary: { id: model, share, by, guard } }
}
