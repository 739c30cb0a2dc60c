import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openPolicy, velocity } from '../../test/service/policy-routes.ts'

describe('rules over HTTP', () => {
  test('are added as curl sends them, in shadow, then live, and each decision says what they did', async () => {
    const { app, post, put, decide } = await openPolicy()
    const first = await app.inject({
      method: 'POST',
      url: '/v1/rules',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: JSON.stringify({ ...velocity, state: 'shadow' }),
    })
    assert.equal(first.statusCode, 200, first.body)
    const { version, sequence, warnings } = first.json()
    assert.deepEqual([version, warnings], [sequence, []])
    await decide()
    await decide()
    assert.deepEqual((await decide()).rules, [{ id: 'velocity', state: 'shadow', outcome: 'decline' }])
    const live = await put('/v1/rules/velocity/state', { state: 'live', why: 'seen at work' })
    assert.equal(live.statusCode, 200, live.body)
    const declined = await decide()
    assert.deepEqual([declined.outcome, declined.policy], ['decline', live.json().version])
    assert.deepEqual(declined.reasons, [{ code: 'rule:velocity', text: '4 in an hour' }])
    // Another rule of the same id takes its place.
    const changed = await post('/v1/rules', { ...velocity, when: 'card_count_1h > 100', state: 'live' })
    assert.equal(changed.statusCode, 200)
    assert.equal((await decide()).outcome, 'approve')
  })

  test('are refused as a form from a browser, which pages of other sites may send', async () => {
    const { app } = await openPolicy()
    for (const headers of [{ origin: 'https://elsewhere.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const { statusCode } = await app.inject({
        method: 'POST',
        url: '/v1/rules',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: JSON.stringify(velocity),
      })
      assert.equal(statusCode, 415)
    }
    assert.deepEqual((await app.inject('/v1/rules')).json().rules, [])
  })

  test('are refused with every problem, its place and what may be meant, and nothing is recorded', async () => {
    const { post, log } = await openPolicy()
    const next = log.nextSequence
    const wrong = { id: 'x', when: 'card_cuont_1h > 2 &&\n amuont > 1', then: 'refuse', reason: '{cards}', extra: 1 }
    const refused = await post('/v1/rules', wrong)
    assert.equal(refused.statusCode, 422)
    const { code, errors } = refused.json()
    assert.equal(code, 'INPUT_INVALID')
    const fields = errors.map(({ field }: { field: string }) => field)
    assert.deepEqual(fields, ['then', '(body)', 'when', 'when', 'reason'])
    assert.deepEqual(errors[2].at, { line: 1, column: 1, start: 0, end: 13 })
    assert.match(errors[2].reason, /card_count_1h/)
    assert.deepEqual([errors[3].at.line, errors[3].at.column], [2, 2])
    assert.match(errors[3].reason, /amount/)
    const checked = await post('/v1/rules/check', wrong)
    assert.deepEqual([checked.statusCode, checked.json().problems], [200, errors])
    for (const body of ['[]', '"x"', '{"id":"a","id":"b"}', '{', '']) {
      assert.ok([400, 422].includes((await post('/v1/rules', body)).statusCode), body)
    }
    assert.equal((await post('/v1/rules', { ...velocity, why: 7 })).statusCode, 422)
    assert.equal(log.nextSequence, next)
  })

  test('are checked without being kept, and one that is right has no problems', async () => {
    const { app, post, log } = await openPolicy()
    const next = log.nextSequence
    assert.deepEqual((await post('/v1/rules/check', velocity)).json(), { problems: [], warnings: [] })
    assert.equal(log.nextSequence, next)
    assert.deepEqual((await app.inject('/v1/rules')).json().rules, [])
  })

  test('are refused where they or the reason hold a card number, in clear', async () => {
    const { post, log } = await openPolicy()
    const next = log.nextSequence
    const rule = await post('/v1/rules', { ...velocity, when: 'card == "4111111111111111"' })
    assert.equal(rule.statusCode, 422)
    assert.equal(rule.json().errors.at(-1).field, 'when')
    assert.doesNotMatch(rule.body, /4111/)
    assert.equal((await post('/v1/rules', { ...velocity, why: 'as 4111 1111 1111 1111' })).statusCode, 422)
    assert.equal(log.nextSequence, next)
  })

  test('are told as they can be sent again, with their version, alone and together', async () => {
    const { app, post, put } = await openPolicy()
    const { version } = (await post('/v1/rules', velocity)).json()
    const all = await app.inject('/v1/rules')
    const rules = [{ ...velocity, state: 'shadow' }]
    assert.deepEqual(all.json(), { version, rules, fused: [], unknown: {}, broken: {} })
    assert.equal(all.headers.etag, `"${version}"`)
    const one = await app.inject('/v1/rules/velocity')
    const standing = { fused: false, unknown: { count: 0, decisions: 0, since: null }, problems: [], snoozes: [] }
    assert.deepEqual(one.json(), { version, rule: rules[0], ...standing })
    const missing = await app.inject('/v1/rules/velocty')
    assert.deepEqual([missing.statusCode, missing.json().code], [404, 'POLICY_PART_UNKNOWN'])
    assert.match(missing.json().detail, /velocity/)
    assert.equal((await put('/v1/rules/velocty/state', { state: 'live' })).statusCode, 404)
    assert.equal((await app.inject({ method: 'DELETE', url: '/v1/rules/velocty' })).statusCode, 404)
  })

  test('are removed, with a reason or without', async () => {
    const { app, post } = await openPolicy()
    for (const body of [undefined, JSON.stringify({ why: 'no hit in a month' })]) {
      await post('/v1/rules', velocity)
      const headers = body === undefined ? {} : { 'content-type': 'application/json' }
      const removed = await app.inject({ method: 'DELETE', url: '/v1/rules/velocity', headers, ...(body && { body }) })
      assert.equal(removed.statusCode, 200, removed.body)
      assert.deepEqual((await app.inject('/v1/rules')).json().rules, [])
    }
  })

  test('change only the version that a caller means', async () => {
    const { app, post, put } = await openPolicy()
    const { version } = (await post('/v1/rules', velocity)).json()
    const stale = await put('/v1/rules/velocity/state', { state: 'live' }, { 'if-match': `"${version - 1}"` })
    assert.deepEqual([stale.statusCode, stale.json().code], [412, 'POLICY_CHANGED'])
    assert.equal((await app.inject('/v1/rules/velocity')).json().rule.state, 'shadow')
    assert.equal((await put('/v1/rules/velocity/state', { state: 'live' }, { 'if-match': 'soon' })).statusCode, 422)
    const fresh = await put('/v1/rules/velocity/state', { state: 'live' }, { 'if-match': `${version}` })
    assert.equal(fresh.statusCode, 200, fresh.body)
  })

  test('are snoozed for one value, which is kept as a token where it is a person', async () => {
    const { app, post, decide, log } = await openPolicy({ personal: ['card'] })
    await post('/v1/rules', { ...velocity, when: 'amount > 5.0', state: 'live' })
    assert.equal((await decide({ CARD: 'ada' })).outcome, 'decline')
    const until = '2030-01-01T00:00:00Z'
    // One who came before, and one who never did.
    for (const value of ['ada', 'newcomer']) {
      const snoozed = await post('/v1/rules/velocity/snoozes', { key: 'card', value, until })
      assert.equal(snoozed.statusCode, 200, snoozed.body)
      assert.equal((await decide({ CARD: value })).outcome, 'approve')
    }
    assert.equal((await decide({ CARD: 'bob' })).outcome, 'decline')
    const { snoozes } = (await app.inject('/v1/rules/velocity')).json()
    assert.deepEqual(
      snoozes.map(({ value }: { value: string }) => /^tok_/.test(value)),
      [true, true],
    )
    const kept = JSON.stringify(log.reading.next(0, 10_000))
    assert.doesNotMatch(kept, /newcomer/)
    assert.equal((await post('/v1/rules/velocity/snoozes', { key: 'crad', value: 'ada', until })).statusCode, 422)
    const card = await post('/v1/rules/velocity/snoozes', { key: 'shop', value: '4111111111111111', until })
    assert.deepEqual([card.statusCode, card.json().code], [422, 'CARD_NUMBER_REFUSED'])
  })

  test('say who changed them', async () => {
    const { post, log } = await openPolicy({ key: 'author-key-0123456789' })
    const refused = await post('/v1/rules', velocity)
    assert.equal(refused.statusCode, 401)
    const headers = { authorization: 'Bearer author-key-0123456789' }
    const { sequence } = (await post('/v1/rules', { ...velocity, why: 'a wave of tests' }, headers)).json()
    const record = log.reading.at(sequence)
    assert.ok(record && 'by' in record && 'why' in record)
    assert.deepEqual([record.by, record.why], ['key:ann', 'a wave of tests'])
  })
})
