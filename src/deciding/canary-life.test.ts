import assert from 'node:assert/strict'
import { test } from 'node:test'
import { examples } from '../../test/examples.ts'
import { createRandom } from '../core/random.ts'
import type { DecisionRecord, LogRecord } from '../log/log-record.ts'
import { whyRolledBack } from './canary-figures.ts'
import { CanaryProjection } from './canary-projection.ts'
import { deploymentSchema } from './deployment.ts'
import { DeploymentProjection } from './deployment-projection.ts'
import { StandingLabels } from './standing-labels.ts'

const [champion, canary] = ['cards@000000000001', 'cards@000000000002']
const change = deploymentSchema.parse({ kind: 'canary', model: canary, share: 0.3, by: 'card' })
assert(change.kind === 'canary')
const { share, guard } = change

interface Life {
  readonly seed: number
  readonly decisions: number
  /** How likely the canary, and the champion, flags a fraud, and an honest transaction. */
  readonly canary: Skill
  readonly champion: Skill
}

interface Skill {
  readonly fraud: number
  readonly honest: number
}

const cards = 4000
const labelsAfter = 3000
const lookEvery = 50

/**
 * A canary's life in records. A stolen card is used in a burst, all by the same model; labels of fraud come late. Whether
 * the guard, which looks all the time, takes it back.
 */
function isTakenBack({ seed, decisions, canary: newer, champion: older }: Life): boolean {
  const random = createRandom(seed)
  const deployments = new DeploymentProjection()
  const standing = new StandingLabels(() => 0, { released: [] })
  const projection = new CanaryProjection(deployments, standing)
  let sequence = 0
  const take = (record: LogRecord, about?: DecisionRecord & { readonly sequence: number }) => {
    sequence += 1
    deployments.take(record, sequence)
    standing.take(record, sequence, about)
    projection.take(record, sequence, about)
    return sequence
  }
  for (const each of [{ kind: 'champion', model: champion } as const, change])
    take({ kind: 'deployment', by: 'user:ann', why: '', atMs: 0, change: JSON.parse(JSON.stringify(each)) })
  const definition = take({
    ...{ kind: 'definition', format: 2, detector: { transaction: { keys: { card: 'PAN' } } }, model: champion },
    ...{ columns: ['PAN'], features: [], policy: { whenUnavailable: 'review', deadlineMs: 100, version: 1 } },
    runtime: 'node-24',
  })
  const isDrawn = Array.from({ length: cards }, () => random.uniform() < share)
  const stolen = new Map<number, number>()
  const late: (DecisionRecord & { readonly sequence: number })[] = []
  let labelled = 0
  for (let i = 0; i < decisions; i++) {
    if (random.uniform() < 0.004) stolen.set(random.integer(cards), 1 + random.integer(8))
    const [burst] = random.uniform() < 0.3 ? stolen : []
    const card = burst?.[0] ?? random.integer(cards)
    const isFraud = burst !== undefined
    if (burst !== undefined) {
      if (burst[1] === 1) stolen.delete(card)
      else stolen.set(card, burst[1] - 1)
    }
    const skill = isDrawn[card] ? newer : older
    const isFlagged = random.uniform() < (isFraud ? skill.fraud : skill.honest)
    const decided: DecisionRecord = {
      ...{ kind: 'decision', id: `t-${i}`, timestampMs: i, decidedAtMs: i, definition, degraded: [] },
      ...{ fields: [`c-${card}`], row: new Float64Array(), score: 0.5, outcome: isFlagged ? 'review' : 'approve' },
      ...(isDrawn[card] && { model: canary }),
    }
    const taken = { ...decided, sequence: take(decided) }
    if (isFraud && isFlagged) late.push(taken)
    for (let next = late[labelled]; next !== undefined && next.timestampMs < i - labelsAfter; next = late[++labelled]) {
      const label = {
        kind: 'label',
        id: next.id,
        isFraud: true,
        knownAtMs: i,
        source: undefined,
        receivedAtMs: i,
      } as const
      take({ ...label, of: next.sequence }, next)
    }
    const { figures } = projection
    if (i % lookEvery === 0 && figures !== undefined && whyRolledBack(figures, guard) !== undefined) return true
  }
  return false
}

const lives = examples(10)
const usual: Skill = { fraud: 0.6, honest: 0.04 }
const countTaken = (newer: Skill, decisions: number) =>
  Array.from({ length: lives }, (_, seed) => isTakenBack({ seed, decisions, canary: newer, champion: usual })).filter(
    (taken) => taken,
  ).length

test('a canary that differs in nothing is hardly ever taken back, however often it is looked at', () => {
  const taken = countTaken(usual, 20_000)
  assert.ok(taken <= 0.05 * lives, `${taken} of ${lives}`)
})

test('a canary that flags at random is taken back', () => {
  const taken = countTaken({ fraud: 0.06, honest: 0.06 }, 40_000)
  assert.ok(taken >= 0.95 * lives, `${taken} of ${lives}`)
})
