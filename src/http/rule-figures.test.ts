import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPolicy, velocity } from '../../test/service/policy-routes.ts'

const none = { undrawn: 0, snoozed: 0, fused: 0 }

test('figures of a rule follow decisions and labels, version by version, and outlive the rule', async () => {
  const { app, post, put, decide, service } = await openPolicy()
  const figures = async () => (await app.inject('/v1/rules/velocity/figures')).json().figures
  const label = (id: string, isFraud: boolean) => service.label({ transactionId: id, isFraud }, 'key:desk')
  const first = (await post('/v1/rules', velocity)).json().version
  // The third of a card within the hour is the first that it applies to.
  for (const ID of ['a', 'b', 'c', 'd']) await decide({ ID })
  await put('/v1/rules/velocity/state', { state: 'live' })
  for (const ID of ['e', 'f']) assert.equal((await decide({ ID })).outcome, 'decline')
  // Here the score declines, too.
  await decide({ ID: 'g', AMOUNT: 950 })
  await label('a', true)
  await label('c', true)
  await label('e', true)
  const reported = (await figures())[0]
  assert.deepEqual(
    [reported.frauds, reported.legitimate, reported.withoutLabel, reported.precision, reported.precisionInterval],
    [2, 0, 3, null, null],
    'of frauds alone nobody can tell',
  )
  await label('f', false)
  await label('g', false)
  await label('g', true)
  const [now] = await figures()
  const { lower, upper } = now.precisionInterval
  assert.deepEqual(now, {
    ...{ version: first, isCurrent: true, outcome: 'decline', since: '2026-11-22T09:00:00.000Z' },
    ...{ liveDecisions: 3, shadowDecisions: 4, fired: 3, alone: 2, shadow: 2, wouldChange: 2, ...none },
    ...{ frauds: 3, legitimate: 1, withoutLabel: 1, precision: 0.75, precisionInterval: { lower, upper } },
  })
  // Wilson's of 3 in 4, as scipy.stats.binomtest(3, 4).proportion_ci(method='wilson') has it.
  assert.ok(Math.abs(lower - 0.3006418) < 1e-6 && Math.abs(upper - 0.9544127) < 1e-6, `${lower} ${upper}`)
  const second = (await post('/v1/rules', { ...velocity, when: 'card_count_1h > 100', state: 'live' })).json().version
  await decide()
  const both = await figures()
  assert.deepEqual(
    both.map(({ version, isCurrent, fired }: Record<string, unknown>) => [version, isCurrent, fired]),
    [
      [second, true, 0],
      [first, false, 3],
    ],
  )
  assert.equal(both[0].precision, null)
  assert.equal((await app.inject({ method: 'DELETE', url: '/v1/rules/velocity' })).statusCode, 200)
  assert.deepEqual(
    (await figures()).map(({ isCurrent }: Record<string, unknown>) => isCurrent),
    [false, false],
  )
  assert.equal((await app.inject('/v1/rules/velocty/figures')).statusCode, 404)
})

test('metrics tell what rules did by rule, state and outcome, those after the first thousand together', async () => {
  const { app, post, put, decide, metrics } = await openPolicy()
  const shown = async (name: string) => {
    const lines = (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(name))
    return lines.map((line) => line.slice(name.length)).sort()
  }
  await decide()
  assert.deepEqual(await shown('shrike_rule_'), [])
  await post('/v1/rules', velocity)
  await decide()
  await decide()
  await put('/v1/rules/velocity/state', { state: 'live' })
  await decide()
  await post('/v1/rules', { ...velocity, state: 'live', cap: { count: 1, over: '1h' } })
  await decide()
  await decide()
  const missing = await post('/v1/rules', { id: 'noted', when: 'note == "x"', then: 'tag', tags: ['odd'] })
  await decide()
  const outcome = 'outcome="decline"'
  assert.deepEqual(await shown('shrike_rule_fired_total'), [
    `{rule="velocity",state="live",${outcome}} 2`,
    `{rule="velocity",state="shadow",${outcome}} 1`,
  ])
  assert.deepEqual(await shown('shrike_rule_held_total'), ['{rule="velocity",by="fuse"} 2'])
  assert.deepEqual(await shown('shrike_rule_unknown_total'), ['{rule="noted"} 1'])
  assert.deepEqual(await shown('shrike_fuse_tripped'), ['{fuse="rule:velocity"} 1'])
  assert.ok((await shown('shrike_decisions_by_policy_total')).includes('{by="rule"} 2'))
  assert.equal((await app.inject('/v1/rules/noted/figures')).json().unknown.count, 1)
  const version = Number(missing.json().version)
  assert.ok(Number((await shown('shrike_policy_version'))[0]) >= version)
  const rules = Array.from({ length: 1100 }, (_, i) => ({ ...velocity, id: `r-${i}`, when: 'amount > 1.0' }))
  const changes = rules.map((rule) => ({ kind: 'rule', rule }))
  const { statusCode, body } = await post('/v1/policy/changes', { change: { kind: 'together', changes } })
  assert.equal(statusCode, 200, body)
  await decide()
  const fired = await shown('shrike_rule_fired_total')
  // The two of before are among the thousand.
  assert.equal(fired.filter((line) => line.startsWith('{rule="r-')).length, 998)
  assert.ok(fired.includes(`{rule="other",state="shadow",${outcome}} 102`))
})
