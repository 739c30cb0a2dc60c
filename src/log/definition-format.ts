import { z } from '../core/zod.ts'
import { contributionScales } from '../decisioning/contribution.ts'
import { outcomes } from '../detector/detector-schema.ts'
import { type Definition, recordFormat } from './log-record.ts'

const threshold = z.number().exactOptional()
const fields = {
  detector: z.unknown(),
  model: z.string().nullable(),
  policy: z.looseObject({
    version: z.number(),
    challenge: threshold,
    review: threshold,
    decline: threshold,
    whenUnavailable: z.enum(outcomes),
    deadlineMs: z.number(),
  }),
  columns: z.array(z.string()),
  features: z.array(z.string()),
  policyFeatures: z
    .object({ declared: z.array(z.union([z.string(), z.record(z.string(), z.unknown())])), from: z.number() })
    .exactOptional(),
  contributionScale: z.enum(contributionScales).exactOptional(),
  others: z
    .array(z.object({ model: z.string(), contributionScale: z.enum(contributionScales).exactOptional() }))
    .exactOptional(),
  categories: z.record(z.string(), z.array(z.string())).exactOptional(),
  cardKeyCheck: z.string().exactOptional(),
  personMacsFrom: z.number().exactOptional(),
  runtime: z.string(),
}
const firstForm = z.object(fields)
// What a later version adds is kept, so that a definition that is repeated or outlives its record loses nothing.
const numberedForm = z.object({ format: z.literal(recordFormat), definition: z.looseObject(fields) })
const numbered = z.object({ format: z.number() })

/** What a version that does not know the format must not read. */
export class UnknownFormat extends RangeError {}

/**
 * A definition as JSON. From format 2 on its fields are one level down, so that versions which know of no formats
 * refuse the definition and don't read the records that rest on it as if they were of format 1.
 */
export function definitionToJson({ format, ...definition }: Definition): unknown {
  return format === 1 ? definition : { format, definition }
}

/** @throws UnknownFormat, or zod's error where the value is something else. */
export function definitionFromJson(value: unknown): Definition {
  const { data } = numbered.safeParse(value)
  if (data === undefined) return { ...firstForm.parse(value), format: 1 }
  if (data.format > recordFormat)
    throw new UnknownFormat(`of format ${data.format}, and this version reads up to ${recordFormat}`)
  const { format, definition } = numberedForm.parse(value)
  return { ...definition, format }
}
