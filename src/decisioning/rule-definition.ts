import { z } from '../core/zod.ts'
import { durationSchema, outcomes } from '../detector/detector-schema.ts'
import { strengths } from './opinion.ts'

/** A draft is only kept, a shadow is evaluated and recorded without effect, and what is off waits to be switched on. */
export const ruleStates = ['draft', 'shadow', 'live', 'off'] as const

const nameForms = 'use letters, digits, ".", "_" and "-", at most 64, the first a letter or a digit'

export const ruleIdSchema = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/, nameForms)
export const instantSchema = z.iso.datetime({ offset: true, error: 'write an ISO 8601 time with its offset' })
export const noteSchema = z.string().max(2000)

const capSchema = z.strictObject({
  /** How often it may have an effect. */
  count: z.int().min(1).max(1_000_000_000),
  over: durationSchema,
})

/** What a rule is, as people write it. Whether its condition can be read is the rule language's matter. */
export const ruleSchema = z
  .strictObject({
    id: ruleIdSchema,
    when: z.string().min(1).max(4096),
    then: z.enum([...outcomes, 'tag']),
    /** The reason for people, with {NAME} for the value of a name. */
    reason: z.string().min(1).max(500).optional(),
    strength: z.enum(strengths).optional(),
    /** The state is shadow by default: a rule is observed before it decides. */
    state: z.enum(ruleStates).default('shadow'),
    /** The share of matching transactions that the rule has an effect on, by a draw. */
    share: z.number().min(0).max(1).optional(),
    from: instantSchema.optional(),
    until: instantSchema.optional(),
    cap: capSchema.optional(),
    tags: z
      .array(z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._:-]{0,63}$/, nameForms))
      .max(20)
      .optional(),
    note: noteSchema.optional(),
  })
  .refine(({ then, tags = [] }) => then !== 'tag' || tags.length > 0, {
    path: ['tags'],
    error: 'a rule that only tags needs at least one tag',
  })
  .refine(({ then, strength }) => then !== 'tag' || strength === undefined, {
    path: ['strength'],
    error: 'a rule that only tags has no outcome, and so no strength',
  })
  .refine(({ from, until }) => from === undefined || until === undefined || Date.parse(from) < Date.parse(until), {
    path: ['until'],
    error: 'a rule ends after it begins',
  })

export type RuleDefinition = Readonly<z.infer<typeof ruleSchema>>
