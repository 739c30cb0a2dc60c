import { z } from '../core/zod.ts'
import { outcomes } from '../detector/detector-schema.ts'
import { durationSchema } from '../detector/duration-schema.ts'
import { controlGroupSchema } from './control-group.ts'
import { costsSchema } from './costs.ts'
import { strictObject } from './other-words.ts'
import type { Policy } from './policy.ts'
import { noteSchema } from './rule-definition.ts'

const share = z.number().min(0).max(1)

/**
 * The outcomes from mildest to most severe, so that a more severe outcome's threshold can't be under a milder one's.
 */
const graded = ['challenge', 'review', 'decline'] as const

const thresholdsSchema = strictObject({
  challenge: share.optional(),
  review: share.optional(),
  decline: share.optional(),
}).superRefine((thresholds, context) => {
  const given = graded.filter((outcome) => thresholds[outcome] !== undefined)
  given.forEach((outcome, i) => {
    const milder = given[i - 1]
    const [threshold = 0, before = 0] = [thresholds[outcome], milder && thresholds[milder]]
    if (milder === undefined || threshold >= before) return
    const message = `${outcome} is more severe than ${milder}, so its threshold can't be under ${before}`
    context.addIssue({ code: 'custom', path: [outcome], message })
  })
})

const segmentSchema = strictObject({
  name: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9 ._-]{0,63}$/, 'use letters, digits, " ", ".", "_" and "-", at most 64'),
  /** Which transactions it is of, in the rule language. */
  when: z.string().min(1).max(4096),
  thresholds: thresholdsSchema,
})

const fuseSchema = strictObject({
  /** The fuse trips past this share of all decisions that are not final. */
  share: z.number().gt(0).lt(1),
  over: durationSchema,
  /** The least number of decisions that the share is computed from. */
  atLeast: z.int().min(1).max(1_000_000_000),
  /** The milder outcome that takes the other's place. */
  then: z.enum(outcomes),
  /** How long after it was last past its share it stays tripped; as long as `over` by default. */
  coolsAfter: durationSchema.optional(),
})

const fusesSchema = strictObject({
  challenge: fuseSchema.optional(),
  review: fuseSchema.optional(),
  decline: fuseSchema.optional(),
}).superRefine((fuses, context) => {
  for (const outcome of graded) {
    const then = fuses[outcome]?.then
    if (then === undefined || outcomes.indexOf(then) < outcomes.indexOf(outcome)) continue
    context.addIssue({ code: 'custom', path: [outcome, 'then'], message: `it must be milder than ${outcome}` })
  }
})

/** What follows from a score, whatever rules and lists say: what `PUT /v1/policy` sets. */
export const policySchema = strictObject({
  thresholds: thresholdsSchema.default({}),
  /** The first that matches; its thresholds then stand in the place of the others. */
  segments: z.array(segmentSchema).max(100).optional(),
  costs: costsSchema.optional(),
  decideBy: z.enum(['thresholds', 'cost']).default('thresholds'),
  /** Features that rules may use beside the model's, as the detector file writes them. */
  features: z
    .array(z.union([z.string().min(1), z.record(z.string(), z.unknown())]))
    .max(100)
    .optional(),
  fuses: fusesSchema.optional(),
  controlGroup: controlGroupSchema.optional(),
  /** The outcome where no score is available. */
  whenUnavailable: z.enum(outcomes).default('review'),
  /** How long a score may take. */
  deadlineMs: z.int().min(1).max(60_000).default(100),
  note: noteSchema.optional(),
})
  .refine(({ decideBy, costs }) => decideBy !== 'cost' || costs !== undefined, {
    path: ['costs'],
    error: 'to decide by cost it needs costs',
  })
  .superRefine(({ segments = [] }, context) => {
    segments.forEach(({ name }, i) => {
      if (segments.findIndex((each) => each.name === name) === i) return
      context.addIssue({ code: 'custom', path: ['segments', i, 'name'], message: 'another segment has this name' })
    })
  })

export type PolicyDefinition = Readonly<z.infer<typeof policySchema>>

/** The detector file's short form, as the policy that the first start begins with. */
export function fromShortForm({ challenge, review, decline, whenUnavailable, deadlineMs }: Policy): PolicyDefinition {
  const thresholds = {
    ...(challenge !== undefined && { challenge }),
    ...(review !== undefined && { review }),
    ...(decline !== undefined && { decline }),
  }
  return { thresholds, decideBy: 'thresholds', whenUnavailable, deadlineMs }
}
