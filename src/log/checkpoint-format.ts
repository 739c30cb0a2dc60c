import { z } from '../core/zod.ts'
import { definitionFromJson, definitionToJson, UnknownFormat } from './definition-format.ts'
import type { CarriedPart, CheckpointRecord } from './log-record.ts'

const carriedSchema = z.record(z.string(), z.object({ version: z.int().positive(), state: z.base64() }))

const checkpointSchema = z.looseObject({
  prunedThrough: z.number(),
  hash: z.string(),
  definitions: z.record(z.string(), z.unknown()),
  carried: carriedSchema.exactOptional(),
  deflated: carriedSchema.exactOptional(),
  prunedAtMs: z.number(),
})

export function checkpointToJson({ kind: _, carried, ...checkpoint }: CheckpointRecord): object {
  const told = Object.entries(checkpoint.definitions).map(([sequence, each]) => [sequence, definitionToJson(each)])
  return { ...checkpoint, definitions: Object.fromEntries(told), ...(carried && carriedToJson(carried)) }
}

/** A checkpoint stands for records that are gone, so one that carries more than is known can't be skipped in part. */
export function checkpointFromJson(json: unknown): Omit<CheckpointRecord, 'kind'> {
  const { prunedThrough, hash, definitions, carried, deflated, prunedAtMs, ...others } = checkpointSchema.parse(json)
  const [other] = Object.keys(others)
  if (other !== undefined) throw new UnknownFormat(`a checkpoint with "${other}", which this version does not know`)
  const known = Object.entries(definitions).map(([sequence, each]) => [sequence, definitionFromJson(each)])
  const parts = carriedFromJson(carried, deflated)
  return { prunedThrough, hash, definitions: Object.fromEntries(known), ...(parts && { carried: parts }), prunedAtMs }
}

type CarriedJson = z.infer<typeof carriedSchema>

/** Deflated parts are under a name of their own, so that a version which can't read them refuses the checkpoint. */
function carriedToJson(carried: Readonly<Record<string, CarriedPart>>) {
  const plain: CarriedJson = {}
  const deflated: CarriedJson = {}
  for (const [name, { isDeflated, ...part }] of Object.entries(carried)) (isDeflated ? deflated : plain)[name] = part
  return { carried: plain, ...(Object.keys(deflated).length > 0 && { deflated }) }
}

function carriedFromJson(
  plain: CarriedJson | undefined,
  deflated: CarriedJson | undefined,
): Readonly<Record<string, CarriedPart>> | undefined {
  if (plain === undefined && deflated === undefined) return undefined
  const parts = Object.entries(deflated ?? {}).map(([name, part]) => [name, { ...part, isDeflated: true }] as const)
  return { ...plain, ...Object.fromEntries<CarriedPart>(parts) }
}
