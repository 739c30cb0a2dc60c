import { z } from '../core/zod.ts'
import { verdicts } from './case.ts'

const opened = z.object({
  sequence: z.number(),
  id: z.string(),
  timestampMs: z.number(),
  score: z.number().nullable(),
  amountMinor: z.number().nullable(),
  // The first records had none.
  currency: z.string().default(''),
  stake: z.number(),
  keys: z.array(z.string()),
  by: z.array(z.string()),
  persons: z.array(z.string()),
})

const id = z.string()
/** What may go with anything that is done: the token of a note's text. */
const noted = { note: z.string().exactOptional() }

/** A record's change, of the kind `case`. Limits are checked where somebody acts, not where a log is read. */
export const actionSchema = z.discriminatedUnion('action', [
  z.object({
    action: z.literal('open'),
    transactions: z.array(opened),
    dueInMs: z.number().exactOptional(),
    expireAfterMs: z.number(),
    ...noted,
  }),
  z.object({ action: z.literal('claim'), case: id, untilMs: z.number() }),
  z.object({ action: z.literal('release'), case: id }),
  z.object({
    action: z.literal('verdict'),
    case: id,
    verdict: z.enum(verdicts),
    transactions: z.array(z.number()),
    code: z.string().exactOptional(),
    ...noted,
  }),
  z.object({ action: z.literal('undo'), case: id, of: z.number(), ...noted }),
  z.object({ action: z.literal('note'), case: id, note: z.string() }),
  z.object({ action: z.literal('snooze'), case: id, untilMs: z.number(), ...noted }),
  z.object({ action: z.literal('assign'), case: id, to: z.string().nullable(), ...noted }),
  z.object({ action: z.literal('escalate'), case: id, to: z.string().exactOptional(), ...noted }),
  z.object({ action: z.literal('link'), case: id, with: id, ...noted }),
  z.object({ action: z.literal('merge'), case: id, into: id, ...noted }),
  /** Brings the secret that the blind sample is drawn under; it is of no case. */
  z.object({ action: z.literal('sample') }),
])

export type RecordedAction = z.infer<typeof actionSchema>
