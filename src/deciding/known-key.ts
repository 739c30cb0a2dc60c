import { formatIsoTime } from '../core/time-parser.ts'
import type { PolicyInForce } from '../decisioning/index.ts'
import type { KeyUse, KeyValue, KeyView } from '../log/key-views.ts'

type Instant = string | null

/** A list that a value is on, with what its entry says. */
interface ListedKey {
  readonly list: string
  readonly effect: string
  readonly addedAt: string
  readonly by: string
  readonly expiresAt: Instant
  readonly source: string | null
  readonly note: string | null
}

/** What is known of one value of a key: what the log has, and what the policy in force says of it. */
export interface KnownKey extends KeyValue, Omit<KeyView, 'uses' | 'next' | 'isCut'> {
  readonly transactions: readonly (Omit<KeyUse, 'sequence' | 'timestampMs' | 'currency'> & { readonly time: string })[]
  /** The number of the last one, where there are more. */
  readonly next: number | null
  readonly asOf: Instant
  readonly lists: readonly ListedKey[]
  readonly snoozes: readonly { readonly rule: string; readonly until: string }[]
  readonly isCut: Omit<KeyView['isCut'], 'searchedSinceMs'> & { readonly searchedSince: Instant }
}

export function presentKey(
  { key, token }: KeyValue,
  { uses, isCut, ...others }: KeyView,
  policy: PolicyInForce,
  { nowMs, asOfMs }: { readonly nowMs: number; readonly asOfMs: number },
): KnownKey {
  const { searchedSinceMs, ...cut } = isCut
  return {
    ...{ key, token },
    transactions: uses.map(({ sequence: _, currency: __, timestampMs, ...use }) => ({
      ...use,
      time: formatIsoTime(timestampMs),
    })),
    ...others,
    asOf: Number.isFinite(asOfMs) ? formatIsoTime(asOfMs) : null,
    lists: listsWith({ key, token }, policy, nowMs),
    snoozes: policy.snoozes
      .filter((snooze) => snooze.key === key && snooze.value === token && nowMs < snooze.untilMs)
      .map(({ rule, untilMs }) => ({ rule, until: formatIsoTime(untilMs) })),
    isCut: { ...cut, searchedSince: searchedSinceMs === null ? null : formatIsoTime(searchedSinceMs) },
  }
}

function listsWith({ key, token }: KeyValue, policy: PolicyInForce, nowMs: number): readonly ListedKey[] {
  return [...policy.definitions.lists.values()].flatMap(({ name, of, effect }) => {
    const entry = of === key ? policy.entriesOf(name)?.find(token) : undefined
    if (entry === undefined || nowMs >= (entry.expiresAtMs ?? Number.POSITIVE_INFINITY)) return []
    const { addedAtMs, by, expiresAtMs, source = null, note = null } = entry
    const expiresAt = expiresAtMs === undefined ? null : formatIsoTime(expiresAtMs)
    return [{ list: name, effect, addedAt: formatIsoTime(addedAtMs), by, expiresAt, source, note }]
  })
}
