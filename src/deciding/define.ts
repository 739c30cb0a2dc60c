import { canonicalJson } from '../core/json-value.ts'
import { type Definition, recordFormat } from '../log/log-record.ts'
import { hashesCards } from './card-key.ts'
import type { DetectorInForce } from './detector-in-force.ts'
import { appendDurably, type ServiceLog } from './service-log.ts'
import { allOthers } from './united-features.ts'

/** What a definition says beside the detector, its model and its policy. */
interface DefineOptions {
  /** What records keep of a transaction, in their order. */
  readonly columns: readonly string[]
  /** Tells the key of hashes of card numbers; undefined where there is no key. */
  readonly cardKeyCheck?: string | undefined
  readonly runtime: string
}

/** The definition in force: the log's last one where nothing changed, else a new one, durable. */
export async function define(
  inForce: DetectorInForce,
  log: ServiceLog,
  options: DefineOptions,
): Promise<{ readonly definition: Definition; readonly definitionSequence: number }> {
  const last = log.reading.lastDefinition()
  const isSamePolicy =
    last !== undefined && isSame(last.definition.policy, { ...inForce.policy, version: last.definition.policy.version })
  const version = (last?.definition.policy.version ?? 0) + (isSamePolicy ? 0 : 1)
  const definition = definitionOf(inForce, version, options)
  if (last !== undefined && isSame(withoutPlace(last.definition), definition)) {
    return { definition: last.definition, definitionSequence: last.sequence }
  }
  return { definition, definitionSequence: await appendDurably(log, { kind: 'definition', ...definition }) }
}

/** What is in force, as a definition of it. */
export function definitionOf(
  { detector, predictor, policy, features, own, policyFeatures, others }: DetectorInForce,
  version: number,
  { columns, cardKeyCheck, runtime }: DefineOptions,
): Definition {
  const models = allOthers(others).map(({ predictor: { modelId: model, contributionScale } }) => ({
    ...{ model, ...(contributionScale && { contributionScale }) },
  }))
  return {
    format: recordFormat,
    detector,
    model: predictor?.modelId ?? null,
    policy: { ...policy, version },
    columns,
    features: features.names,
    // Those of others are behind the model's own, too.
    ...(detector.features.length > own.detector.features.length && {
      policyFeatures: { declared: policyFeatures, from: own.detector.features.length },
    }),
    ...(models.length > 0 && { others: models }),
    ...(Object.keys(features.categories).length > 0 && { categories: features.categories }),
    ...(predictor?.contributionScale && { contributionScale: predictor.contributionScale }),
    ...(hashesCards(detector) && cardKeyCheck !== undefined && { cardKeyCheck }),
    runtime,
  }
}

/** What a detector, its model and its policy define; not what the log says of itself with it. */
function withoutPlace({ personMacsFrom, ...content }: Definition): Definition {
  return content
}

/** Both come from JSON, or go there, with their fields in any order. */
function isSame(one: unknown, other: unknown): boolean {
  return canonicalJson(one) === canonicalJson(other)
}
