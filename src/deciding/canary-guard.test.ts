import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { atOnce } from '../core/time-slices.ts'
import type { DecisionRecord, LabelRecord, LogRecord } from '../log/log-record.ts'
import { whyRolledBack } from './canary-figures.ts'
import { CanaryProjection } from './canary-projection.ts'
import { deploymentSchema } from './deployment.ts'
import { DeploymentProjection } from './deployment-projection.ts'
import type { Arm, Spread } from './grouped-counts.ts'
import type { PendingLabels } from './pending-labels.ts'
import { StandingLabels } from './standing-labels.ts'

const [champion, canary] = ['cards@000000000001', 'cards@000000000002']
const change = deploymentSchema.parse({ kind: 'canary', model: canary, share: 0.1, by: 'card' })
assert(change.kind === 'canary')
const { guard } = change

/** As if each transaction were of a customer of its own. */
const alone: Spread = {
  ...{ faults: 1, found: 1, precision: 1 },
  outcomes: { approve: 1, challenge: 1, review: 1, decline: 1 },
}

function arm(decisions: number, more: Partial<Arm> & { readonly decline?: number } = {}): Arm {
  const { decline = Math.round(decisions / 10), ...others } = more
  const outcomes = { approve: decisions - decline, challenge: 0, review: 0, decline }
  return { decisions, outcomes, faults: 0, flagged: decline, flaggedFrauds: 0, ...others }
}

describe('the guard of a canary', () => {
  test('counts transactions of one customer for as many as vary as much on their own', () => {
    const found = { canary: arm(8000, { decline: 0 }), champion: arm(40_000, { decline: 400, flaggedFrauds: 240 }) }
    assert.ok(whyRolledBack({ ...found, spread: alone }, guard) !== undefined)
    assert.equal(whyRolledBack({ ...found, spread: { ...alone, found: 5 } }, guard), undefined)
  })

  test('looks at nothing before so many decisions, and at each limit behind them', () => {
    const fine = arm(10_000)
    const say = (mine: Arm, p99Ms?: number, limits = guard) =>
      whyRolledBack({ canary: mine, champion: fine, spread: alone }, limits, p99Ms)
    assert.equal(say(arm(999, { decline: 999, faults: 999 })), undefined)
    assert.equal(say(arm(1000)), undefined)
    assert.match(say(arm(1000, { decline: 400 })) ?? '', /^60 % of its decisions are approve, of the champion's 90 %/)
    assert.match(say(arm(1000, { decline: 0 })) ?? '', /100 % of its decisions are approve/)
    assert.match(say(arm(1000, { faults: 40 })) ?? '', /^40 of 1000 decisions were without a score/)
    assert.equal(say(arm(1000, { faults: 11 })), undefined, 'that may be chance')
    assert.equal(say(arm(1000), 21), undefined)
    assert.match(say(arm(1000), 21, { ...guard, p99Ms: 20 }) ?? '', /take 21\.0 ms/)
  })

  test('compares what is known to be fraud once there is enough, and not before', () => {
    const of = (mine: number, theirs: number, flagged = 200) =>
      whyRolledBack(
        {
          canary: arm(2000, { decline: 200, flagged, flaggedFrauds: mine }),
          champion: arm(20_000, { decline: 2000, flaggedFrauds: theirs }),
          spread: alone,
        },
        { ...guard, leastFound: 0 },
      )
    assert.match(of(2, 1000) ?? '', /^1 % of what it did not approve is known to be fraud, of the champion's 50 %/)
    assert.equal(of(2, 1000, 99), undefined)
    assert.equal(of(0, 9), undefined, 'labels have hardly come')
    assert.equal(of(95, 1000), undefined, 'that may be chance')
    assert.equal(of(180, 1000), undefined, 'it is better')
  })

  test('takes back one that approves what a champion of few alarms finds, at limits by default', () => {
    const champion = arm(40_000, { decline: 400, flaggedFrauds: 240 })
    const of = (decisions: number, flaggedFrauds: number) =>
      whyRolledBack(
        { canary: arm(decisions, { decline: flaggedFrauds, flaggedFrauds }), champion, spread: alone },
        guard,
      )
    assert.match(
      of(8000, 0) ?? '',
      /^It did not approve 0 in 8000 decisions that are known to be fraud, the champion 240/,
    )
    assert.equal(of(2000, 0), undefined, 'that may be chance')
    assert.equal(of(8000, 32), undefined, 'it finds two thirds')
    const early = { ...champion, flaggedFrauds: 9 }
    assert.equal(whyRolledBack({ canary: arm(8000, { decline: 0 }), champion: early, spread: alone }, guard), undefined)
  })
})

/** What happened: 0 to 2 a decision, 3 a label, 4 another definition, with the card in another place, 5 a model is added. */
const happenings = fc.array(
  fc.record({
    what: fc.nat(5),
    byCanary: fc.boolean(),
    hasCard: fc.boolean(),
    outcome: fc.nat(3),
    isFraud: fc.boolean(),
    of: fc.nat(40),
  }),
  { maxLength: 80 },
)
const outcomes = ['approve', 'challenge', 'review', 'decline'] as const

function definitionOf(columns: readonly string[]): LogRecord {
  return {
    ...{
      kind: 'definition',
      format: 2,
      detector: { transaction: { keys: { card: 'PAN' } } },
      model: champion,
      columns,
    },
    ...{ features: [], policy: { whenUnavailable: 'review', deadlineMs: 100, version: 1 }, runtime: 'node-24' },
  }
}

test('figures of a canary are of transactions with the key, by their records, whatever is saved in between', () => {
  const deploymentOf = (content: object): LogRecord => {
    return { kind: 'deployment', by: 'user:ann', why: '', atMs: 0, change: JSON.parse(JSON.stringify(content)) }
  }
  const added = {
    ...{ kind: 'added', model: 'cards@000000000003', bytes: 1, detector: 'cards', learner: 'logistic-regression' },
    ...{ preset: 'default', features: 1, training: {}, metrics: {} },
  }
  const property = fc.property(happenings, fc.nat(80), (all, savedAt) => {
    let deployments = new DeploymentProjection()
    const waited: { released: PendingLabels['released'] } = { released: [] }
    const standing = new StandingLabels(() => 0, waited)
    let projection = new CanaryProjection(deployments, standing)
    const decisions: (DecisionRecord & { readonly sequence: number })[] = []
    const labels = new Map<number, boolean>()
    let sequence = 0
    const take = (record: LogRecord, about?: (typeof decisions)[number]) => {
      sequence += 1
      deployments.take(record, sequence)
      standing.take(record, sequence, about)
      projection.take(record, sequence, about)
      return sequence
    }
    take(deploymentOf({ kind: 'champion', model: champion }))
    take(deploymentOf(change))
    let columns = ['amount', 'PAN']
    let definition = take(definitionOf(columns))
    all.forEach(({ what, byCanary, hasCard, outcome, isFraud, of }, i) => {
      if (i === savedAt) {
        const [one, other] = [[...deployments.save()], [...projection.save()]]
        deployments = new DeploymentProjection()
        atOnce(deployments.load(one))
        projection = new CanaryProjection(deployments, standing)
        atOnce(projection.load(other))
      }
      const about = decisions[of % Math.max(1, decisions.length)]
      if (what < 3) {
        const decided: DecisionRecord = {
          ...{ kind: 'decision', id: `t-${i}`, timestampMs: 0, decidedAtMs: 0, definition, degraded: [] },
          ...{
            fields: columns.map((column) => (column === 'amount' ? 1 : hasCard ? 'c-1' : undefined)),
            row: new Float64Array(),
            outcome: outcomes[outcome],
            score: isFraud ? null : 0.5,
          },
          ...(byCanary && hasCard && { model: canary }),
        }
        const hasWaited = of % 4 === 0
        if (hasWaited) waited.released = [{ sequence, id: `t-${i}`, isFraud, knownAtMs: 0, receivedAtMs: 0 }]
        decisions.push({ ...decided, sequence: take(decided) })
        waited.released = []
        if (hasWaited) labels.set(sequence, isFraud)
      } else if (what === 3 && about !== undefined) {
        const label: LabelRecord = {
          ...{ kind: 'label', id: about.id, isFraud, knownAtMs: 0, source: undefined, receivedAtMs: 0 },
          of: about.sequence,
        }
        take(label, about)
        labels.set(about.sequence, isFraud)
      } else if (what === 4) {
        columns = columns.toReversed()
        definition = take(definitionOf(columns))
      } else if (what === 5) {
        take(deploymentOf(added))
      }
    })
    const count = (isCanary: boolean) => {
      const mine = decisions.filter(
        ({ model, fields }) => (model === canary) === isCanary && !fields.includes(undefined),
      )
      const flagged = mine.filter(({ outcome }) => outcome !== 'approve')
      return {
        decisions: mine.length,
        faults: mine.filter(({ score }) => score === null).length,
        flagged: flagged.length,
        flaggedFrauds: flagged.filter((each) => labels.get(each.sequence) === true).length,
        outcomes: Object.fromEntries(
          outcomes.map((outcome) => [outcome, mine.filter((each) => each.outcome === outcome).length]),
        ),
      }
    }
    const { canary: mine, champion: others, spread } = projection.figures ?? {}
    assert.deepEqual([mine, others], [count(true), count(false)])
    assert.ok((spread?.precision ?? 0) >= 1)
  })
  fc.assert(property)
})
