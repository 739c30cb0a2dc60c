import type { paths } from '../../api/schema.d.ts'
import type { FieldChange } from '../../policy/changes-table.tsx'

type Body = paths['/v1/policy']['put']['requestBody']['content']['application/json']

/** What decides beside rules and lists. */
export type PolicyBody = Omit<Body, 'why'>
export type Costs = NonNullable<PolicyBody['costs']>
export type Segment = NonNullable<PolicyBody['segments']>[number]
export type Fuse = NonNullable<NonNullable<PolicyBody['fuses']>['review']>

export const severities = ['challenge', 'review', 'decline'] as const
export type Severity = (typeof severities)[number]

/** From which score on an outcome is asked for. */
export type Thresholds = Readonly<Partial<Record<Severity, number>>>

/** A more severe threshold is never under a milder one: the others are pushed along. Undefined takes one away. */
export function moveThreshold(thresholds: Thresholds, moved: Severity, value: number | undefined): Thresholds {
  const place = severities.indexOf(moved)
  return Object.fromEntries(
    severities.flatMap((severity, i) => {
      const own = severity === moved ? value : thresholds[severity]
      if (own === undefined) return []
      if (value === undefined || i === place) return [[severity, own]]
      return [[severity, i < place ? Math.min(own, value) : Math.max(own, value)]]
    }),
  )
}

/** What differs between two policies, leaf by leaf: `costs.review.perDay`, `segments.large.thresholds.decline`. */
export function diffPolicies(before: PolicyBody, after: PolicyBody): readonly FieldChange[] {
  const [was, is] = [leavesOf(before), leavesOf(after)]
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((field) => {
    const difference = { field, before: was.get(field) ?? '', after: is.get(field) ?? '' }
    return difference.before === difference.after ? [] : [difference]
  })
}

function leavesOf(value: unknown, path = '', found = new Map<string, string>()): ReadonlyMap<string, string> {
  if (typeof value !== 'object' || value === null) {
    if (value !== undefined) found.set(path, String(value))
    return found
  }
  for (const [name, each] of Object.entries(value)) {
    const named: unknown = Array.isArray(value) ? Reflect.get(Object(each), 'name') : undefined
    leavesOf(each, `${path === '' ? '' : `${path}.`}${typeof named === 'string' ? named : name}`, found)
  }
  return found
}
