import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeEntry } from '../../src/cluster/entries.ts'
import { homeLane, placeOf } from '../../src/cluster/lanes.ts'
import { createRandom } from '../../src/core/random.ts'
import { checkCluster } from '../cluster/check-cluster.ts'
import { partitions, SimulatedCluster } from '../cluster/simulated-cluster.ts'
import { definitionOf, keyed, recordOf } from '../cluster/simulated-control.ts'
import { World } from '../cluster/world.ts'
import { hourMs } from '../feature-stream.ts'

const startMs = Date.UTC(2026, 2, 28)
const defined = keyed.slice(0, 12)
const quiet = { lost: 0, zombie: 0, lostReply: 0, slowControl: 0, slowModel: 0, delayMs: 4 }
const home = placeOf(homeLane, 'one', partitions)
const payment = { id: 'one', time: startMs - hourMs, amount: 1_000, card: 'c1', shop: 's1', city: 'Rome' } as const
const one = { ...payment, points: 1, latitude: 48.85, longitude: 2.35 }

/** A cluster of so many, caught up, with nothing that fails by itself. */
async function startCluster(seed = 1, replicas = 3) {
  const world = new World(createRandom(seed), quiet, startMs)
  const cluster = new SimulatedCluster(world, replicas)
  cluster.changeControl({ kind: 'definition', json: JSON.stringify(definitionOf(defined, 'm')) })
  await world.run(startMs + 1_000)
  const rest = async () => {
    await world.run(world.nowMs + 60_000)
    checkCluster(cluster, new Map([['m', defined]]))
    for (const fault of cluster.faults) throw fault
  }
  const entries = (kind: string) =>
    world
      .entries(home)
      .map(({ bytes }) => decodeEntry(bytes, 'home'))
      .filter((entry) => entry.kind === kind)
  return { world, cluster, rest, entries }
}

/** The decision of the one payment, as its home has it. */
function decided({ entries }: Pick<Awaited<ReturnType<typeof startCluster>>, 'entries'>) {
  const [entry] = entries('decision').filter((each) => each.kind === 'decision')
  return recordOf(entry.record)
}

/** Labels come behind the transaction that they speak of, each of them from one holder of its home or both. */
function assertFollows(entries: ReturnType<World['entries']>): void {
  const kinds = entries.map(({ bytes }) => decodeEntry(bytes, 'the lane').kind)
  assert.deepEqual([kinds.lastIndexOf('observation') < kinds.indexOf('key-label'), new Set(kinds).size], [true, 2])
}

const holdersOf = (cluster: SimulatedCluster) => cluster.holders(home)
const notHolding = (cluster: SimulatedCluster) => [0, 1, 2].find((each) => !holdersOf(cluster).includes(each)) ?? 0

describe('in a cluster', () => {
  test('a front that dies, at whichever step, leaves one decision, and each key counts it once', async () => {
    const whole = await startCluster()
    whole.cluster.send(one, 0, 0)
    let steps = 0
    await whole.world.run(startMs + 30_000, () => whole.cluster.told.length > 0 || ++steps > 5_000)
    assert.equal(whole.cluster.told.length, 1)
    for (let crashAt = 1; crashAt <= steps; crashAt++) {
      for (const repeats of [0, 3]) {
        const { world, cluster, rest, entries } = await startCluster()
        cluster.send(one, 0, repeats)
        let step = 0
        await world.run(startMs + 30_000, () => ++step === crashAt)
        cluster.crash(0)
        await world.run(world.nowMs + 2_000)
        cluster.start(0)
        await rest()
        const isIn = entries('intake').length > 0
        assert.equal(cluster.told.length, repeats === 0 ? 0 : 1, `the caller of a front that died at step ${crashAt}`)
        if (isIn && repeats === 0) assert.ok(decided({ entries }).score !== null)
      }
    }
  })

  test('what its front did not decide, home decides seconds later, and says so', async () => {
    const started = await startCluster()
    const { world, cluster, rest, entries } = started
    const front = notHolding(cluster)
    cluster.send(one, front, 0)
    await world.run(startMs + 30_000, () => entries('intake').length > 0)
    cluster.crash(front)
    await world.run(world.nowMs + 4_000)
    assert.equal(entries('decision').length, 0)
    await rest()
    assert.deepEqual(decided(started).degraded, ['unanswered'])
    assert.notEqual(decided(started).score, null)
  })

  test('one dead holder costs nothing: its twin answers', async () => {
    const started = await startCluster()
    const { world, cluster, rest } = started
    const front = notHolding(cluster)
    cluster.crash(holdersOf(cluster)[0])
    cluster.send(one, front, 0)
    await world.run(world.nowMs + 1_000)
    assert.equal(cluster.told.length, 1)
    await rest()
  })

  test('without both holders of a key the fallback is answered in time, and the record names what is missing', async () => {
    const started = await startCluster(1, 4)
    const { world, cluster, rest } = started
    const card = placeOf('key-card', 'c1', partitions)
    // Only 2 and 3 hold the card's place, and neither anything else.
    cluster.holders = (place) => (place.lane === card.lane ? [2, 3] : [0, 1])
    for (const number of [0, 1, 2, 3]) {
      cluster.crash(number)
      cluster.start(number)
    }
    await world.run(world.nowMs + 1_000)
    cluster.crash(2)
    cluster.crash(3)
    cluster.send(one, 0, 0)
    await world.run(world.nowMs + 1_500)
    assert.equal(cluster.told.length, 1)
    const record = decided(started)
    assert.deepEqual([record.score, record.outcome, record.degraded], [null, 'review', ['history-unavailable']])
    const [{ decided: answer }] = cluster.told
    assert.equal(answer.decision.positions.filter((position) => position === undefined).length, 1)
    cluster.start(2)
    cluster.start(3)
    await rest()
    cluster.send({ ...one, id: 'two' }, 0, 3)
    await rest()
    const next = cluster.told.at(-1)?.decided.decision
    assert.deepEqual(next && recordOf(next.record).degraded, [], 'it was counted all the same')
  })

  test('a slow log costs no more than the deadline, and no label overtakes its transaction', async () => {
    const started = await startCluster()
    const { world, cluster, rest, entries } = started
    const card = placeOf('key-card', 'c1', partitions)
    world.slowMs = ({ lane }) => (lane === card.lane ? 3_000 : 0)
    const front = notHolding(cluster)
    cluster.send(one, front, 0)
    await world.run(world.nowMs + 1_200)
    assert.equal(cluster.told.length, 1)
    assert.deepEqual(decided(started).degraded, ['history-unavailable'])
    world.slowMs = () => 0
    cluster.label('one', true, startMs, 'issuer', front)
    await world.run(world.nowMs + 1_500)
    assert.deepEqual([world.entries(card).length, entries('observed').length], [0, 0], 'the label waits')
    await rest()
    assertFollows(world.entries(card))
  })

  test('what a front could not take to a lane before it died, home takes there, and its labels after it', async () => {
    const { world, cluster, rest, entries } = await startCluster()
    const card = placeOf('key-card', 'c1', partitions)
    world.slowMs = ({ lane }) => (lane === card.lane ? 1e9 : 0)
    const front = notHolding(cluster)
    cluster.send(one, front, 0)
    await world.run(world.nowMs + 1_200)
    assert.equal(cluster.told.length, 1)
    cluster.crash(front)
    cluster.label('one', true, startMs, 'issuer', holdersOf(cluster)[0])
    world.slowMs = () => 0
    await rest()
    assert.ok(entries('observed').length > 0)
    assertFollows(world.entries(card))
  })

  test('while the log is gone callers are refused, and the same id is taken afterwards', async () => {
    const { world, cluster, rest } = await startCluster()
    world.isLogGone = true
    cluster.send(one, 0, 9)
    await world.run(world.nowMs + 10_000)
    assert.equal(cluster.told.length, 0)
    world.isLogGone = false
    await rest()
    assert.equal(cluster.told.length, 1)
  })

  test('a log that lost its end, or holds other entries, closes the place where it was known better', async () => {
    for (const isOther of [false, true]) {
      const { world, cluster } = await startCluster()
      cluster.send(one, 0, 3)
      await world.run(world.nowMs + 30_000)
      const [number] = holdersOf(cluster)
      cluster.save(number)
      cluster.crash(number)
      world.cutOff(home, 1)
      if (isOther) world.put(home, new Uint8Array([5, 99]))
      cluster.start(number)
      await world.run(world.nowMs + 5_000)
      const reason = isOther ? /is another than the one that was taken/ : /it ends before the position/
      assert.match(cluster.faults[0]?.message ?? '', reason)
    }
  })

  test('a zombie that wakes after it was given up changes nothing', async () => {
    const started = await startCluster()
    const { world, cluster, rest, entries } = started
    const front = notHolding(cluster)
    cluster.send(one, front, 0)
    await world.run(startMs + 30_000, () => entries('intake').length > 0)
    const { machine } = cluster.running[front] ?? assert.fail()
    machine.pausedUntilMs = world.nowMs + 20_000
    await rest()
    assert.ok(entries('decision').length >= 2, 'it tried, too')
    assert.deepEqual(decided(started).degraded, ['unanswered'])
    assert.equal(cluster.told.length, 1)
    assert.deepEqual(recordOf(cluster.told[0].decided.decision.record), decided(started))
  })

  test('one id with two contents at once on two fronts has one decision, and no key counts the other', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { world, cluster, rest } = await startCluster(seed)
      cluster.send(one, 0, 0)
      cluster.send({ ...one, card: 'c2', amount: 5 }, 1, 0)
      await world.run(world.nowMs + 2_000)
      assert.deepEqual(cluster.told.map(({ isConflict }) => isConflict).sort(), [false, true])
      await rest()
    }
  })
})
