import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../src/core/random.ts'
import { createDetectorInForce } from '../src/deciding/detector-in-force.ts'
import type { Decision } from '../src/decisioning/decision.ts'
import { verifyLog } from '../src/stores/sqlite/verify-log.ts'
import { replayLog } from '../src/training/logged-rows.ts'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  openTestDecisions,
  startMs,
} from './service/decisions-fixture.ts'

// Decisions over many connections on a log whose look-ups take their time, with everything in between that can go wrong.

const count = Math.min(50_000, Number(process.env.SHRIKE_TRANSACTIONS ?? 3000))
const connections = 64
const open = closedAfterEach()

/** Whether somebody may ask that the card's holder is forgotten: then the same transaction again is another one. */
const isErased = (i: number) => i % 17 === 5
function cardOf(i: number): string {
  if (isErased(i)) return `erased-${i % 4}`
  return i % 3 === 0 ? `new-${Math.floor(i / 9)}` : `known-${(i * 7) % 97}`
}
const bodyOf = (i: number) => ({
  ID: `t-${i}`,
  // Some come late.
  TIME: startMs + i * 30_000 - (i % 11 === 0 ? 3_600_000 : 0),
  AMOUNT: ((i * 37) % 900) + 0.25,
  CARD: cardOf(i),
  SHOP: `s-${i % 13}`,
  NOTE: '',
})

test(`decides ${count} transactions once each on a log that is slow to look things up`, async (t) => {
  const random = createRandom(2027)
  const inForce = createDetectorInForce(cardsDetector({}, { personal: ['card'] }), amountPredictor())
  const opened = await openTestDecisions({ inForce, lookUpMs: () => random.uniform() * 20 })
  open.push(opened)
  const { service, log, clock } = opened
  clock.nowMs = startMs + count * 30_000
  await service.resume()

  const decide = async (i: number, more: object = {}): Promise<Decision> =>
    service.decide({ ...bodyOf(i), ...more }, undefined, () => 0)
  const first = new Map<number, Promise<Decision>>()
  const counts = { duplicates: 0, conflicts: 0, labels: 0, repeatedLabels: 0, erasures: 0, shown: 0 }

  /** The same again is answered as at first, whether that is decided yet or not. */
  async function again(i: number): Promise<void> {
    const before = first.get(i)
    const answer = await decide(i)
    assert.equal(answer.duplicate, true)
    assert.deepEqual(answer, { ...(await before), duplicate: true })
    counts.duplicates += 1
  }
  async function contradict(i: number): Promise<void> {
    const more = random.integer(2) === 0 ? { AMOUNT: 901 } : { CARD: `nobody-${i}` }
    await assert.rejects(decide(i, more), { code: 'TRANSACTION_CONFLICT' })
    counts.conflicts += 1
  }
  async function label(i: number): Promise<void> {
    const said = { transactionId: `t-${i}`, isFraud: random.integer(3) > 0 }
    const answers = await Promise.all([service.label(said, 'desk'), service.label(said, 'desk')])
    assert.equal(answers[1][0].duplicate, true)
    counts.labels += 1
    if (answers[0][0].duplicate) counts.repeatedLabels += 1
  }
  /** What was answered can be seen. */
  async function show(i: number, { score, decidedAt }: Decision): Promise<void> {
    const [found, seen] = await Promise.all([service.find(`t-${i}`), service.view(`t-${i}`)])
    for (const each of [found, seen]) assert.deepEqual([each?.score, each?.decidedAt], [score, decidedAt])
    assert.equal(await service.find(`t-${count + i}`), undefined)
    counts.shown += 1
  }
  let next = 0
  const recent = () => {
    const i = Math.max(0, next - 1 - random.integer(200))
    return isErased(i) ? i - 1 : i
  }
  async function connection(): Promise<void> {
    while (next < count) {
      const i = next++
      const taken = decide(i)
      first.set(i, taken)
      const chance = random.integer(100)
      // At once with the first time, or after it.
      if (chance < 8 && !isErased(i)) await Promise.all([again(i), taken])
      assert.equal((await taken).duplicate, false)
      if (chance >= 8 && chance < 20) await again(recent())
      else if (chance < 28) await contradict(recent())
      else if (chance < 45) await label(recent() + random.integer(20))
      else if (chance < 55) await show(i, await taken)
      else if (chance === 99) {
        await service.erase('card', `erased-${random.integer(4)}`, 'desk')
        counts.erasures += 1
      }
    }
  }
  await Promise.all(Array.from({ length: connections }, connection))

  const { reading } = log
  assert.equal(reading.transactionsIn(0, reading.lastSequence()).count, count)
  assert.equal(verifyLog(reading, undefined).problem, undefined)
  // As `features --from-log` computes them.
  let rows = 0
  const located = { detector: inForce.detector, locate: () => '' }
  const options = { usesStored: () => false, signal: new AbortController().signal }
  for (const group of replayLog(located, inForce.features, reading, options)) {
    for (const { record, row } of group) {
      assert.ok(record.kind === 'decision')
      assert.ok(
        row.every((value, i) => Object.is(value, record.row[i])),
        `record ${record.sequence}: ${row} and ${record.row}`,
      )
      rows += 1
    }
  }
  assert.equal(rows, count)
  for (let i = 0; i < count; i++) {
    const said = reading.labelsOf(`t-${i}`).map(({ isFraud }) => isFraud)
    assert.ok(
      said.every((isFraud, k) => k === 0 || isFraud !== said[k - 1]),
      `t-${i} was labelled ${said}`,
    )
  }
  // Only an erasure gives a person another token.
  const at = service.decider.state?.definition.columns.indexOf('CARD') ?? -1
  const tokens = new Map<string, Set<unknown>>()
  for (let i = 0; i < count; i++) {
    const of = tokens.get(cardOf(i)) ?? new Set()
    tokens.set(cardOf(i), of.add(reading.find(`t-${i}`)?.fields[at]))
  }
  const extra = [...tokens.values()].reduce((sum, { size }) => sum + size - 1, 0)
  assert.ok(extra <= counts.erasures, `${extra} more tokens than persons, after ${counts.erasures} erasures`)
  for (const value of Object.values(counts)) assert.ok(value > 0, JSON.stringify(counts))
  t.diagnostic(JSON.stringify(counts))
})
