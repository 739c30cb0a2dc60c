import { suggestion } from '../core/closest-name.ts'
import { durationMs } from '../core/duration.ts'
import { FraudError } from '../core/errors.ts'
import type { SingleChange } from '../decisioning/change.ts'
import { spentBy } from '../decisioning/costs.ts'
import { changeDraft, draftOf } from '../decisioning/definitions.ts'
import {
  changeTo,
  checkChange,
  type Definitions,
  type PolicyDocuments,
  type PolicyProblem,
} from '../decisioning/index.ts'
import type { EntryDefinition, ListDefinition } from '../decisioning/list-definition.ts'
import type { Detector, LocatedDetector } from '../detector/detector.ts'
import { addFeatures } from '../features/add-features.ts'
import { featureFor } from '../features/feature-for.ts'
import { compileDetector } from '../features/feature-set.ts'
import { compileExpression } from '../language/index.ts'
import type { PersonalValues } from '../log/personal-values.ts'
import type { CountPlan, Focus } from './counter.ts'
import { concealEntries } from './given-entries.ts'
import type { BacktestPlan } from './plan.ts'
import { type BacktestRequest, usualExamples } from './request.ts'
import type { Standing } from './standing.ts'
import { entriesChange, judgedOf, type PlainDefinitions, Side, type Trial } from './trial.ts'
import { type Wanted, wantedOf } from './wanted.ts'

/** What is known of the place that transactions come from. */
interface Ground {
  readonly located: LocatedDetector
  readonly standing: Standing
  /** The time of the newest transaction. */
  readonly newestMs: number
  /** The inputs of the model that is tested. */
  readonly inputs: readonly string[]
  /** Whether anything gives a score. */
  readonly hasModel: boolean
  /** Stand-ins of persons, as transactions have them. */
  readonly persons: PersonalValues
}

export interface Prepared {
  readonly plan: BacktestPlan
  readonly wanted: Wanted
  /** The names that policies read. */
  readonly read: ReadonlySet<string>
  /** What a reader of the figures should know. */
  readonly notes: readonly string[]
}

/**
 * Makes trials of what is asked for, and checks all of it.
 *
 * @throws FraudError INPUT_INVALID with every problem of a rule, a list or a policy, and its place.
 */
export function prepare(
  request: BacktestRequest,
  { located, standing, newestMs, inputs, hasModel, persons }: Ground,
): Prepared {
  const now = standing.definitions
  const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = request
  if (fromMs >= toMs) throw new FraudError('OPTION_INVALID', 'The time to begin is not before the time to end')
  const change = changesOf(request, now)
  const tested = changed(now, change)
  const compared = request.compare === undefined ? undefined : documentsAsChange(now, request.compare)
  const other = compared && changed(now, compared)
  const all = [now, tested, ...(other === undefined ? [] : [other])]
  const wanted = wantedOf(located, hasModel, featuresOf(all, located.detector))
  const begun = request.entriesNow === true ? standing.after : standing.before
  const given = givenEntries(request, tested, wanted, persons)
  const usual = { begun, followsEntries: request.entriesNow !== true, fixedLists: [] }
  const trials: Trial[] = [
    { name: 'inForce', definitions: judgedOf(now), ...usual },
    {
      ...{ name: 'tested', definitions: judgedOf(tested), ...usual },
      ...(request.list !== undefined && given !== undefined && withGiven(begun, request.list.name, given.entries)),
    },
    ...(other === undefined ? [] : [{ name: 'compared' as const, definitions: judgedOf(other), ...usual }]),
  ]
  const sides = trials.map((trial) => new Side(trial, wanted.names, standing.secret))
  const [{ policy: inForce }] = sides
  const problems = [change, ...(compared === undefined ? [] : [compared])].flatMap((changes) =>
    changes.length === 0 ? [] : checkChange(inForce, { kind: 'together', changes: [...changes] }).problems,
  )
  if (problems.length > 0) throw refused(problems)
  const maturityMs = durationMs(
    wanted.detector.transaction.label.maturity ?? wanted.detector.transaction.label.delay ?? '0s',
  )
  const read = new Set(trials.flatMap(({ definitions }) => [...namesIn(definitions, wanted.names.names)]))
  const plan: BacktestPlan = {
    ...{ detector: wanted.detector, hasModel, trials, secret: standing.secret, followed: standing.followed },
    count: countPlan(request, trials, wanted),
    needed: wanted.features.names.flatMap((name, i) => (read.has(name) || inputs.includes(name) ? [i] : [])),
    matureMs: (request.knownByMs ?? newestMs) - maturityMs,
    fromMs,
    toMs,
  }
  const broken = sides.flatMap(({ name, policy }) => (name === 'compared' ? [] : policy.broken.map(({ id }) => id)))
  return {
    plan,
    wanted,
    read,
    notes: [...tellStrangers(given?.strangers ?? 0), ...notesOf(new Set(broken), trials, standing)],
  }
}

function givenEntries({ list }: BacktestRequest, { lists }: Definitions, wanted: Wanted, persons: PersonalValues) {
  if (list?.entries === undefined) return undefined
  return concealEntries(list.entries, lists.get(list.name)?.of ?? '', wanted, persons)
}

function withGiven(
  begun: readonly SingleChange[],
  list: string,
  given: readonly EntryDefinition[],
): Pick<Trial, 'begun' | 'fixedLists'> {
  const others = begun.filter((change) => change.kind !== 'entries' || change.list !== list)
  return { begun: [...others, entriesChange(list, given)], fixedLists: [list] }
}

function tellStrangers(count: number): readonly string[] {
  return count === 0 ? [] : [`No transaction ever came of ${count.toLocaleString('en')} of the entries`]
}

function changesOf({ rules = [], list, policy, bundle }: BacktestRequest, now: Definitions): readonly SingleChange[] {
  if (rules.length === 0 && list === undefined && policy === undefined && bundle === undefined)
    throw new FraudError('OPTION_INVALID', 'Say what is to be tested: a rule, a list, a policy or a model')
  const documents = policy === undefined ? [] : documentsAsChange(now, policy)
  const lists = changed(now, documents).lists
  return [
    ...documents,
    ...(list === undefined ? [] : [{ kind: 'list' as const, list: listOf(list, lists) }]),
    ...rules.map((rule) => ({ kind: 'rule' as const, rule: { ...rule, state: 'live' as const } })),
  ]
}

/** A list has an effect, or there is nothing to test. */
function listOf(
  { name, of, effect, entries }: NonNullable<BacktestRequest['list']>,
  lists: Definitions['lists'],
): ListDefinition {
  const known = lists.get(name)
  if (known === undefined && (of === undefined || entries === undefined)) {
    const hint = suggestion(name, [...lists.keys()])
    const reason = `a new list needs the key or field that it is of, and entries; there is no list "${name}"${hint}`
    throw new FraudError('INPUT_INVALID', `list: ${reason}`, { errors: [{ field: 'list', reason }] })
  }
  const definition = { name, of: of ?? known?.of ?? '', effect: effect ?? known?.effect ?? 'block' }
  if (definition.effect !== 'none') return definition
  const reason = `the list "${name}" has no effect by itself: say which one is to be tested, block, allow or watch`
  throw new FraudError('INPUT_INVALID', `list: ${reason}`, { errors: [{ field: 'list.effect', reason }] })
}

function documentsAsChange(now: Definitions, documents: PolicyDocuments): readonly SingleChange[] {
  const change = changeTo(now, documents)
  return change?.kind === 'together' ? change.changes : []
}

function changed(now: Definitions, changes: readonly SingleChange[]): Definitions {
  const draft = draftOf(now)
  for (const change of changes) changeDraft(draft, change, () => undefined)
  return draft
}

/** Features that policies declare, and those that conditions speak of and whose names say how they are declared. */
function featuresOf(all: readonly Definitions[], detector: Detector): Detector['features'] {
  const declared = all.flatMap(({ policy }) => policy.features ?? [])
  const own = compileDetector(detector)
  const known = new Set([
    ...own.names,
    ...addFeatures(detector, own, declared).added.map(({ feature }) => feature.name),
  ])
  const conditions = all.flatMap(({ rules, policy }) => [...rules.values(), ...(policy.segments ?? [])])
  const words = new Set(conditions.flatMap(({ when }) => when.match(/[A-Za-z_]\w*/g) ?? []))
  const spoken = [...words].filter((word) => !known.has(word)).map((word) => featureFor(detector, word))
  return [...declared, ...spoken.filter((declaration) => declaration !== undefined)]
}

function countPlan(
  { rules = [], list, examples = usualExamples }: BacktestRequest,
  trials: readonly Trial[],
  { names }: Wanted,
): CountPlan {
  const focus: Focus =
    list !== undefined
      ? { kind: 'list', name: list.name }
      : rules.length === 1
        ? { kind: 'rule', id: rules[0].id }
        : { kind: 'stopped' }
  const costs =
    trials.findLast(({ name }) => name === 'tested')?.definitions.policy.costs ?? trials[0].definitions.policy.costs
  const sides = trials.map(({ name, definitions }) => ({
    name,
    rules: definitions.rules.map(({ id }) => id),
    lists: definitions.lists.map((each) => each.name),
  }))
  return { sides, focus, costs: costs && spentBy(costs), minorUnits: names.minorUnits, examples }
}

function* namesIn({ rules, policy, lists }: PlainDefinitions, names: Wanted['names']['names']): Generator<string> {
  const declarations = { names, lists: new Map(lists.map(({ name }, slot) => [name, slot])) }
  const active = rules.filter(({ state }) => state === 'live' || state === 'shadow')
  for (const { when } of [...active, ...(policy.segments ?? [])]) {
    const compiled = compileExpression(when, declarations)
    if (compiled.ok) yield* compiled.program.names
  }
  for (const { of } of lists) yield of
}

function notesOf(
  broken: ReadonlySet<string>,
  trials: readonly Trial[],
  { secret, definitions: now }: Standing,
): readonly string[] {
  const rules = trials.flatMap(({ definitions }) => definitions.rules)
  const isDrawn = rules.some(({ share = 1, state }) => share < 1 && state === 'live')
  const timed = new Set(
    rules
      .filter(({ from, until, state }) => state === 'live' && (from !== undefined || until !== undefined))
      .map(({ id }) => id),
  )
  const isNew = ({ definitions, fixedLists }: Trial) =>
    definitions.lists.flatMap(({ name }) => (now.lists.has(name) || fixedLists.includes(name) ? [] : [name]))
  return [
    ...[...new Set(trials.flatMap(isNew))].map(
      (name) => `The list ${name} is new and has no entries, so nothing is on it`,
    ),
    ...[...broken].map((id) => `The rule ${id} speaks of what the detector does not have, so it says nothing`),
    ...(isDrawn && secret.length === 0
      ? ['The log has no secret for draws yet, so shares are drawn otherwise than they will be']
      : []),
    ...[...timed].map((id) => `The rule ${id} has a time from or until which it counts, and does so here`),
  ]
}

function refused(problems: readonly PolicyProblem[]): FraudError {
  const told = problems.map(({ field, reason, at }) => {
    const place = at === undefined ? '' : `, line ${at.line}, column ${at.column}`
    return `  ${field}${place}: ${reason}`
  })
  const errors = problems.map(({ field, reason, at }) => ({
    ...{ field, reason },
    ...(at && { at: { line: at.line, column: at.column, start: at.start, end: at.end } }),
  }))
  return new FraudError('INPUT_INVALID', `What is to be tested can not be put in force:\n${told.join('\n')}`, {
    errors,
  })
}
