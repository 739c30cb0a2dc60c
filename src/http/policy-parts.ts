import { suggestion } from '../core/closest-name.ts'
import { FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import type { UnknownCount } from '../decisioning/index.ts'

/** The part of the policy that a path names. @throws FraudError POLICY_PART_UNKNOWN */
export function partOf<Part>(what: 'rule' | 'list', name: string, parts: ReadonlyMap<string, Part>): Part {
  const part = parts.get(name)
  if (part !== undefined) return part
  const hint = parts.size === 0 ? '' : suggestion(name, [...parts.keys()])
  throw new FraudError('POLICY_PART_UNKNOWN', `There is no ${what} "${showValue(name)}"${hint}`)
}

/** How often a rule could not be told, as answers have it. */
export function tellUnknown({ count, decisions, sinceMs }: UnknownCount) {
  return { count, decisions, since: sinceMs === undefined ? null : new Date(sinceMs).toISOString() }
}
