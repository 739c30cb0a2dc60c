import type { paths } from '../../api/schema.d.ts'
import type { FieldChange } from '../../policy/changes-table.tsx'

export type Rule = paths['/v1/rules']['get']['responses']['200']['content']['application/json']['rules'][number]
export type RuleState = NonNullable<Rule['state']>
export const ruleStates = ['draft', 'shadow', 'live', 'off'] as const satisfies readonly RuleState[]

export const emptyRule: Rule = { id: '', when: '', then: 'review', state: 'draft' }

/** What each state does, for those who choose one. */
export const stateWords: Readonly<Record<RuleState, string>> = {
  draft: 'is kept, and not run',
  shadow: 'is run and counted, without effect',
  live: 'decides',
  off: 'is kept, and not run any more',
}

const shown = (value: unknown) =>
  value === undefined || value === '' ? '' : typeof value === 'string' ? value : JSON.stringify(value)

/** What differs between two rules, field by field. */
export function diffRules(before: Rule | undefined, after: Rule): readonly FieldChange[] {
  const fields = new Set([...Object.keys(before ?? {}), ...Object.keys(after)])
  return [...fields].flatMap((field) => {
    const change = { field, before: shown(Reflect.get(before ?? {}, field)), after: shown(Reflect.get(after, field)) }
    return change.before === change.after ? [] : [change]
  })
}

/** Fields to set, or with undefined to take away. */
export type RuleChange = { readonly [Field in keyof Rule]?: Rule[Field] | undefined }

export function changeRule(rule: Rule, change: RuleChange): Rule {
  return Object.fromEntries(
    Object.entries({ ...rule, ...change }).filter(([, value]) => value !== undefined),
  ) as unknown as Rule
}

/** A rule without the fields that say nothing, as the service takes it. */
export function tidy(rule: Rule): Rule {
  return Object.fromEntries(
    Object.entries(rule).filter(
      ([, value]) => value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0),
    ),
  ) as unknown as Rule
}
