import { isDeepStrictEqual } from 'node:util'
import { suggestion } from '../core/closest-name.ts'
import { isRecord } from '../core/json-value.ts'
import { showValue } from '../core/show-value.ts'
import type { Steps } from '../core/time-slices.ts'
import { compileExpression, type Declarations, type Problem, printSyntax } from '../language/index.ts'
import type { Change, SingleChange } from './change.ts'
import { singleChangeSchema, singleChanges } from './change.ts'
import { checkSpans } from './check-spans.ts'
import { needAmount } from './costs.ts'
import { changeDraft, type Definitions, type Draft, draftOf, fusesOf } from './definitions.ts'
import { fuseId } from './fuses.ts'
import type { PolicyInForce } from './policy-in-force.ts'
import type { PolicyFeatures, PolicyNames } from './policy-names.ts'
import { type RuleDefinition, ruleIdSchema, ruleSchema } from './rule-definition.ts'
import { compileRule } from './rule-set.ts'

/** Something that is wrong with a change, or doubtful. */
export interface PolicyProblem {
  /** What it is about: `rules.card-testing.when`. */
  readonly field: string
  readonly reason: string
  /** The place within a text in the rule language. */
  readonly at?: Problem
}

export interface CheckedChange {
  /** All that is wrong; the change may be recorded where there is nothing. */
  readonly problems: readonly PolicyProblem[]
  readonly warnings: readonly PolicyProblem[]
}

/** What a change is checked with beside the policy. */
export interface CheckedWith {
  /** The highest that the model can give. */
  readonly highestScore?: number | undefined
  /** How far the log reaches back; without an end where that is not asked. */
  readonly coveredMs?: number | undefined
}

/** Checks a change against what is in force, before it is recorded. */
export function checkChange(
  policy: PolicyInForce,
  change: Change,
  { highestScore = 1, coveredMs = Number.POSITIVE_INFINITY }: CheckedWith = {},
): CheckedChange {
  const before = policy.definitions
  const singles = singleChanges(change)
  const draft = draftFor(before, singles)
  const problems: PolicyProblem[] = []
  for (const single of singles) {
    problems.push(...whatIsMissing(policy, draft, single))
    changeDraft(draft, single, (version) => policy.at(version))
  }
  const isSame = isDeepStrictEqual(draft.policy.features, before.policy.features)
  const known = isSame ? policy.names : policy.names.withFeatures(draft.policy.features)
  const names = withHighestScore(known, highestScore)
  const lost = [
    ...[...before.lists.keys()].filter((name) => !draft.lists.has(name)),
    ...[...policy.names.names.keys()].filter((name) => !names.names.has(name)),
  ]
  const mayAskLost = ({ when, reason = '' }: RuleDefinition) =>
    lost.some((name) => when.includes(name) || reason.includes(name))
  const isNew = (rule: RuleDefinition) => before.rules.get(rule.id) !== rule || mayAskLost(rule)
  const newRules = [...draft.rules.values()].filter(isNew)
  const rules = checkRules(newRules, draft, names)
  const capped = newRules.filter(({ id, cap }) => before.rules.get(id)?.cap !== cap)
  problems.push(...checkSpans(draft.policy === before.policy ? {} : draft.policy, capped))
  const lists = [...draft.lists.values()].filter((list) => before.lists.get(list.name) !== list)
  problems.push(...lists.flatMap((list) => checkList(policy, list)))
  const ofPolicy =
    draft.policy !== before.policy || lost.length > 0 ? checkPolicy(draft, names, names.own.problems) : nothing
  return {
    problems: [...problems, ...ofPolicy.problems, ...rules.problems],
    warnings: [
      ...ofPolicy.warnings,
      ...warnOfWindows(policy.names.own, names.own, coveredMs),
      ...rules.warnings,
      ...singles.flatMap((each) => warnOfLists(before, draft, each)),
      ...singles.flatMap((each) => warnOfTaken(policy, each)),
    ],
  }
}

/** A longer window than before degrades each decision until the log reaches back as far. */
function warnOfWindows(before: PolicyFeatures, after: PolicyFeatures, coveredMs: number): readonly PolicyProblem[] {
  const { spanMs = 0 } = after
  if (spanMs <= Math.max(before.spanMs ?? 0, coveredMs)) return []
  const [covered, wanted] = [coveredMs, spanMs].map((ms) => (Math.floor(ms / 8_640_000) / 10).toLocaleString('en'))
  const reason = `the log reaches back ${covered} days, and the longest window ${wanted}: until it does, decisions are degraded by history-short`
  return [{ field: 'policy.features', reason }]
}

/** What a rollback makes of lists is not what they were, since entries are not rolled back. */
function warnOfLists(before: Definitions, after: Definitions, change: SingleChange): readonly PolicyProblem[] {
  if (change.kind !== 'rollback') return []
  return [...after.lists.values()].flatMap(({ name, effect }) => {
    const field = `lists.${name}`
    const was = before.lists.get(name)
    if (was === undefined) return [{ field, reason: 'it is back without entries, which were removed with it' }]
    if (was.effect === 'none' || effect !== 'none') return []
    return [
      { field, reason: `it is newer than version ${change.to}: it keeps its entries, and has no effect by itself` },
    ]
  })
}

/** A value that is misspelt, or written otherwise than in transactions, stays on the list. */
function warnOfTaken(policy: PolicyInForce, change: SingleChange): readonly PolicyProblem[] {
  if (change.kind !== 'entries') return []
  const { list, remove = [] } = change
  const entries = policy.entriesOf(list)
  const absent = remove.filter((value) => entries?.find(value) === undefined).length
  if (absent === 0) return []
  return [
    {
      field: 'remove',
      reason: `${absent} of ${remove.length} values are not on the list, so nothing is taken off for them`,
    },
  ]
}

/** A draft with the rules that changes speak of: of ten thousand, a copy takes longer than all else. */
function draftFor({ policy, rules, lists }: Definitions, changes: readonly SingleChange[]): Draft {
  const mayLoseNames = (change: SingleChange) =>
    change.kind === 'list-removed' ||
    change.kind === 'rollback' ||
    (change.kind === 'policy' && !isDeepStrictEqual(change.policy.features, policy.features))
  if (changes.some(mayLoseNames)) return draftOf({ policy, rules, lists })
  const spokenOf = changes.flatMap((change) => rules.get(ruleOf(change) ?? '') ?? [])
  return draftOf({ policy, lists, rules: new Map(spokenOf.map((rule) => [rule.id, rule])) })
}

function ruleOf(change: SingleChange): string | undefined {
  switch (change.kind) {
    case 'rule':
      return change.rule.id
    case 'rule-state':
    case 'rule-removed':
      return change.id
    case 'snooze':
      return change.rule
    case 'fuse-reset':
      return change.fuse.replace(/^rule:/, '')
    default:
      return undefined
  }
}

/**
 * What is wrong with, and doubtful about, the texts of rules that are none as a whole, so that all of it is told at once: those
 * of a change of several parts by their places in it, `changes.3.rule.when`.
 */
export function checkPartly(policy: PolicyInForce, given: unknown): CheckedChange {
  if (!isRecord(given)) return nothing
  const { names, definitions } = policy
  if (given.kind === 'rule') {
    const part = partOfRule(given.rule)
    return part === undefined ? nothing : checkRules([part], definitions, names)
  }
  if (given.kind !== 'together' || !Array.isArray(given.changes)) return nothing
  const parsed = given.changes.map((each) => singleChangeSchema.safeParse(each))
  const added = parsed.flatMap(({ data }) => (data?.kind === 'list' ? [[data.list.name, data.list] as const] : []))
  const lists = new Map([...definitions.lists, ...added])
  const checked = given.changes.map((each, i): CheckedChange => {
    const part = isRecord(each) && each.kind === 'rule' ? partOfRule(each.rule) : undefined
    if (part === undefined) return nothing
    const { problems, warnings } = checkRules([part], { ...definitions, lists }, names)
    const placed = ({ field, ...told }: PolicyProblem) => {
      return { ...told, field: field.replace(`rules.${part.id}.`, `changes.${i}.rule.`) }
    }
    return { problems: problems.map(placed), warnings: warnings.map(placed) }
  })
  return {
    problems: checked.flatMap(({ problems }) => problems),
    warnings: checked.flatMap(({ warnings }) => warnings),
  }
}

/** A rule of the texts of one that may be wrong otherwise. */
function partOfRule(given: unknown): RuleDefinition | undefined {
  if (!isRecord(given)) return undefined
  const { id, when, reason } = given
  const named = ruleIdSchema.safeParse(id)
  return ruleSchema.safeParse({ id: named.success ? named.data : 'rule', when, reason, then: 'review' }).data
}

/** What of a policy that is in force would have no effect under the names of another detector. */
export function* checkNames(
  { definitions, snoozes }: Pick<PolicyInForce, 'definitions' | 'snoozes'>,
  names: PolicyNames,
  atMs: number,
): Steps<readonly PolicyProblem[]> {
  const rules = [...definitions.rules.values()].filter(({ state }) => state === 'live' || state === 'shadow')
  const lists = [...definitions.lists.values()]
  const ids = new Set(rules.map(({ id }) => id))
  const snoozed = new Map(
    snoozes
      .filter(({ rule, untilMs }) => ids.has(rule) && untilMs > atMs)
      .map(({ rule, key }) => [`${rule} ${key}`, { rule, key }]),
  )
  const problems: PolicyProblem[] = []
  for (const rule of rules) {
    problems.push(...checkRules([rule], definitions, names).problems)
    yield
  }
  return [
    ...problems,
    ...[...snoozed.values()].flatMap(({ rule, key }) => whyNotListed(`rules.${rule}.snoozes`, key, names)),
    ...lists.flatMap(({ name, of }) => whyNotListed(`lists.${name}.of`, of, names)),
    // What can't be computed is unknown, and rules that read it are named above.
    ...checkPolicy(definitions, names, names.own.clashes).problems,
  ]
}

/** What a change speaks of and is not there. */
function whatIsMissing(policy: PolicyInForce, draft: Definitions, change: SingleChange): readonly PolicyProblem[] {
  const { rules, lists } = draft
  const all = policy.definitions
  switch (change.kind) {
    case 'rule-state':
    case 'rule-removed':
      return whyNotAmong('id', 'rule', change.id, rules, all.rules)
    case 'snooze':
      return [
        ...whyNotAmong('rule', 'rule', change.rule, rules, all.rules),
        ...whyNotListed('key', change.key, policy.names),
      ]
    case 'list-removed':
      return whyNotAmong('name', 'list', change.name, lists)
    case 'entries':
      return whyNotAmong('list', 'list', change.list, lists)
    case 'fuse-reset':
      return whyNotAmong('fuse', 'fuse', change.fuse, idsOfFuses(draft), idsOfFuses(all))
    case 'rollback': {
      const oldest = policy.oldestVersion
      const reason = `it must be a version from ${oldest} to ${policy.version}, the one in force`
      return policy.at(change.to) === undefined ? [{ field: 'to', reason }] : []
    }
    case 'rule':
    case 'list':
    case 'policy':
      return []
  }
}

function checkRules(rules: readonly RuleDefinition[], definitions: Definitions, names: PolicyNames): CheckedChange {
  const declarations = declarationsOf(definitions, names)
  const checked = rules.map((rule): CheckedChange => {
    const compiled = compileRule(rule, declarations)
    const located = (part: 'when' | 'reason') => (at: Problem) => locate(`rules.${rule.id}.${part}`, at)
    const warnings = [...compiled.warnings.map(located('when')), ...warnOfShare(rule)]
    if (compiled.ok) return { problems: [], warnings }
    const { when, reason } = compiled.problems
    return { problems: [...when.map(located('when')), ...reason.map(located('reason'))], warnings }
  })
  return {
    problems: checked.flatMap(({ problems }) => problems),
    warnings: checked.flatMap(({ warnings }) => warnings),
  }
}

function warnOfShare({ id, state, share }: RuleDefinition): readonly PolicyProblem[] {
  if (state !== 'live' || share !== 0) return []
  return [{ field: `rules.${id}.share`, reason: 'a share of 0 is of no transaction, so the rule never counts' }]
}

function checkList(policy: PolicyInForce, { name, of }: { readonly name: string; readonly of: string }) {
  const before = policy.definitions.lists.get(name)
  const field = `lists.${name}.of`
  const hasOthers = before !== undefined && before.of !== of && (policy.entriesOf(name)?.size ?? 0) > 0
  const reason = `its entries are of ${before?.of}; make another list for ${showValue(of)}, or remove them first`
  return hasOthers ? [{ field, reason }] : whyNotListed(field, of, policy.names)
}

const nothing: CheckedChange = { problems: [], warnings: [] }

function checkPolicy(
  definitions: Definitions,
  names: PolicyNames,
  ofFeatures: PolicyNames['own']['problems'],
): CheckedChange {
  const { segments = [], costs, controlGroup } = definitions.policy
  const declarations = declarationsOf(definitions, names)
  const before = new Map<string, string>()
  const checked = segments.map(({ name, when }): CheckedChange => {
    const compiled = compileExpression(when, declarations)
    const field = `policy.segments.${name}.when`
    const warnings = compiled.warnings.map((at) => locate(field, at))
    if (!compiled.ok) return { problems: compiled.problems.map((at) => locate(field, at)), warnings }
    const printed = printSyntax(compiled.program.tree)
    const same = before.get(printed)
    if (same === undefined) before.set(printed, name)
    const reason = `the segment "${same}" before it has this condition, so no transaction is of this one`
    return { problems: [], warnings: same === undefined ? warnings : [...warnings, { field, reason }] }
  })
  const reason = 'it needs an amount, and the detector declares none'
  const lacks = (isNeeded: boolean, field: string) => (isNeeded && !names.hasAmount ? [{ field, reason }] : [])
  const costsNeedAmount = costs !== undefined && needAmount(costs)
  const mixed = 'it compares amounts, and they are of several currencies without a conversion'
  const compares = (does: boolean, field: string) => (does && names.hasManyCurrencies ? [{ field, reason: mixed }] : [])
  const warnings = [
    ...checked.flatMap((each) => each.warnings),
    ...compares(costsNeedAmount, 'policy.costs'),
    ...compares(controlGroup !== undefined, 'policy.controlGroup.upTo'),
  ]
  const problems = [
    ...ofFeatures.map(({ path, reason }) => ({ field: ['policy', ...path].join('.'), reason })),
    ...checked.flatMap((each) => each.problems),
    ...lacks(costsNeedAmount, 'policy.costs'),
    ...lacks(controlGroup !== undefined, 'policy.controlGroup.upTo'),
  ]
  return { problems, warnings }
}

function withHighestScore(names: PolicyNames, most: number): PolicyNames {
  const score = names.names.get('score')
  if (score?.type !== 'double' || most >= 1) return names
  return { ...names, names: new Map([...names.names, ['score', { ...score, range: { least: 0, most } }]]) }
}

function declarationsOf({ lists }: Definitions, { names, hint }: PolicyNames): Declarations {
  return {
    names,
    lists: new Map([...lists.keys()].map((name, slot) => [name, slot])),
    listsOf: new Map([...lists.values()].map(({ name, of }) => [name, of])),
    listHint: '; a new one begins with: shrike lists set NAME --of KEY',
    ...(hint && { hint }),
  }
}

/** Why values of a name can't be on a list, or be snoozed for. */
function whyNotListed(field: string, name: string, { names }: PolicyNames): readonly PolicyProblem[] {
  const isText = (each: string) => names.get(each)?.type === 'string' || names.get(each)?.type === 'token'
  if (isText(name)) return []
  const texts = [...names.keys()].filter(isText)
  const shown = showValue(name)
  const reason = names.has(name)
    ? `"${shown}" is a number or a time; only keys and fields of text can be listed`
    : `the detector has no key or field "${shown}"${suggestion(name, texts)}`
  return [{ field, reason }]
}

/** @param known names for a hint. */
function whyNotAmong(
  field: string,
  what: string,
  name: string,
  there: ReadonlyMap<string, unknown>,
  known = there,
): readonly PolicyProblem[] {
  if (there.has(name)) return []
  const hint = known.size === 0 ? '' : suggestion(name, [...known.keys()])
  return [{ field, reason: `there is no ${what} "${showValue(name)}"${hint}` }]
}

function idsOfFuses(definitions: Definitions): ReadonlyMap<string, unknown> {
  return new Map(fusesOf(definitions).map((fuse) => [fuseId(fuse), fuse]))
}

function locate(field: string, at: Problem): PolicyProblem {
  return { field, reason: at.message, at }
}
