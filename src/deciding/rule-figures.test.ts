import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { names } from '../../test/policy-fixture.ts'
import { atOnce } from '../core/time-slices.ts'
import { type PolicyTrace, settleTrace } from '../decisioning/index.ts'
import { hitStates, type RuleHit } from '../decisioning/policy-trace.ts'
import { outcomes } from '../detector/detector-schema.ts'
import type { ChangeRecord, DecisionRecord, LabelRecord, LogRecord } from '../log/log-record.ts'
import type { LabelledTransaction } from '../log/projection.ts'
import { PendingLabels } from './pending-labels.ts'
import { PolicyProjection } from './policy-projection.ts'
import type { RuleFigures } from './rule-figures.ts'
import { RuleFiguresProjection } from './rule-figures-projection.ts'
import { StandingLabels } from './standing-labels.ts'

const startMs = Date.UTC(2026, 0, 1)
const minuteMs = 60_000
const ids = ['a', 'b', 'c'] as const

const id = fc.constantFrom(...ids)
const outcome = fc.constantFrom(...outcomes)
const strength = fc.constantFrom('plain', 'override', 'final')
const hit = fc.record({
  id,
  state: fc.constantFrom(...hitStates),
  outcome: fc.constantFrom(...outcomes, 'tag'),
  strength,
})
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('decision'),
      hits: fc.uniqueArray(hit, { maxLength: 3, selector: (each) => each.id }),
      score: fc.option(outcome, { nil: undefined }),
      list: fc.option(outcome, { nil: undefined }),
      comesAgain: fc.nat(8),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('label'), of: fc.nat(30), isFraud: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('rule'),
      id,
      state: fc.constantFrom('live', 'shadow', 'off'),
      when: fc.constantFrom('amount > 1.0', 'amount > 2.0'),
      from: fc.option(fc.nat(60), { nil: undefined }),
      minutes: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('switch'), id, to: fc.constantFrom('live', 'shadow', 'off') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('removal'), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('checkpoint'), back: fc.nat(10) }) },
)
type Step = typeof step extends fc.Arbitrary<infer Made> ? Made : never

const reason = { code: 'because', text: 'of this' }

function traceOf({ hits, score, list }: Extract<Step, { hits: unknown }>): PolicyTrace {
  const rules = hits.map((each) => ({ ...each, reason, tags: [] }) as RuleHit)
  return {
    ...(score && { opinion: { source: 'threshold', id: score, outcome: score, strength: 'plain', reason } }),
    ...(rules.length > 0 && { rules }),
    ...(list && { lists: [{ id: 'l', outcome: list, strength: 'override', reason, entry: 1 }] }),
  }
}

/** The log that steps make. Rules are spoken of in decisions whether they are active or not: nothing is known but records. */
function recordsOf(steps: readonly Step[]): readonly LogRecord[] {
  const known = new Set<string>()
  const records: LogRecord[] = []
  const change = (kind: ChangeRecord['kind'], atMs: number, made: ChangeRecord['change']) =>
    records.push({ kind, by: 'ann', why: '', atMs, change: made })
  for (const [i, each] of steps.entries()) {
    const atMs = startMs + i * minuteMs
    if ('hits' in each) {
      const trace = traceOf(each)
      records.push({
        ...{ kind: 'decision', id: `t-${i}`, timestampMs: atMs, decidedAtMs: atMs, score: 0.5, definition: 1 },
        ...{ outcome: settleTrace(trace).outcome, degraded: [], fields: [], row: new Float64Array() },
        policy: { version: 1, ...trace },
      } satisfies DecisionRecord)
    } else if ('of' in each) {
      const of = records.findIndex((record) => record.kind === 'decision' && record.id === `t-${each.of}`) + 1
      const label = { kind: 'label', id: `t-${each.of}`, isFraud: each.isFraud, knownAtMs: atMs } as const
      records.push({ ...label, receivedAtMs: atMs, source: undefined, of } satisfies LabelRecord)
    } else if ('when' in each) {
      const { from, minutes, state, when } = each
      known.add(each.id)
      const fromMs = startMs + (from ?? i) * minuteMs
      change('rule', atMs, {
        kind: 'rule',
        rule: {
          ...{ id: each.id, when, then: 'decline', state },
          ...(from !== undefined && { from: new Date(fromMs).toISOString() }),
          ...(minutes !== undefined && { until: new Date(fromMs + minutes * minuteMs).toISOString() }),
        },
      })
    } else if ('to' in each) {
      if (known.has(each.id)) change('rule', atMs, { kind: 'rule-state', id: each.id, state: each.to })
    } else if ('back' in each) {
      const prunedThrough = Math.max(0, records.length - each.back)
      records.push({ kind: 'checkpoint', prunedThrough, hash: '', definitions: {}, prunedAtMs: atMs })
    } else if (known.delete(each.id)) change('rule', atMs, { kind: 'rule-removed', id: each.id })
  }
  return records
}

function create() {
  const pending = new PendingLabels(Number.POSITIVE_INFINITY)
  const policy = new PolicyProjection(names(), { deadlineMs: 100, whenUnavailable: 'review' })
  const labels = new StandingLabels(() => 0, pending)
  const rules = new RuleFiguresProjection(policy, labels, pending)
  return { rules, all: [pending, labels, policy, rules] as const }
}

function takeAll({ all }: ReturnType<typeof create>, records: readonly LogRecord[], from = 0) {
  let prunedThrough = 0
  for (const [i, record] of records.entries()) {
    if (record.kind === 'checkpoint') prunedThrough = record.prunedThrough
    if (i < from) continue
    const of = record.kind === 'label' && record.of > prunedThrough ? record.of : 0
    const about = of === 0 ? undefined : ({ ...records[of - 1], sequence: of } as LabelledTransaction)
    for (const projection of all) projection.take(record, i + 1, about)
  }
}

const bytesOf = (projection: { save(): Iterable<Uint8Array> }) => Buffer.concat([...projection.save()]).toString('hex')

interface Definition {
  readonly version: number
  readonly when: unknown
  readonly fromMs: number
  readonly untilMs: number
  readonly state: unknown
}

/** What a rule was before a record, by going through all changes before it. */
function definitionAt(records: readonly LogRecord[], rule: string, before: number): Definition | undefined {
  let now: Definition | undefined
  for (const [i, record] of records.slice(0, before - 1).entries()) {
    if (record.kind !== 'rule') continue
    const { change } = record
    if (change.kind === 'rule-removed' && change.id === rule) now = undefined
    if (change.kind === 'rule-state' && change.id === rule && now !== undefined) now = { ...now, state: change.state }
    const set = change.rule as Record<string, string> | undefined
    if (set?.id !== rule) continue
    const fromMs = set.from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(set.from)
    const untilMs = set.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(set.until)
    const isSame = now?.when === set.when && now.fromMs === fromMs && now.untilMs === untilMs
    const version = isSame && now !== undefined ? now.version : i + 1
    now = { version, when: set.when, fromMs, untilMs, state: set.state }
  }
  return now
}

/** The last version up to a record, current or not: decisions speak of rules that were removed, too, in this test. */
function versionAt(records: readonly LogRecord[], rule: string, before: number): number | undefined {
  for (let at = before; at > 0; at--) {
    const found = definitionAt(records, rule, at)
    if (found !== undefined) return found.version
  }
  return undefined
}

function bruteForce(records: readonly LogRecord[], rule: string, version: number) {
  const counts = { liveDecisions: 0, shadowDecisions: 0, fired: 0, alone: 0, shadow: 0, wouldChange: 0 }
  const all = { ...counts, undrawn: 0, snoozed: 0, fused: 0, frauds: 0, legitimate: 0 }
  const pruned = Math.max(0, ...records.map((record) => (record.kind === 'checkpoint' ? record.prunedThrough : 0)))
  for (const [i, record] of records.entries()) {
    if (record.kind !== 'decision' || record.policy === undefined) continue
    const definition = definitionAt(records, rule, i + 1)
    const { decidedAtMs, policy } = record
    const isInTime = definition && definition.fromMs <= decidedAtMs && decidedAtMs < definition.untilMs
    if (isInTime && definition.version === version) {
      if (definition.state === 'live') all.liveDecisions += 1
      if (definition.state === 'shadow') all.shadowDecisions += 1
    }
    const spoke = policy.rules?.find((each) => each.id === rule)
    if (spoke === undefined || versionAt(records, rule, i + 1) !== version) continue
    all[spoke.state === 'live' ? 'fired' : spoke.state] += 1
    const others = policy.rules?.filter((each) => each !== spoke) ?? []
    const without = settleTrace({ ...policy, rules: others }).outcome
    const withIt = settleTrace({ ...policy, rules: [...others, { ...spoke, state: 'live' }] }).outcome
    if (spoke.state === 'live' && without !== withIt) all.alone += 1
    if (spoke.state === 'shadow' && without !== withIt) all.wouldChange += 1
    if (spoke.state !== 'live' && spoke.state !== 'shadow') continue
    const label = records.findLast((each) => each.kind === 'label' && each.id === record.id)
    if (i + 1 > pruned && label?.kind === 'label') all[label.isFraud ? 'frauds' : 'legitimate'] += 1
  }
  return all
}

test('figures of rules are what going through all records counts, however the state was saved in between', () => {
  const property = fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), fc.nat(), (steps, cut) => {
    const records = recordsOf(steps)
    const live = create()
    takeAll(live, records)
    const figures = ids.flatMap((rule) => live.rules.of(rule))
    const made = new Set(ids.flatMap((rule) => records.map((_, i) => `${rule} ${versionAt(records, rule, i + 2)}`)))
    assert.deepEqual(
      new Set(figures.map(({ id: rule, version }) => `${rule} ${version}`)),
      new Set([...made].filter((each) => !each.endsWith('undefined'))),
    )
    for (const { id: rule, version, sinceMs: _, outcome: __, isCurrent, ...counts } of figures as RuleFigures[]) {
      assert.deepEqual(counts, bruteForce(records, rule, version), `${rule} ${version}`)
      assert.equal(isCurrent, definitionAt(records, rule, records.length + 1)?.version === version)
    }
    const through = cut % records.length
    const before = create()
    takeAll(before, records.slice(0, through))
    const again = create()
    for (const [i, projection] of again.all.entries())
      atOnce(projection.load([Buffer.concat([...before.all[i].save()])], projection.version))
    takeAll(again, records, through)
    assert.equal(bytesOf(again.rules), bytesOf(live.rules))
  })
  fc.assert(property, { numRuns: 200 })
})

test('what gave decisions their outcome is counted, each decision once', () => {
  const { rules, all } = create()
  const decide = (sequence: number, given: Partial<DecisionRecord>, trace: PolicyTrace) => {
    const record: DecisionRecord = {
      ...{ kind: 'decision', id: `t-${sequence}`, timestampMs: startMs, decidedAtMs: startMs, score: 0.5 },
      ...{ outcome: 'approve', definition: 1, degraded: [], fields: [], row: new Float64Array() },
      ...given,
      policy: { version: 1, ...trace },
    }
    for (const projection of all) projection.take(record, sequence)
  }
  const declined = { source: 'threshold', id: 'decline', outcome: 'decline', strength: 'plain', reason } as const
  const blocked = { id: 'l', outcome: 'decline', strength: 'final', reason, entry: 1 } as const
  decide(1, {}, {})
  decide(2, { outcome: 'decline' }, { opinion: declined })
  decide(3, { outcome: 'decline' }, { opinion: declined, lists: [blocked] })
  decide(4, {}, { opinion: declined, control: { wouldBe: 'decline', propensity: 0.1 } })
  decide(5, { outcome: 'decline' }, { opinion: declined, control: { wouldBe: 'decline', propensity: 0.9 } })
  decide(6, { outcome: 'review' }, { opinion: declined, fuses: { settled: 'decline', tripped: ['decline'] } })
  assert.deepEqual(Object.fromEntries([...rules.decidedBy].filter(([, count]) => count > 0)), {
    none: 1,
    threshold: 2,
    list: 1,
    control: 1,
    fuse: 1,
  })
})
