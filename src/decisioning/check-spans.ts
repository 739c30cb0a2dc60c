import { durationMs } from '../core/duration.ts'
import type { PolicyDefinition } from './policy-definition.ts'
import type { RuleDefinition } from './rule-definition.ts'

/** Nothing can be counted over no time. Not a matter of form: a log may hold such a change, and has to be read. */
export function checkSpans(
  { fuses = {} }: Pick<PolicyDefinition, 'fuses'>,
  rules: readonly RuleDefinition[],
): readonly { readonly field: string; readonly reason: string }[] {
  const spans = Object.entries(fuses).flatMap(([outcome, fuse]) =>
    fuse === undefined ? [] : [[`policy.fuses.${outcome}.over`, fuse.over] as const],
  )
  const caps = rules.flatMap(({ id, cap }) => (cap === undefined ? [] : [[`rules.${id}.cap.over`, cap.over] as const]))
  return [...spans, ...caps].flatMap(([field, over]) =>
    durationMs(over) > 0 ? [] : [{ field, reason: 'it must be longer than 0' }],
  )
}
