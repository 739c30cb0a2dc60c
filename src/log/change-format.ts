import { FraudError } from '../core/errors.ts'
import { isRecord, type JsonObject } from '../core/json-value.ts'
import { z } from '../core/zod.ts'
import type { ChangeRecord } from './log-record.ts'

/** What a change may take: many rules at once are one change, and entries of a long list are several. */
export const changeLimits = { byCharacters: 200, whyCharacters: 1000, tokens: 100_000, bytes: 8 * 2 ** 20 } as const

type ChangeContent = Omit<ChangeRecord, 'kind' | 'unread'>

/** @throws FraudError INPUT_INVALID where it is over a limit */
export function changeToText({ by, why, atMs, change, tokens, approvedBy }: ChangeContent): string {
  const text = JSON.stringify({ by, why, atMs, change, tokens, approvedBy })
  const errors = [
    ...overLimit('by', by.length, changeLimits.byCharacters, 'characters'),
    ...overLimit('why', why.length, changeLimits.whyCharacters, 'characters'),
    ...overLimit('tokens', tokens?.length ?? 0, changeLimits.tokens, 'values'),
    ...overLimit('change', Buffer.byteLength(text), changeLimits.bytes, 'bytes'),
  ]
  if (errors.length > 0) throw new FraudError('INPUT_INVALID', 'The change is too large', { errors })
  return text
}

function overLimit(field: string, size: number, most: number, unit: string) {
  if (size <= most) return []
  return [
    { field, reason: `takes ${size.toLocaleString('en')} ${unit}; at most ${most.toLocaleString('en')} are kept` },
  ]
}

const schema = z.looseObject({
  by: z.string(),
  why: z.string(),
  atMs: z.number(),
  // It comes out of JSON.parse; a record's schema would leave out a name like __proto__.
  change: z.custom<JsonObject>(isRecord),
  tokens: z.array(z.string()).exactOptional(),
  approvedBy: z.string().exactOptional(),
})

/** Fields that a later version added are skipped, and told. */
export function changeFromText(text: string): ChangeContent & { readonly others: readonly string[] } {
  const { by, why, atMs, change, tokens, approvedBy, ...others } = schema.parse(JSON.parse(text))
  const known = { by, why, atMs, change, ...(tokens && { tokens }), ...(approvedBy !== undefined && { approvedBy }) }
  return { ...known, others: Object.keys(others) }
}

/**
 * What a change says, to the projection of its kind.
 *
 * @param does what records of the kind do, as a part of a sentence.
 * @throws FraudError LOG_TOO_NEW where it means nothing to this version: what records make is then not known.
 */
export function contentOfChange<Content>(
  schema: z.ZodType<Content>,
  // What draws are made under is the policy's to keep.
  { change: { drawSecret: _, ...change } }: ChangeRecord,
  sequence: number,
  does: string,
): Content {
  const { success, data, error: cause } = schema.safeParse(change)
  if (success) return data
  const message = `The log's record ${sequence} ${does} that this version does not know. Run the version that wrote it`
  throw new FraudError('LOG_TOO_NEW', message, { cause })
}
