import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../../src/core/random.ts'
import { formatIsoTime } from '../../src/core/time-parser.ts'
import { Rebuild } from '../../src/deciding/rebuild.ts'
import type { Decision } from '../../src/decisioning/decision.ts'
import { compileDetector } from '../../src/features/feature-set.ts'
import type { Snapshot } from '../../src/log/snapshots.ts'
import { dataDirectory } from '../../src/stores/data-directory.ts'
import { readSnapshot, snapshotPaths } from '../../src/stores/snapshot-files.ts'
import type { SqliteLogReader } from '../../src/stores/sqlite/sqlite-log-reader.ts'
import { lastDetector } from '../../src/training/find-detector.ts'
import { assertRowsAreReplayed, assertSnapshotsLeadToSameState, assertSound, withLog } from './log-checks.ts'
import {
  firstAnswer,
  purchases,
  ServiceProcess,
  succeed,
  temporaryFolder,
  trainBundle,
  withShortWindows,
} from './service.ts'

const seed = Number(process.env.SHRIKE_SEED ?? 1)
const folder = temporaryFolder()
const hourMs = 3_600_000
const startMs = Date.UTC(2025, 5, 1)
const stepMs = hourMs / 12
const [{ body: purchase }] = purchases(1)
const deadlineMs = 60_000
let bundle = ''

before(async () => {
  bundle = await trainBundle(folder, { change: withShortWindows, name: 'short' })
})

/** A service that is killed at some of its requests; what was not answered is sent again. */
class Day {
  readonly answers = new Map<string, { readonly body: unknown; readonly text: string }>()
  kills = 0
  readonly #data: string
  readonly #flags: readonly string[]
  readonly #random = createRandom(seed)
  readonly #killedAt: ReadonlySet<number>
  #service: ServiceProcess
  #requests = 0
  #decisions = 0

  private constructor(service: ServiceProcess, data: string, flags: readonly string[]) {
    this.#service = service
    this.#data = data
    this.#flags = flags
    this.#killedAt = new Set(Array.from({ length: 4 }, () => Math.floor(this.#random.uniform() * 50)))
  }

  static async begin(data: string, flags: readonly string[]): Promise<Day> {
    return new Day(await ServiceProcess.start(bundle, data, flags), data, flags)
  }

  async ask(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<string> {
    const isKilled = this.#killedAt.has(this.#requests++)
    const answering = this.#service.ask(method, path, body)
    if (isKilled) {
      await sleep(this.#random.uniform() * 6)
      await this.#restart()
    }
    const { status, text } = await answering
    if (status === 0 && isKilled) return this.ask(method, path, body)
    assert.equal(status, 200, `${method} ${path}: ${text}`)
    return text
  }

  /** The next start goes on from the snapshot. */
  async killBehindSnapshot(): Promise<void> {
    await succeed('snapshot', '--data', this.#data)
    await this.#restart()
  }

  async #restart(): Promise<void> {
    await this.#service.kill()
    this.kills += 1
    this.#service = await ServiceProcess.start(bundle, this.#data, this.#flags)
  }

  /** Makes a change; the version that decisions name from then on. */
  async change(method: 'POST' | 'PUT', path: string, body: unknown): Promise<number> {
    return JSON.parse(await this.ask(method, path, body)).version
  }

  async decide(amount: number, card = 'card'): Promise<Decision> {
    const i = this.#decisions++
    const id = `day-${i}`
    const time = formatIsoTime(startMs + i * stepMs)
    const body = { ...purchase, transaction_id: id, time, amount, card_id: card }
    const text = await this.ask('POST', '/v1/decisions', body)
    this.answers.set(id, { body, text: firstAnswer(text) })
    return JSON.parse(text)
  }

  /** Every decision that the log still has is answered as it was. */
  async assertAnswered(): Promise<void> {
    const kept = withLog(this.#data, (reader) => new Set([...this.answers.keys()].filter((id) => reader.find(id))))
    for (const [id, { body, text }] of this.answers) {
      if (kept.has(id)) assert.equal(firstAnswer(await this.ask('POST', '/v1/decisions', body)), text)
    }
  }

  stop(): Promise<void> {
    return this.#service.stop()
  }
}

/** The outcome, and what the policy gives as reasons of it; those of the model stand behind. */
const told = ({ outcome, reasons, rules }: Decision) => [
  outcome,
  reasons.map(({ code }) => code).filter((code) => code.includes(':')),
  rules.map(({ id, state }) => `${id} ${state}`),
]

/** What a fraud team does to a policy in a day. */
async function live(day: Day): Promise<void> {
  const first = await day.decide(1)
  assert.deepEqual([first.policy, first.rules], [1, []])
  await day.change('PUT', '/v1/policy', { thresholds: {}, deadlineMs, why: 'Rules alone' })
  const small = { id: 'small', when: 'amount < 2.0', then: 'decline', reason: '{amount} is a test of a card' }
  const shadow = await day.change('POST', '/v1/rules', small)
  const inShadow = await day.decide(1)
  assert.deepEqual([...told(inShadow), inShadow.policy], ['approve', [], ['small shadow'], shadow])
  await day.change('PUT', '/v1/rules/small/state', { state: 'live' })
  assert.deepEqual(told(await day.decide(1)), ['decline', ['rule:small'], ['small live']])

  const add = (name: string, effect: string, ...cards: string[]) => {
    const list = { kind: 'list', list: { name, of: 'card', effect } }
    const entries = { kind: 'entries', list: name, add: cards.map((value) => ({ value })) }
    return day.change('POST', '/v1/policy/changes', {
      change: { kind: 'together', changes: [list, entries] },
      why: name,
    })
  }
  await add('trusted', 'allow', 'vip', 'lost')
  assert.deepEqual(told(await day.decide(1, 'vip')), ['approve', ['list:trusted'], ['small live']])
  await add('stolen', 'block', 'lost')
  assert.deepEqual(told(await day.decide(50, 'lost')), ['decline', ['list:stolen'], []])
  const until = '2099-01-01T00:00:00Z'
  await day.change('POST', '/v1/rules/small/snoozes', { key: 'card', value: 'asleep', until })
  assert.deepEqual(told(await day.decide(1, 'asleep')), ['approve', [], ['small snoozed']])
  await drawTags(day)
  await tripAndCool(day)
  for (let i = 0; i < 50; i++) await day.decide(40)

  await day.change('POST', '/v1/policy/rollback', { to: shadow, why: 'Too many declines' })
  assert.deepEqual(told(await day.decide(1)), ['approve', [], ['small shadow']])
  assert.deepEqual(told(await day.decide(50, 'lost')), ['approve', [], []])
  await decideByCost(day)
  for (let i = 0; i < 50; i++) await day.decide(40)
  await drawTags(day)
}

/** A share of what a rule applies to, by a draw. */
async function drawTags(day: Day): Promise<void> {
  const busy = {
    id: 'busy',
    when: 'card_count_1h > 2 && card == "busy"',
    then: 'tag',
    tags: ['busy'],
    state: 'live',
    share: 0.5,
  }
  await day.change('POST', '/v1/rules', busy)
  const states = new Set<string>()
  for (let i = 0; i < 16; i++) for (const { state } of (await day.decide(30, 'busy')).rules) states.add(state)
  assert.deepEqual([...states].sort(), ['live', 'undrawn'])
}

/** Its window is far longer than the test takes, however slow the machine is. */
async function tripAndCool(day: Day): Promise<void> {
  const trip = async (coolsAfter: string) => {
    const decline = { share: 0.5, over: '1d', atLeast: 5, then: 'review', coolsAfter }
    await day.change('PUT', '/v1/policy', { thresholds: {}, deadlineMs, fuses: { decline } })
    for (let i = 0; i < 5; i++) assert.equal((await day.decide(1)).outcome, 'decline')
  }
  await trip('1h')
  await day.killBehindSnapshot()
  const held = await day.decide(1)
  assert.deepEqual([held.outcome, held.reasons[0].code], ['review', 'fuse:decline'])
  assert.ok(held.degraded.includes('fused'))
  // Final ones are not held.
  assert.equal((await day.decide(1, 'lost')).outcome, 'decline')

  await trip('200ms')
  for (let i = 0; i < 12; i++) assert.equal((await day.decide(50)).outcome, 'approve')
  await sleep(300)
  assert.deepEqual(told(await day.decide(1)), ['decline', ['rule:small'], ['small live']])
  const { versions } = JSON.parse(await day.ask('GET', '/v1/policy/versions'))
  const trips = versions.filter(({ diff }: { diff: readonly string[] }) => diff.includes('fuse decline: tripped'))
  // On a slow machine it cools, and trips again, before the share is small.
  assert.ok(trips.length >= 2)
}

async function decideByCost(day: Day): Promise<void> {
  const costs = {
    missedFraud: { share: 1, fixed: 20 },
    wrongDecline: { share: 0.1, fixed: 1 },
    review: { cost: 2, finds: 0.8 },
  }
  await day.change('PUT', '/v1/policy', { decideBy: 'cost', costs, deadlineMs })
  const found = new Set<string>()
  for (const amount of [5, 20, 60, 200, 700, 2500, 9000, 30_000]) {
    const { score, outcome } = await day.decide(amount)
    assert.ok(score !== null)
    const missed = score * (amount + 20)
    const expected = { approve: missed, review: 2 + 0.2 * missed, decline: (1 - score) * (0.1 * amount + 1) }
    assert.equal(Math.min(...Object.values(expected)), new Map<string, number>(Object.entries(expected)).get(outcome))
    found.add(outcome)
  }
  assert.ok(found.size > 1, `costs made ${[...found]} of every amount`)
}

/** Judges each decision again by the policy that the records before it make, as a service does that was never killed. */
function assertPolicyIsReplayed(reader: SqliteLogReader, snapshot?: Snapshot): number {
  const { detector } = lastDetector(reader)
  const rebuild = new Rebuild({ detector, features: compileDetector(detector) }, reader, snapshot, {}, true)
  let compared = 0
  const compare: Parameters<Rebuild['step']>[0] = (record, { timestampMs, amount }) => {
    if (record.kind !== 'decision') return
    const { id, decidedAtMs, fields, row, score, outcome, policy } = record
    const { changed, secret } = rebuild.projections.policy
    if (changed === undefined) assert.equal(policy, undefined, id)
    else {
      const judged = changed.judge({ id, timestampMs, decidedAtMs, amount, fields, row, score }, secret)
      assert.deepEqual(
        { outcome: judged.outcome, ...judged.trace, version: changed.version },
        { outcome, ...policy },
        id,
      )
      compared += 1
    }
  }
  while (rebuild.step(compare));
  return compared
}

for (const isPruned of [false, true]) {
  test(`a day of changes is replayed, kill -9 included${isPruned ? ', where records are let go of' : ''}`, async (t) => {
    const data = join(folder, `data-${isPruned}`)
    const day = await Day.begin(data, ['--snapshot-every', '20', ...(isPruned ? ['--retain', '2h'] : [])])
    const pruned = () => withLog(data, (reader) => reader.prunedThrough())
    await live(day)
    assert.ok(day.kills > 0, 'it was never killed')
    // At the lowest priority a snapshot has to wait for its turn on a machine that has much to do.
    for (
      let i = 0;
      i < 400 && (isPruned ? pruned() === 0 : snapshotPaths(dataDirectory(data).snapshotsPath).length === 0);
      i++
    ) {
      await sleep(50)
    }
    await day.assertAnswered()
    await day.stop()
    assertSound(data)
    assert.equal(pruned() > 0, isPruned)
    assert.ok(assertSnapshotsLeadToSameState(data, isPruned ? 'policy' : undefined) > 0, 'no snapshot was taken')
    const first = withLog(data, (reader) => reader.firstTransactionMs() ?? 0)
    assert.ok((await assertRowsAreReplayed(data, bundle, isPruned ? first + hourMs : 0)) > 0)
    const compared = withLog(data, (reader) => {
      const count = assertPolicyIsReplayed(reader)
      for (const path of snapshotPaths(dataDirectory(data).snapshotsPath))
        assertPolicyIsReplayed(reader, readSnapshot(path))
      return count
    })
    if (isPruned) assert.ok(compared > 0 && compared < day.answers.size)
    else assert.equal(compared, day.answers.size - 1)
    t.diagnostic(
      `${day.kills} kills, seed ${seed}: ${compared} of ${day.answers.size} decisions judged again, the same`,
    )
  })
}
