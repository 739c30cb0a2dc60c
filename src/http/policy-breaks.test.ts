import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openPolicy, velocity } from '../../test/service/policy-routes.ts'

const always = { id: 'always', when: 'amount > 0.0', then: 'review', state: 'live' }

describe('the policy, where its routes are used against the grain', () => {
  test('refuses what speaks of what is not there, and nothing of it counts', async () => {
    const { app, post, put } = await openPolicy()
    const until = '2030-01-01T00:00:00Z'
    const entry = { kind: 'entries', list: 'l', add: [{ value: 'c' }] }
    const list = { kind: 'list', list: { name: 'l', of: 'card', effect: 'block' } }
    for (const [status, answering] of [
      [404, post('/v1/rules/always/snoozes', { key: 'card', value: 'c', until })],
      [404, post('/v1/lists/l/entries', { add: ['c'] })],
      [404, put('/v1/rules/always/state', { state: 'live' })],
      [422, post('/v1/policy/fuses/rule:always/reset', {})],
      [422, post('/v1/policy/rollback', { to: 2 })],
      [422, post('/v1/policy/rollback', { to: 0 })],
      // In their order: the list comes after its entries.
      [422, post('/v1/policy/changes', { change: { kind: 'together', changes: [entry, list] } })],
    ] as const) {
      const { statusCode, body } = await answering
      assert.equal(statusCode, status, body)
    }
    const { version, lists, rules } = (await app.inject('/v1/policy')).json()
    assert.deepEqual([version, lists, rules], [1, [], []])
  })

  test('lets one of many who change the same version win', async () => {
    const { app, put, log } = await openPolicy()
    const answers = await Promise.all(
      [0.1, 0.2, 0.3, 0.4].map((review) => put('/v1/policy', { thresholds: { review } }, { 'if-match': '"1"' })),
    )
    assert.deepEqual(answers.map(({ statusCode }) => statusCode).sort(), [200, 412, 412, 412])
    const won = answers.find(({ statusCode }) => statusCode === 200)
    const { version, policy } = (await app.inject('/v1/policy')).json()
    assert.equal(version, won?.json().version)
    assert.ok([0.1, 0.2, 0.3, 0.4].includes(policy.thresholds.review))
    assert.equal(log.reading.lastSequence(), version, 'those that lost left nothing')
  })

  test('ends the snoozes of a rule with it, and keeps them where it comes back by a rollback', async () => {
    const { app, post, decide } = await openPolicy()
    const made = (await post('/v1/rules', always)).json()
    const snooze = { key: 'card', value: 'c', until: '2030-01-01T00:00:00Z' }
    assert.equal((await post('/v1/rules/always/snoozes', snooze)).statusCode, 200)
    assert.equal((await decide()).rules[0].state, 'snoozed')
    await post('/v1/policy/rollback', { to: 1 })
    await post('/v1/policy/rollback', { to: made.version })
    assert.equal((await decide()).rules[0].state, 'snoozed')
    assert.equal((await app.inject({ method: 'DELETE', url: '/v1/rules/always' })).statusCode, 200)
    await post('/v1/policy/rollback', { to: made.version })
    assert.equal((await decide()).rules[0].state, 'live')
  })

  test('says what a rollback does not bring back of lists', async () => {
    const { app, put, post, decide } = await openPolicy()
    const list = { of: 'card', effect: 'block' }
    await put('/v1/lists/gone', list)
    await post('/v1/lists/gone/entries', { add: ['c'] })
    const { version } = (await post('/v1/rules', { ...velocity, when: 'card in lists.gone' })).json()
    await app.inject({ method: 'DELETE', url: '/v1/rules/velocity' })
    await app.inject({ method: 'DELETE', url: '/v1/lists/gone' })
    await put('/v1/lists/newer', list)
    await post('/v1/lists/newer/entries', { add: ['c'] })
    assert.equal((await decide()).outcome, 'decline')
    const back = (await post('/v1/policy/rollback', { to: version })).json()
    assert.deepEqual(back.warnings, [
      {
        field: 'lists.newer',
        reason: `it is newer than version ${version}: it keeps its entries, and has no effect by itself`,
      },
      { field: 'lists.gone', reason: 'it is back without entries, which were removed with it' },
    ])
    assert.deepEqual([(await decide()).outcome, (await decide()).rules], ['approve', []])
  })

  test('goes back over ten thousand rules', async () => {
    const { app, post, decide } = await openPolicy()
    for (let from = 0; from < 10_000; from += 2000) {
      const changes = Array.from({ length: 2000 }, (_, i) => ({
        kind: 'rule',
        rule: { ...always, id: `r${from + i}`, when: `amount > ${from + i}.0` },
      }))
      const { statusCode, body } = await post('/v1/policy/changes', { change: { kind: 'together', changes } })
      assert.equal(statusCode, 200, body)
    }
    const { policy: whole, rules } = await decide({ AMOUNT: 100 })
    assert.equal(rules.length, 100)
    assert.equal((await post('/v1/policy/rollback', { to: 1 })).statusCode, 200)
    assert.deepEqual((await decide({ AMOUNT: 100 })).rules, [])
    assert.equal((await post('/v1/policy/rollback', { to: whole })).statusCode, 200)
    const { transactionId, rules: again } = await decide({ AMOUNT: 100 })
    assert.deepEqual(again, rules)
    const told = (await app.inject(`/v1/decisions/${transactionId}/explanation`)).json()
    assert.deepEqual([told.policyParts.rules.length, told.policyParts.silentRules], [100, 9900])
    const headers = { accept: 'text/html' }
    const page = await app.inject({ url: `/v1/decisions/${transactionId}/explanation`, headers })
    assert.match(page.headers['content-type']?.toString() ?? '', /^text\/html/)
    assert.match(page.headers['content-security-policy']?.toString() ?? '', /^default-src 'none'/)
    assert.match(page.body, /9900 other rules had nothing to say/)
    const none = await app.inject({ url: '/v1/decisions/nobody/explanation', headers })
    assert.deepEqual([none.statusCode, none.headers['content-type']], [404, 'text/html; charset=utf-8'])
  })
})
