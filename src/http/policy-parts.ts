import { suggestion } from '../core/closest-name.ts'
import { FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'

/** The part of the policy that a path names. @throws FraudError POLICY_PART_UNKNOWN */
export function partOf<Part>(what: 'rule' | 'list', name: string, parts: ReadonlyMap<string, Part>): Part {
  const part = parts.get(name)
  if (part !== undefined) return part
  const hint = parts.size === 0 ? '' : suggestion(name, [...parts.keys()])
  throw new FraudError('POLICY_PART_UNKNOWN', `There is no ${what} "${showValue(name)}"${hint}`)
}
