import type { Decided } from '../../src/cluster/front.ts'
import { createRandom, type Random } from '../../src/core/random.ts'
import type { Defined } from '../feature-definitions.ts'
import { hourMs, type Purchase } from '../feature-stream.ts'
import { checkCluster } from './check-cluster.ts'
import { SimulatedCluster } from './simulated-cluster.ts'
import { definitionOf, keyed, recordOf } from './simulated-control.ts'
import { World } from './world.ts'

const startMs = Date.UTC(2026, 2, 28)
const requests = 24
const actMs = 30_000
const restMs = 90_000

// Few sets of features, so that most seeds find theirs compiled.
const sets = [11, 12, 13, 14, 15, 16].map((seed) => {
  const random = createRandom(seed)
  return [...keyed].sort(() => random.uniform() - 0.5).slice(0, 9)
})
const definitions = sets.map((features, i) => definitionOf(features, `model-${i}`))
const features: ReadonlyMap<string, readonly Defined[]> = new Map(sets.map((set, i) => [`model-${i}`, set]))

/** What happened in a run, so that a test can ask whether it tried what it is for. */
export interface Tried {
  readonly told: number
  readonly conflicts: number
  readonly repeats: number
  readonly degraded: number
  /** Changes of the policy that were told, decisions under them, and changes that were not. */
  readonly changes: number
  readonly changed: number
  readonly refused: number
  /** Decisions by models that were deployed, and such of transactions that had come under another one. */
  readonly deployed: number
  readonly takenOver: number
}

/**
 * One run of a cluster of three, all of it drawn from the seed: requests, twice at once, changed, repeated; labels; crashes,
 * pauses, lost and late messages; changes of definition, policy and holders. Then everything heals, and what it promises is
 * checked.
 */
export async function simulate(seed: number): Promise<Tried> {
  const random = createRandom(seed)
  const pick = <Value>(values: readonly Value[]) => values[random.integer(values.length)]
  const faults = {
    lost: pick([0, 0, 0.02, 0.1]),
    zombie: pick([0, 0.02, 0.1]),
    lostReply: pick([0, 0.05, 0.3]),
    slowControl: pick([0, 0, 0.3]),
    slowModel: pick([0, 0.2, 0.5]),
    delayMs: pick([3, 10, 60, 200]),
  }
  const world = new World(random, faults, startMs)
  const cluster = new SimulatedCluster(world, 3)
  const define = (definition: unknown) =>
    cluster.changeControl({ kind: 'definition', json: JSON.stringify(definition) })
  define(pick(definitions))
  planRequests(cluster, random)
  const happen = (ms: number, what: () => void) => world.after(ms, undefined, what)
  for (let crashes = random.integer(5); crashes > 0; crashes--) planCrash(cluster, random)
  for (let pauses = random.integer(3); pauses > 0; pauses--) {
    happen(random.integer(actMs), () => {
      const machine = cluster.running[random.integer(3)]?.machine
      if (machine !== undefined) machine.pausedUntilMs = world.nowMs + random.integer(20_000)
    })
  }
  if (random.integer(3) === 0) {
    happen(random.integer(actMs), () => {
      world.isLogGone = true
      happen(random.integer(8_000), () => {
        world.isLogGone = false
      })
    })
  }
  if (random.integer(2) === 0) happen(random.integer(actMs), () => define(pick(definitions)))
  const slow = pick([0, 0, 0.05, 0.3])
  world.slowMs = () => (slow > 0 && world.chance(slow) ? random.integer(6_000) : 0)
  planChanges(cluster, random)
  planDeployments(cluster, random)
  await world.run(startMs + actMs + 30_000)
  world.faults = { lost: 0, zombie: 0, lostReply: 0, slowControl: 0, slowModel: 0, delayMs: 5 }
  world.isLogGone = false
  world.slowMs = () => 0
  for (let number = 0; number < 3; number++) {
    // Some may hold what others were to hold from then on.
    cluster.crash(number)
    cluster.start(number)
  }
  await world.run(world.nowMs + restMs)
  checkCluster(cluster, features)
  for (const fault of cluster.faults) throw fault
  const { told } = cluster
  return {
    told: told.length,
    conflicts: told.filter(({ isConflict }) => isConflict).length,
    repeats: told.filter(({ decided }) => decided.isRepeat).length,
    changes: cluster.changesTold.length,
    changed: told.filter(({ decided }) => recordOf(decided.decision.record).policy !== undefined).length,
    refused: cluster.refused.length,
    takenOver: told.filter(({ decided }) => definitionBy(decided) !== decided.intake.definition).length,
    deployed: told.filter(({ decided }) => cluster.isOfDeployment(definitionBy(decided))).length,
    degraded: told.filter(({ decided }) => decided.decision.positions.includes(undefined)).length,
  }
}

function definitionBy({ decision }: Decided): number {
  return recordOf(decision.record).definition
}

function planDeployments(cluster: SimulatedCluster, random: Random): void {
  for (let deployments = random.integer(4); deployments > 0; deployments--) {
    const [version, isRollback] = [random.integer(3), random.integer(4) === 0]
    for (let at = 1 + random.integer(2); at > 0; at--) {
      const to = random.integer(3)
      cluster.world.after(random.integer(actMs), undefined, () => cluster.deploy(version, to, isRollback))
    }
  }
}

/** Changes of all kinds at some replica, some of them twice at once. */
function planChanges(cluster: SimulatedCluster, random: Random): void {
  const pick = <Value>(values: readonly Value[]) => values[random.integer(values.length)]
  for (let changes = random.integer(8); changes > 0; changes--) {
    const atMs = random.integer(actMs)
    for (let at = pick([1, 1, 2]); at > 0; at--) {
      const [change, to] = [drawChange(random), random.integer(3)]
      cluster.world.after(atMs, undefined, () => cluster.changePolicy(change, to))
    }
  }
}

function drawChange(random: Random): unknown {
  const pick = <Value>(values: readonly Value[]) => values[random.integer(values.length)]
  const id = pick(['large', 'rome'])
  const when = id === 'large' ? 'amount > 40' : 'city == "Rome" && score > 0.2'
  const rule = { id, when, then: pick(['decline', 'review', 'challenge']), state: pick(['live', 'live', 'shadow']) }
  const list = { name: 'cards', of: 'card', effect: pick(['block', 'review']) }
  const until = new Date(startMs + pick([10_000, 3_600_000])).toISOString()
  const entries = { kind: 'entries', list: 'cards', add: [{ value: pick(['c1', 'c2']), expiresAt: until }] }
  const [review, decline] = [random.integer(5) / 10, (5 + random.integer(5)) / 10]
  const controlGroup = { share: 0.5, upTo: 1000 }
  return pick([
    { kind: 'rule', rule: { ...rule, ...(random.integer(3) === 0 && { share: 0.5 }) } },
    { kind: 'rule', rule },
    { kind: 'rule-state', id, state: pick(['live', 'off']) },
    { kind: 'rule-removed', id },
    { kind: 'snooze', rule: id, key: 'card', value: 'c1', until },
    { kind: 'together', changes: [{ kind: 'list', list }, entries] },
    entries,
    { kind: 'entries', list: 'cards', remove: ['c1'] },
    { kind: 'policy', policy: { thresholds: { review, decline } } },
    { kind: 'policy', policy: { thresholds: { review, decline }, controlGroup } },
    { kind: 'rollback', to: 1 },
  ])
}

function planCrash(cluster: SimulatedCluster, random: Random): void {
  const { world } = cluster
  const number = random.integer(3)
  world.after(random.integer(actMs), undefined, () => {
    cluster.crash(number)
    world.after(random.integer(12_000), undefined, () => {
      if (random.integer(3) === 0) {
        const shift = random.integer(3)
        cluster.holders = ({ partition }) => [(partition + shift) % 3, (partition + shift + 1) % 3]
      }
      if (cluster.running[number] === undefined) cluster.start(number)
    })
  })
  world.after(random.integer(actMs), undefined, () => cluster.save(random.integer(3)))
}

function planRequests(cluster: SimulatedCluster, random: Random): void {
  const { world } = cluster
  const pick = <Value>(values: readonly Value[]) => values[random.integer(values.length)]
  for (let i = 0; i < requests; i++) {
    const id = `t${i}`
    const purchase = { ...draw(random), id }
    const atMs = random.integer(actMs)
    const send = (ms: number, what = purchase) => {
      const repeats = pick([0, 5, 5, 5])
      const isOld = random.integer(4) === 0
      const to = random.integer(3)
      world.after(ms, undefined, () => cluster.send(what, to, repeats, isOld))
    }
    send(atMs)
    if (random.integer(5) === 0) send(atMs + random.integer(30))
    if (random.integer(8) === 0) send(random.integer(actMs), { ...draw(random), id })
    if (random.integer(2) === 0) {
      const isFraud = random.integer(3) > 0
      const source = pick([undefined, 'issuer', 'chargeback'])
      const to = random.integer(3)
      world.after(random.integer(actMs), undefined, () => {
        cluster.label(id, isFraud, purchase.time + pick([0, 0, 1, 3]) * hourMs, source, to)
      })
    }
  }
}

function draw(random: Random): Purchase {
  const pick = <Value>(values: readonly Value[]) => values[random.integer(values.length)]
  const [latitude, longitude] = pick([
    [48.85, 2.35],
    [-33.87, 151.21],
    [Number.NaN, Number.NaN],
  ])
  return {
    time: startMs - pick([0, 1, 1, 2, 3, 5, 9, 40]) * hourMs + pick([0, 0, 1]),
    amount: pick([0, -250, 1, 4_999, 12_345]),
    card: pick(['c1', 'c1', 'c2', 'c3', undefined]),
    shop: pick(['s1', 's1', 's2', undefined]),
    city: pick(['Rome', 'Oslo', undefined]),
    points: pick([0.1, 0.2, 1e11, 1, -0.3, Number.NaN]),
    ...{ latitude, longitude },
  }
}
