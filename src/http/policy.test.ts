import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { openPolicy, velocity } from '../../test/service/policy-routes.ts'
import { roles } from '../access/roles.ts'
import { decidingRoutes } from './route-list.ts'

describe('the policy over HTTP', () => {
  test('is set, told, and has its history in words, with who and why', async () => {
    const { app, post, put, decide } = await openPolicy()
    const first = (await app.inject('/v1/policy')).json()
    assert.deepEqual([first.version, first.policy.thresholds, first.rules], [1, { review: 0.5, decline: 0.9 }, []])
    assert.equal((await decide({ AMOUNT: 300 })).outcome, 'approve')
    const thresholds = { review: 0.2, decline: 0.9 }
    const set = await put('/v1/policy', { thresholds, deadlineMs: 60_000, why: 'fraud in shops' })
    assert.equal(set.statusCode, 200, set.body)
    assert.equal((await decide({ AMOUNT: 300 })).outcome, 'review')
    await post('/v1/rules', velocity)
    await put('/v1/rules/velocity/state', { state: 'live' })
    const { version, oldest, versions, cursor } = (await app.inject('/v1/policy/versions')).json()
    assert.deepEqual([oldest, cursor, versions.length, version], [1, null, 3, versions[0].version])
    assert.deepEqual(versions[0].diff, ['rule velocity: state shadow -> live'])
    assert.deepEqual(versions[1].diff, ['rule velocity: added'])
    assert.deepEqual(
      [versions[2].by, versions[2].why, versions[2].diff],
      ['anyone', 'fraud in shops', ['policy: thresholds.review 0.5 -> 0.2']],
    )
    // Pages go on where the one before ended.
    const page = (await app.inject('/v1/policy/versions?limit=2')).json()
    const rest = (await app.inject(`/v1/policy/versions?limit=2&cursor=${page.cursor}`)).json()
    assert.deepEqual([...page.versions, ...rest.versions], versions)
    assert.equal(rest.cursor, null)
    assert.equal((await app.inject('/v1/policy/versions?limit=0')).statusCode, 422)
  })

  test('goes back to an earlier version, as another one', async () => {
    const { app, post, put, decide } = await openPolicy()
    await put('/v1/policy', { thresholds: { review: 0.2 } })
    const back = await post('/v1/policy/rollback', { to: 1, why: 'too many reviews' })
    assert.equal(back.statusCode, 200, back.body)
    const { version, policy } = (await app.inject('/v1/policy')).json()
    assert.deepEqual([version, policy.thresholds], [back.json().version, { review: 0.5, decline: 0.9 }])
    assert.equal((await decide({ AMOUNT: 300 })).outcome, 'approve')
    const [latest] = (await app.inject('/v1/policy/versions')).json().versions
    assert.deepEqual([latest.why, latest.diff[0]], ['too many reviews', 'rolled back to version 1'])
    assert.equal((await post('/v1/policy/rollback', { to: 999 })).statusCode, 422)
  })

  test('has a fuse that trips, is told, and is put back', async () => {
    const { app, put, post, decide } = await openPolicy()
    const fuses = { decline: { share: 0.5, over: '1h', atLeast: 4, then: 'review' } }
    await put('/v1/policy', { thresholds: { decline: 0.9 }, fuses })
    for (let i = 0; i < 4; i++) await decide({ AMOUNT: 990 })
    const held = await decide({ AMOUNT: 990 })
    assert.deepEqual([held.outcome, held.degraded.includes('fused')], ['review', true])
    assert.deepEqual((await app.inject('/v1/policy')).json().tripped, ['decline'])
    assert.deepEqual((await app.inject('/v1/policy/versions')).json().versions[0].diff, ['fuse decline: tripped'])
    const url = '/v1/policy/fuses/decline/reset'
    // A page of another site may send this without being asked whether it may.
    const elsewhere = await app.inject({ method: 'POST', url, headers: { origin: 'https://elsewhere.example' } })
    assert.equal(elsewhere.statusCode, 415)
    const reset = await app.inject({ method: 'POST', url })
    assert.equal(reset.statusCode, 200, reset.body)
    assert.equal((await decide({ AMOUNT: 990 })).outcome, 'decline')
    assert.equal((await post('/v1/policy/fuses/declin/reset', { why: 'again' })).statusCode, 422)
  })

  test('is changed in many ways at once, or not at all', async () => {
    const { app, post } = await openPolicy()
    const list = { kind: 'list', list: { name: 'mules', of: 'card', effect: 'block' } }
    const rule = { kind: 'rule', rule: { ...velocity, when: 'card in lists.mules' } }
    const bad = { kind: 'rule', rule: { ...velocity, when: 'crad == "x"' } }
    const refused = await post('/v1/policy/changes', { change: { kind: 'together', changes: [list, bad] } })
    assert.equal(refused.statusCode, 422)
    assert.deepEqual((await app.inject('/v1/policy')).json().lists, [])
    const checked = await post('/v1/policy/changes/check', { change: { kind: 'together', changes: [list, bad] } })
    assert.deepEqual(checked.json(), { problems: refused.json().errors, warnings: [] })
    const unreasoned = { ...rule.rule, why: {} }
    for (const path of ['/v1/policy/changes/check', '/v1/rules/check']) {
      assert.match((await post(path, unreasoned)).body, /"field":"why","reason":"is an object/)
    }
    const made = await post('/v1/policy/changes', { change: { kind: 'together', changes: [list, rule] }, why: 'git' })
    assert.equal(made.statusCode, 200, made.body)
    const { lists, rules } = (await app.inject('/v1/policy')).json()
    assert.deepEqual([lists, rules.length], [[list.list], 1])
    const stale = await post('/v1/policy/changes', { change: list }, { 'if-match': '1' })
    assert.deepEqual([stale.statusCode, stale.json().code], [412, 'POLICY_CHANGED'])
    for (const body of [{}, { change: list, wyh: 'x' }, { change: 7 }, { change: { kind: 'all' } }]) {
      assert.equal((await post('/v1/policy/changes', body)).statusCode, 422)
    }
  })

  test('is described with examples that the service takes', async () => {
    const { app, post, put } = await openPolicy()
    const { paths } = (await app.inject('/openapi.json')).json()
    const exampleOf = (operation: { requestBody: { content: Record<string, { example: unknown }> } }) =>
      operation.requestBody.content['application/json'].example
    await post('/v1/rules', exampleOf(paths['/v1/rules'].post))
    const calls = [
      await post('/v1/rules', exampleOf(paths['/v1/rules'].post)),
      await post('/v1/rules/check', exampleOf(paths['/v1/rules/check'].post)),
      await put('/v1/rules/small-night/state', exampleOf(paths['/v1/rules/{id}/state'].put)),
      await post('/v1/rules/small-night/snoozes', exampleOf(paths['/v1/rules/{id}/snoozes'].post)),
      await put('/v1/policy', exampleOf(paths['/v1/policy'].put)),
      await post('/v1/policy/rollback', exampleOf(paths['/v1/policy/rollback'].post)),
      await post('/v1/policy/changes/check', exampleOf(paths['/v1/policy/changes/check'].post)),
      await post('/v1/policy/changes', exampleOf(paths['/v1/policy/changes'].post)),
    ]
    for (const { statusCode, body } of calls) assert.equal(statusCode, 200, body)
    assert.deepEqual(calls[1].json().problems, [])
  })

  test('is read by viewers and changed by authors, and by nobody else', async () => {
    const key = 'some-key-0123456789abc'
    const calls = decidingRoutes.filter(({ path }) => /^\/v1\/(rules|policy|lists)/.test(path))
    assert.equal(calls.length, 21)
    for (const role of roles) {
      const { app } = await openPolicy({ key, roles: [role] })
      for (const { method, path } of calls) {
        const url = path.replace(/\{\w+\}/g, 'x')
        assert.equal((await app.inject({ method, url })).statusCode, 401, `${method} ${path}`)
        const { statusCode } = await app.inject({ method, url, headers: { authorization: `Bearer ${key}` } })
        const isReading = method === 'GET' || path.endsWith('/check')
        const allowed = isReading ? ['viewer', 'analyst', 'author', 'approver', 'admin'] : ['author', 'admin']
        assert.equal(statusCode !== 403, allowed.includes(role), `${method} ${path} with ${role}: ${statusCode}`)
      }
    }
  })

  test('is described in a valid document, which its answers fit', async () => {
    const { app, post, put } = await openPolicy()
    await put('/v1/lists/mules', { of: 'card', effect: 'block' })
    await post('/v1/lists/mules/entries', { add: ['k1'] })
    await post('/v1/rules', velocity)
    const document = (await app.inject('/openapi.json')).json()
    const { valid, errors } = await new Validator().validate(document)
    assert.ok(valid, JSON.stringify(errors))
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    ajv.addSchema(document, 'api')
    const urls = {
      '/v1/rules': '/v1/rules',
      '/v1/rules/{id}': '/v1/rules/velocity',
      '/v1/policy': '/v1/policy',
      '/v1/policy/versions': '/v1/policy/versions',
      '/v1/lists': '/v1/lists',
      '/v1/lists/{name}/entries': '/v1/lists/mules/entries',
    }
    for (const [path, url] of Object.entries(urls)) {
      const { schema } = document.paths[path].get.responses[200].content['application/json']
      const validate = ajv.compile(schema)
      assert.ok(validate((await app.inject(url)).json()), `${path}: ${JSON.stringify(validate.errors)}`)
    }
  })
})

test('names that conditions can use are told with type, source and examples, but for what is personal', async () => {
  const { app, post, put, decide } = await openPolicy({ personal: ['card'] })
  const names = async () => (await app.inject('/v1/policy/names')).json().names
  const named = async (name: string) => (await names()).find((each: { readonly name: string }) => each.name === name)
  assert.deepEqual(await named('shop'), { name: 'shop', type: 'string', from: 'field SHOP', examples: [] })
  for (const SHOP of ['a', 'b', 'a']) await decide({ SHOP, AMOUNT: 12.5 })
  await put('/v1/lists/odd', { of: 'shop', effect: 'none' })
  assert.deepEqual(await named('shop'), { name: 'shop', type: 'string', from: 'field SHOP', examples: ['a', 'b'] })
  assert.deepEqual(await named('amount'), { name: 'amount', type: 'double', from: 'field AMOUNT', examples: [12.5] })
  assert.deepEqual(await named('card'), { name: 'card', type: 'token', from: 'field CARD', examples: [] })
  assert.deepEqual(await named('card_count_1h'), {
    name: 'card_count_1h',
    type: 'double',
    from: 'feature count: { by: card, over: 1h }',
    range: { least: 0, most: null },
    examples: [3, 2, 1],
  })
  assert.deepEqual(await named('lists.odd'), {
    name: 'lists.odd',
    type: 'list',
    from: 'list of shop, effect none',
    examples: [],
  })
  const { range, examples } = await named('score')
  assert.deepEqual([range, examples.length], [{ least: 0, most: 1 }, 1])
  const usable = (await names()).map(({ name, type }: Record<string, string>) => {
    const quoted = name.includes('.') ? name : `\`${name}\``
    return type === 'list' ? `shop in ${name}` : `has(${quoted})`
  })
  const { problems } = (await post('/v1/rules/check', { id: 'all', then: 'review', when: usable.join(' && ') })).json()
  assert.deepEqual(problems, [])
})
