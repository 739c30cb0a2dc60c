import { z } from '../core/zod.ts'
import { entrySchema, listNameSchema, listSchema } from './list-definition.ts'
import { policySchema } from './policy-definition.ts'
import { instantSchema, ruleIdSchema, ruleSchema, ruleStateSchema } from './rule-definition.ts'

const version = z.int().min(0)

const changes = [
  /** A rule is added, or takes the place of the one with its id. */
  z.strictObject({ kind: z.literal('rule'), rule: ruleSchema }),
  z.strictObject({ kind: z.literal('rule-state'), id: ruleIdSchema, state: ruleStateSchema }),
  z.strictObject({ kind: z.literal('rule-removed'), id: ruleIdSchema }),
  /** The rule is silent for one value of a key or a field until a time; an earlier snooze of it ends. */
  z.strictObject({
    kind: z.literal('snooze'),
    rule: ruleIdSchema,
    key: z.string().min(1).max(128),
    value: z.string().min(1).max(512),
    until: instantSchema,
  }),
  z.strictObject({ kind: z.literal('list'), list: listSchema }),
  z.strictObject({ kind: z.literal('list-removed'), name: listNameSchema }),
  z.strictObject({
    kind: z.literal('entries'),
    list: listNameSchema,
    remove: z.array(z.string().min(1).max(512)).optional(),
    add: z.array(entrySchema).optional(),
  }),
  z.strictObject({ kind: z.literal('policy'), policy: policySchema }),
  z.strictObject({ kind: z.literal('fuse-reset'), fuse: z.string().min(1).max(80) }),
  /** Policy, rules and definitions of lists are again what they were in a version. */
  z.strictObject({ kind: z.literal('rollback'), to: version }),
] as const

/** Everything that can be done to what is in force. */
export const singleChangeSchema = z.discriminatedUnion('kind', changes)

/** A change, or several that count together or not at all, as of a directory of files. */
export const anyChangeSchema = z.discriminatedUnion('kind', [
  ...changes,
  z.strictObject({ kind: z.literal('together'), changes: z.array(singleChangeSchema).min(1).max(100_000) }),
])

export type SingleChange = Readonly<z.infer<typeof singleChangeSchema>>
export type Change = Readonly<z.infer<typeof anyChangeSchema>>

/** A change as the log keeps it. */
export interface ChangeRecord {
  /** Its place in the log. */
  readonly sequence: number
  /** Who made it, and why. */
  readonly by: string
  readonly why?: string
  readonly atMs: number
  readonly change: Change
}

export function singleChanges(change: Change): readonly SingleChange[] {
  return change.kind === 'together' ? change.changes : [change]
}

/** Whether decisions name another version from a change on: those after entries and snoozes do not. */
export function movesVersion(change: Change): boolean {
  return singleChanges(change).some(({ kind }) => kind !== 'entries' && kind !== 'snooze')
}
