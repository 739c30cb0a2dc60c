import { isDeepStrictEqual } from 'node:util'
import { isRecord } from '../core/json-value.ts'
import type { Change, SingleChange } from './change.ts'
import { changeDraft, type Definitions, draftOf } from './definitions.ts'
import type { PolicyDocuments } from './policy-documents.ts'

/** What makes definitions those of a directory, as one change; undefined where they are that already. */
export function changeTo(now: Definitions, { policy, rules, lists }: PolicyDocuments): Change | undefined {
  const changes: SingleChange[] = []
  // New lists first, and old ones last, so that each rule has its lists.
  for (const list of lists ?? []) {
    if (!isDeepStrictEqual(now.lists.get(list.name), list)) changes.push({ kind: 'list', list })
  }
  for (const rule of rules ?? []) {
    if (!isDeepStrictEqual(now.rules.get(rule.id), rule)) changes.push({ kind: 'rule', rule })
  }
  if (policy !== undefined && !isDeepStrictEqual(now.policy, policy)) changes.push({ kind: 'policy', policy })
  const ids = new Set(rules?.map(({ id }) => id))
  for (const id of rules === undefined ? [] : now.rules.keys()) {
    if (!ids.has(id)) changes.push({ kind: 'rule-removed', id })
  }
  const names = new Set(lists?.map(({ name }) => name))
  for (const name of lists === undefined ? [] : now.lists.keys()) {
    if (!names.has(name)) changes.push({ kind: 'list-removed', name })
  }
  return changes.length === 0 ? undefined : { kind: 'together', changes }
}

/** What a change would change, a line for each thing: `rule velocity: state shadow -> live`. */
export function tellChange(now: Definitions, change: Change, at: (version: number) => Definitions | undefined) {
  const after = draftOf(now)
  const singles = change.kind === 'together' ? change.changes : [change]
  for (const single of singles) changeDraft(after, single, at)
  return tellDifferences(now, after)
}

/** What is different between two versions, a line for each thing. */
export function tellDifferences(before: Definitions, after: Definitions): readonly string[] {
  return [
    ...differences('policy', before.policy, after.policy),
    ...differencesOf('rule', before.rules, after.rules),
    ...differencesOf('list', before.lists, after.lists),
  ]
}

function differencesOf(
  what: string,
  before: ReadonlyMap<string, object>,
  after: ReadonlyMap<string, object>,
): readonly string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])]
  return names.flatMap((name) => {
    const [one, other] = [before.get(name), after.get(name)]
    if (one === undefined) return [`${what} ${name}: added`]
    return other === undefined ? [`${what} ${name}: removed`] : differences(`${what} ${name}`, one, other)
  })
}

/** Goes into what both have, down to the values that differ. */
function differences(place: string, before: unknown, after: unknown): readonly string[] {
  if (isDeepStrictEqual(before, after)) return []
  if (!isRecord(before) || !isRecord(after)) return [`${place} ${show(before)} -> ${show(after)}`]
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((name) => {
    const separator = place.includes(':') ? '.' : ': '
    return differences(`${place}${separator}${name}`, before[name], after[name])
  })
}

function show(value: unknown): string {
  return value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value)
}
