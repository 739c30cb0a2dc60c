import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatIsoTime } from '../../src/core/time-parser.ts'
import { type Day, told } from './policy-day.ts'

const deadlineMs = 60_000

/** What a fraud team does to a policy in a day. */
export async function live(day: Day): Promise<void> {
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
  await tripCap(day)
  await letSomePass(day)
  await fillLists(day)
  await endSnooze(day)
  await keepEntries(day)
  for (let i = 0; i < 20; i++) await day.decide(40)

  await day.change('POST', '/v1/policy/rollback', { to: shadow, why: 'Too many declines' })
  assert.deepEqual(told(await day.decide(1)), ['approve', [], ['small shadow']])
  assert.deepEqual(told(await day.decide(50, 'lost')), ['approve', [], []])
  await decideByCost(day)
  for (let i = 0; i < 20; i++) await day.decide(40)
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

/** The cap of a rule holds it once it has fired so often, until somebody puts it back. */
async function tripCap(day: Day): Promise<void> {
  const capped = {
    id: 'capped',
    when: 'card == "capped"',
    then: 'decline',
    state: 'live',
    cap: { count: 3, over: '1d' },
  }
  await day.change('POST', '/v1/rules', capped)
  const states: string[] = []
  for (let i = 0; i < 5; i++) states.push(`${(await day.decide(30, 'capped')).rules[0].state}`)
  assert.deepEqual(states, ['live', 'live', 'live', 'fused', 'fused'])
  const held = await day.decide(30, 'capped')
  assert.deepEqual([held.outcome, held.degraded.includes('fused')], ['approve', true])
  const tripped = async () => JSON.parse(await day.ask('GET', '/v1/policy')).tripped
  assert.deepEqual(await tripped(), ['rule:capped'])
  await day.change('POST', '/v1/policy/fuses/rule:capped/reset', { why: 'It was right' })
  assert.deepEqual(await tripped(), [])
  assert.equal((await day.decide(30, 'capped')).outcome, 'decline')
}

/** Would-be declines pass by a draw, up to an amount, and none that is final. */
async function letSomePass(day: Day): Promise<void> {
  const known = { id: 'dear', when: 'amount > 500.0', then: 'decline', state: 'live' }
  await day.change('POST', '/v1/rules', known)
  await day.change('PUT', '/v1/policy', { thresholds: {}, deadlineMs, controlGroup: { share: 0.5, upTo: 100 } })
  const reasons = new Map<string, string>()
  for (let i = 0; i < 24; i++) {
    const { outcome, reasons: given } = await day.decide(1)
    reasons.set(outcome, given[0].code)
  }
  assert.deepEqual(Object.fromEntries(reasons), { approve: 'control_group', decline: 'rule:small' })
  for (let i = 0; i < 8; i++) {
    assert.equal((await day.decide(1, 'lost')).outcome, 'decline', 'a final decline passed')
    assert.equal((await day.decide(600)).outcome, 'decline', 'one over the limit passed')
  }
  await day.change('PUT', '/v1/policy', { thresholds: {}, deadlineMs, why: 'Enough of the control group' })
}

/** A list by its own routes: filled as CSV and NDJSON, an entry that ends, one that is removed, and the list itself. */
async function fillLists(day: Day): Promise<void> {
  const entries = '/v1/lists/watched/entries'
  await day.change('PUT', '/v1/lists/watched', { of: 'card', effect: 'watch', why: 'A breached shop' })
  const sent = JSON.parse(
    await day.ask('POST', entries, 'value,expires_at\nw1,\nw2,2099-01-01T00:00:00Z\n', 'text/csv'),
  )
  assert.deepEqual([sent.added, sent.refused], [2, 0])
  const expiresAt = formatIsoTime(Date.now() + 300)
  const lines = [{ value: 'w3' }, { value: 'w4', expiresAt }].map((entry) => `${JSON.stringify(entry)}\n`).join('')
  assert.equal(JSON.parse(await day.ask('POST', entries, lines, 'application/x-ndjson')).added, 2)
  for (const card of ['w1', 'w2', 'w3']) {
    assert.deepEqual(told(await day.decide(30, card)), ['review', ['list:watched'], []])
  }
  const soon = await day.decide(30, 'w4')
  assert.equal(soon.outcome, Date.parse(soon.decidedAt) < Date.parse(expiresAt) ? 'review' : 'approve')
  await passed(expiresAt)
  assert.equal((await day.decide(30, 'w4')).outcome, 'approve')
  await day.ask('POST', entries, { remove: ['w1'], why: 'Not one of them' })
  assert.equal((await day.decide(30, 'w1')).outcome, 'approve')
  const kept = JSON.parse(await day.ask('GET', entries)).entries.map(({ value }: { value: string }) => value)
  assert.deepEqual(kept, ['w2', 'w3'])

  const reads = { id: 'reads', when: 'card in lists.watched', then: 'tag', tags: ['watched'], state: 'live' }
  await day.change('POST', '/v1/rules', reads)
  assert.deepEqual(await day.refused('DELETE', '/v1/lists/watched'), ['INPUT_INVALID', 'rules.reads.when'])
  await day.change('DELETE', '/v1/rules/reads')
  await day.change('DELETE', '/v1/lists/watched')
  assert.deepEqual(told(await day.decide(30, 'w2')), ['approve', [], []])
}

async function endSnooze(day: Day): Promise<void> {
  const until = formatIsoTime(Date.now() + 300)
  await day.change('POST', '/v1/rules/small/snoozes', { key: 'card', value: 'drowsy', until, why: 'On a journey' })
  const soon = await day.decide(1, 'drowsy')
  assert.equal(soon.rules[0].state, Date.parse(soon.decidedAt) < Date.parse(until) ? 'snoozed' : 'live')
  await passed(until)
  assert.deepEqual(told(await day.decide(1, 'drowsy')), ['decline', ['rule:small'], ['small live']])
}

/** Policy and rules go back to a version; entries stay, those that are newer, too. */
async function keepEntries(day: Day): Promise<void> {
  const { version } = await day.decide(30).then(({ policy }) => ({ version: policy }))
  await day.ask('POST', '/v1/lists/stolen/entries', { add: ['late'], why: 'Reported just now' })
  await day.change('PUT', '/v1/rules/small/state', { state: 'off' })
  await day.change('PUT', '/v1/lists/stolen', { of: 'card', effect: 'watch' })
  assert.deepEqual(told(await day.decide(1, 'late')), ['review', ['list:stolen'], []])
  await day.change('POST', '/v1/policy/rollback', { to: version, why: 'As it was' })
  assert.deepEqual(told(await day.decide(1, 'late')), ['decline', ['list:stolen'], ['small live']])
}

/** Waits until a time is past, by the clock of services, too. */
async function passed(time: string): Promise<void> {
  while (Date.now() <= Date.parse(time)) await sleep(10)
}
