import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  openTestDecisions,
} from '../../test/service/decisions-fixture.ts'
import { createDetectorInForce } from './detector-in-force.ts'
import { type ShadowCount, watchAlerts } from './watched-state.ts'

const open = closedAfterEach()
const hourMs = 3_600_000
const dayMs = 24 * hourMs
const weekMs = 7 * dayMs
/** A Monday. */
const mondayMs = Date.UTC(2026, 10, 23)

/** A service of cards whose labels are known after a day, and all that it decides and is told. */
async function start() {
  const inForce = createDetectorInForce(cardsDetector(), amountPredictor())
  const running = await openTestDecisions({ inForce, maxAheadMs: Number.POSITIVE_INFINITY })
  open.push(running)
  const { service, clock } = running
  clock.nowMs = mondayMs
  await service.resume()
  let sent = 0
  const decide = async (timeMs: number, amount: number) => {
    clock.nowMs = Math.max(clock.nowMs, timeMs)
    const id = `t-${++sent}`
    await service.decide(
      { ID: id, TIME: timeMs, AMOUNT: amount, CARD: `c-${sent % 50}`, SHOP: 's' },
      undefined,
      () => 0,
    )
    return id
  }
  const label = async (transactionId: string, isFraud: boolean, knownAtMs?: number) => {
    const knownAt = knownAtMs === undefined ? {} : { knownAt: new Date(knownAtMs).toISOString() }
    await service.label({ transactionId, isFraud, ...knownAt }, 'key:desk')
  }
  /** The alert of a kind that holds, once somebody has looked. */
  const firing = async (kind: string) => {
    await service.alerts.look()
    return service.alertStates.firing.filter(({ alert }) => alert === kind)
  }
  return { ...running, decide, label, firing }
}

test('precision: a mature week with less of it than each of those before, and not before it is mature', async () => {
  const { decide, label, firing, service } = await start()
  const week = async (number: number, frauds: number) => {
    for (let i = 0; i < 40; i++) await label(await decide(mondayMs + number * weekMs + i * hourMs, 600), i < frauds)
  }
  for (let number = 0; number < 4; number++) await week(number, 34 + (number % 2))
  await week(4, 10)
  // Another model that takes over in the same week is looked at, too, and hides nothing of this one.
  await service.use(createDetectorInForce(cardsDetector(), amountPredictor('other@0123456789ab')))
  await label(await decide(mondayMs + 5 * weekMs - 1, 600), true)
  // The week is over, and labels of its last day may be to come.
  await decide(mondayMs + 5 * weekMs + dayMs - 1, 5)
  assert.deepEqual(await firing('precision'), [])
  await decide(mondayMs + 5 * weekMs + dayMs, 5)
  const [{ subject, from, to, text }, ...others] = await firing('precision')
  assert.deepEqual([subject, to, others], ['amounts@0123456789ab', 0.25, []])
  assert.ok(Math.abs((from ?? 0) - 34.5 / 40) < 1e-9, text)
  assert.match(text, /^25 % of what was not approved in the newest mature week is fraud, 86\.3 % in the weeks before$/)
})

test('precision: a week that chance explains is none', async () => {
  const { decide, label, firing } = await start()
  for (const [number, frauds] of [8, 7, 8, 7, 5].entries())
    for (let i = 0; i < 10; i++) await label(await decide(mondayMs + number * weekMs + i * hourMs, 600), i < frauds)
  await decide(mondayMs + 6 * weekMs, 5)
  assert.deepEqual(await firing('precision'), [])
})

test('label-lag: labels of one kind that no longer come, and not where few came before', async () => {
  const { decide, label, firing } = await start()
  const report = async (week: number, count: number, isFraud: boolean) => {
    for (let i = 0; i < count; i++) {
      const atMs = mondayMs + week * weekMs + i * hourMs
      await label(await decide(atMs, 600), isFraud, atMs + hourMs)
    }
  }
  for (let week = 0; week < 4; week++) {
    await report(week, 12, true)
    await report(week, 8, false)
  }
  await decide(mondayMs + 5 * weekMs - hourMs, 5)
  const [{ subject, from, to, text }, ...others] = await firing('label-lag')
  assert.deepEqual([subject, from, to, others], ['fraud', 12, 0, []])
  assert.equal(text, '0 labels of fraud came in the last week, 12 a week before')
})

test('label-lag: labels that are known twice as long after their transactions, by a day at least', async () => {
  const { decide, label, firing, clock } = await start()
  const report = async (week: number, lagMs: number) => {
    const ids: (readonly [string, number])[] = []
    for (let i = 0; i < 24; i++) {
      const atMs = mondayMs + week * weekMs + i * hourMs
      ids.push([await decide(atMs, 600), atMs])
    }
    for (const [id, atMs] of ids) {
      clock.nowMs = Math.max(clock.nowMs, atMs + lagMs)
      await decide(clock.nowMs, 5)
      await label(id, true, atMs + lagMs)
    }
  }
  for (let week = 0; week < 4; week++) await report(week, dayMs)
  assert.deepEqual(await firing('label-lag'), [])
  await report(4, 3 * dayMs)
  await decide(mondayMs + 5 * weekMs - hourMs, 5)
  const [{ subject, from, to }, ...others] = await firing('label-lag')
  assert.deepEqual([subject, others], ['fraud', []])
  const isNear = (value: number | null, hours: number) => Math.abs((value ?? 0) / hours - 1) < 1 / 12
  assert.ok(isNear(from, 24) && isNear(to, 72), `${from} ${to}`)
})

test('shadow-drops: of scores since the last look, a hundred at least, more than the limit', async () => {
  const { service, log, clock, say } = await start()
  const counts = new Map<string, ShadowCount>()
  const watch = watchAlerts(service, {
    log,
    clock: () => clock.nowMs,
    logger: say,
    shadowCounts: () => [...counts.values()],
  })
  try {
    const firingAfter = async (dropped: number, all: number) => {
      counts.set('slow@1', { model: 'slow@1', dropped, all })
      await watch.look()
      return service.alertStates.firing.filter(({ alert }) => alert === 'shadow-drops')
    }
    assert.deepEqual(await firingAfter(99, 99), [], 'too few to tell')
    assert.deepEqual(await firingAfter(99 + 20, 99 + 200), [], 'the limit is more than a tenth')
    const [{ subject, to, text }] = await firingAfter(119 + 21, 299 + 200)
    assert.deepEqual([subject, to], ['slow@1', 0.105])
    assert.equal(text, '10.5 % of the scores of slow@1 were left out for lack of time')
  } finally {
    await watch.close()
  }
})
