import { z } from '../core/zod.ts'
import { outcomes } from '../detector/detector-schema.ts'
import { durationSchema } from '../detector/duration-schema.ts'
import { strengths } from './opinion.ts'
import { oneOf, tellNames } from './other-words.ts'

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

/** What other systems say. */
const outcomeWords = {
  approve: 'allow accept pass whitelist allowlist',
  challenge: '3ds otp step-up stepup request_3ds verify authenticate',
  review: 'flag hold queue alert manual manual_review watch',
  decline: 'block deny reject refuse blacklist blocklist stop',
  tag: 'label mark',
}
const stateWords = {
  draft: 'new edit',
  shadow: 'test testing monitor observe dry-run dryrun silent log',
  live: 'active enabled enable on true production prod deployed',
  off: 'inactive disabled disable false paused archived',
}
export const ruleStateSchema = oneOf(ruleStates, stateWords)
const nameWords = {
  id: 'name key',
  when: 'if condition expression predicate rule where',
  then: 'action outcome decision effect',
  reason: 'message text',
  state: 'status enabled active mode',
  share: 'percent percentage rollout sample',
  from: 'start startsat starts_at validfrom',
  until: 'end endsat ends_at expires expiresat validuntil',
  cap: 'limit max',
  tags: 'tag labels',
  note: 'description comment notes',
}

const ruleShape = {
  id: ruleIdSchema,
  when: z.string().min(1).max(4096),
  then: oneOf([...outcomes, 'tag'], outcomeWords, {
    block: 'and a list with effect: block declines the values that are on it',
    allow: 'with strength: override where it is to win over rules that decline',
  }),
  /** The reason for people, with {NAME} for the value of a name. */
  reason: z.string().min(1).max(500).optional(),
  strength: oneOf(strengths, { final: 'absolute hard always', override: 'soft', plain: 'normal default' }).optional(),
  /** The state is shadow by default: a rule is observed before it decides. */
  state: ruleStateSchema.default('shadow'),
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
}

/** What a rule is, as people write it. Whether its condition can be read is the rule language's matter. */
export const ruleSchema = z
  .strictObject(ruleShape, { error: tellNames(Object.keys(ruleShape), nameWords) })
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
