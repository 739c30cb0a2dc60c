import { formatIsoTime } from '../core/time-parser.ts'
import { isChange, PolicyProjection } from '../deciding/policy-projection.ts'
import { namesOf } from '../deciding/policy-vocabulary.ts'
import { loadCarried } from '../deciding/rebuild.ts'
import type { SingleChange } from '../decisioning/change.ts'
import type { Definitions, PolicyInForce } from '../decisioning/index.ts'
import { anyChangeSchema } from '../decisioning/index.ts'
import { policyOf } from '../decisioning/policy.ts'
import type { Detector } from '../detector/detector.ts'
import { compileDetector } from '../features/feature-set.ts'
import { scanPolicy } from '../stores/sqlite/scan-log.ts'
import type { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'
import { entriesChange, type FollowedChange, followedOf } from './trial.ts'

/** The policy that a log has come to. */
export interface Standing {
  readonly definitions: Definitions
  readonly version: number
  /** What draws are made under; empty where nobody has changed the policy. */
  readonly secret: Uint8Array
  /** What lists hold, and for whom rules are silent, before the first record that is kept, and after the last. */
  readonly before: readonly SingleChange[]
  readonly after: readonly SingleChange[]
  /** What changes of that are in between. */
  readonly followed: readonly FollowedChange[]
}

/** Folds the changes of a log alone: there are few of them among many decisions. */
export function readStanding(reader: SqliteLogReader, detector: Detector, through: number): Standing {
  const projection = new PolicyProjection(
    namesOf({ detector, features: compileDetector(detector) }),
    policyOf(detector),
  )
  const { [projection.name]: carried } = reader.carried()
  if (carried !== undefined) loadCarried([projection], { [projection.name]: carried })
  const before = heldBy(projection.inForce)
  const followed: FollowedChange[] = []
  for (const record of scanPolicy(reader, through)) {
    projection.take(record, record.sequence)
    if (!isChange(record)) continue
    const { drawSecret: _, ...content } = record.change
    const { sequence, by, why, atMs } = record
    const change = followedOf({ sequence, by, why, atMs, change: anyChangeSchema.parse(content) })
    if (change !== undefined) followed.push(change)
  }
  const { inForce, secret } = projection
  const { version, definitions } = inForce
  return { definitions, version, secret, before, after: heldBy(inForce), followed }
}

function heldBy(policy: PolicyInForce): readonly SingleChange[] {
  const entries = [...policy.definitions.lists.keys()].map((list) =>
    entriesChange(
      list,
      [...(policy.entriesOf(list)?.entries() ?? [])].map(({ value, expiresAtMs }) => ({
        value,
        ...(expiresAtMs !== undefined && { expiresAt: formatIsoTime(expiresAtMs) }),
      })),
    ),
  )
  const snoozes = policy.snoozes.map(({ untilMs, ...snooze }): SingleChange => {
    return { kind: 'snooze', ...snooze, until: formatIsoTime(untilMs) }
  })
  return [...entries, ...snoozes]
}
