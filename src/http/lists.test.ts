import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openPolicy } from '../../test/service/policy-routes.ts'

const block = { of: 'card', effect: 'block' }
const csv = { 'content-type': 'text/csv' }
const ndjson = { 'content-type': 'application/x-ndjson' }

describe('lists over HTTP', () => {
  test('are added, filled, asked by decisions, emptied and removed', async () => {
    const { app, post, put, decide } = await openPolicy()
    const added = await put('/v1/lists/mules', { ...block, why: 'reports' })
    assert.equal(added.statusCode, 200, added.body)
    const filled = await post('/v1/lists/mules/entries', { add: [{ value: 'k1', note: 'stolen' }, 'k2', ' k3 '] })
    assert.equal(filled.statusCode, 200, filled.body)
    // Entries do not move the version.
    assert.equal(filled.json().version, added.json().version)
    for (const CARD of ['k1', 'k2', 'k3']) assert.equal((await decide({ CARD })).outcome, 'decline')
    const { lists, entries } = (await app.inject('/v1/lists')).json()
    assert.deepEqual([lists, entries], [[{ name: 'mules', ...block }], { mules: 3 }])
    await post('/v1/lists/mules/entries', { remove: ['k1', 'k3'] })
    assert.equal((await decide({ CARD: 'k1' })).outcome, 'approve')
    assert.equal((await decide({ CARD: 'k2' })).outcome, 'decline')
    assert.equal((await app.inject({ method: 'DELETE', url: '/v1/lists/mules' })).statusCode, 200)
    assert.equal((await decide({ CARD: 'k2' })).outcome, 'approve')
  })

  test('are refused with what is wrong, and entries all or not at all', async () => {
    const { app, post, put } = await openPolicy()
    const wrong = await put('/v1/lists/mules', { of: 'crad', effect: 'block' })
    assert.deepEqual([wrong.statusCode, wrong.json().errors[0].field], [422, 'of'])
    assert.equal((await put('/v1/lists/mules', { ...block, name: 'others' })).statusCode, 422)
    await put('/v1/lists/mules', block)
    const bad = await post('/v1/lists/mules/entries', { add: ['k1', { value: 'k2', expiresAt: 'soon' }] })
    assert.deepEqual([bad.statusCode, bad.json().errors[0].field], [422, 'add.1.expiresAt'])
    assert.deepEqual((await app.inject('/v1/lists')).json().entries, { mules: 0 })
    for (const body of [{}, { add: Array.from({ length: 501 }, (_, i) => `k${i}`) }, { add: 7 }, { ad: [] }]) {
      assert.equal((await post('/v1/lists/mules/entries', body)).statusCode, 422)
    }
    for (const url of ['/v1/lists/mule/entries', '/v1/lists/mule']) {
      const missing = url.endsWith('s') ? await app.inject(url) : await app.inject({ method: 'DELETE', url })
      assert.deepEqual([missing.statusCode, missing.json().code], [404, 'POLICY_PART_UNKNOWN'])
    }
    assert.equal((await post('/v1/lists/mule/entries', 'value\nk\n', csv)).statusCode, 404)
  })

  test('take lines of CSV and NDJSON, each of which stands or falls alone, and give all of them back', async () => {
    const { app, post, put, decide, log } = await openPolicy()
    await put('/v1/lists/mules', block)
    const many = Array.from({ length: 1200 }, (_, i) => `k${i},,`)
    const lines = ['value;expires_at;note'.replaceAll(';', ','), ...many, 'late,soon,', 'a,b', '', 'q,,"a ""b"", c"']
    const sent = await post('/v1/lists/mules/entries?why=a%20wave', `${lines.join('\n')}\n`, csv)
    assert.equal(sent.statusCode, 200, sent.body)
    const { added, refused, errors, sequence } = sent.json()
    assert.deepEqual([added, refused], [1201, 2])
    assert.deepEqual(
      errors.map((error: { line: number; field: string }) => [error.line, error.field]),
      [
        [1202, 'expiresAt'],
        [1203, '(line)'],
      ],
    )
    const record = log.reading.at(sequence)
    assert.ok(record && 'why' in record)
    assert.equal(record.why, 'a wave')
    assert.equal((await decide({ CARD: 'k777' })).outcome, 'decline')
    const out = await app.inject({ url: '/v1/lists/mules/entries', headers: { accept: 'text/csv' } })
    const rows = out.body.trimEnd().split('\n')
    assert.deepEqual([rows.length, rows[0], rows[1]], [1202, 'value,expires_at,source,note', 'k0,,,'])
    assert.equal(rows.at(-1), 'q,,,"a ""b"", c"')
    const accept = { accept: 'application/x-ndjson' }
    const first = (await app.inject({ url: '/v1/lists/mules/entries', headers: accept })).body
    await put('/v1/lists/copies', block)
    const copied = await post('/v1/lists/copies/entries', first, ndjson)
    assert.equal(copied.json().added, 1201)
    assert.equal((await app.inject({ url: '/v1/lists/copies/entries', headers: accept })).body, first)
    assert.equal((await post('/v1/lists/mules/entries', 'value,expirs_at\nk,\n', csv)).statusCode, 422)
    const ofExcel = await post('/v1/lists/mules/entries', '\uFEFFsep=;\r\nvalue;note\r\nk-excel;"a, b"\r\n', csv)
    assert.deepEqual([ofExcel.json().added, ofExcel.json().refused], [1, 0])
  })

  test('show entries in pages, without those that have expired', async () => {
    const { app, post, put, clock } = await openPolicy()
    await put('/v1/lists/mules', block)
    const expiresAt = new Date(clock.nowMs + 60_000).toISOString()
    await post('/v1/lists/mules/entries', { add: ['a', { value: 'b', expiresAt }, 'c'] })
    const page = (await app.inject('/v1/lists/mules/entries?limit=2')).json()
    assert.deepEqual(
      page.entries.map(({ value, by }: { value: string; by: string }) => [value, by]),
      [
        ['a', 'anyone'],
        ['b', 'anyone'],
      ],
    )
    const rest = (await app.inject(`/v1/lists/mules/entries?limit=2&cursor=${page.cursor}`)).json()
    assert.deepEqual([rest.entries.length, rest.entries[0].value, rest.cursor], [1, 'c', null])
    clock.nowMs += 60_000
    const now = (await app.inject('/v1/lists/mules/entries')).json().entries
    assert.deepEqual(
      now.map(({ value }: { value: string }) => value),
      ['a', 'c'],
    )
  })

  test('hold persons as tokens only, those who never came included, and refuse card numbers', async () => {
    const { app, post, put, decide, log } = await openPolicy({ personal: ['card'] })
    await put('/v1/lists/mules', block)
    await decide({ CARD: 'ada' })
    assert.equal((await post('/v1/lists/mules/entries', { add: ['ada', 'newcomer'] })).statusCode, 200)
    const lines = await post('/v1/lists/mules/entries', 'value\nnobody-yet\nada\n', csv)
    assert.deepEqual([lines.json().added, lines.json().refused], [2, 0])
    for (const CARD of ['ada', 'newcomer', 'nobody-yet']) assert.equal((await decide({ CARD })).outcome, 'decline')
    const entries = await app.inject({ url: '/v1/lists/mules/entries', headers: { accept: 'text/csv' } })
    assert.equal(entries.body.trimEnd().split('\n').length, 4)
    const kept = JSON.stringify(log.reading.next(0, 10_000))
    for (const text of [entries.body, kept]) assert.doesNotMatch(text, /ada|newcomer|nobody/)
    // What was told can be sent again.
    assert.equal((await post('/v1/lists/mules/entries', entries.body, csv)).json().added, 3)
    assert.equal((await post('/v1/lists/mules/entries', { remove: ['newcomer', 'stranger'] })).statusCode, 200)
    assert.equal((await decide({ CARD: 'newcomer' })).outcome, 'approve')
    await put('/v1/lists/shops', { of: 'shop', effect: 'watch' })
    const card = await post('/v1/lists/shops/entries', { add: ['4111 1111 1111 1111'] })
    assert.deepEqual([card.statusCode, card.json().code], [422, 'CARD_NUMBER_REFUSED'])
    const cards = await post('/v1/lists/shops/entries', 'value\n4111111111111111\ns1\n', csv)
    assert.deepEqual([cards.json().added, cards.json().refused, cards.json().errors[0].line], [1, 1, 2])
    assert.doesNotMatch(card.body + cards.body, /4111/)
  })

  test('hold hashes of card numbers where the key has them', async () => {
    const { app, post, put, decide } = await openPolicy({ hashCardNumber: ['CARD'] })
    await put('/v1/lists/mules', block)
    assert.equal((await post('/v1/lists/mules/entries', { add: ['4111 1111 1111 1111'] })).statusCode, 200)
    assert.equal((await decide({ CARD: '4111111111111111' })).outcome, 'decline')
    assert.doesNotMatch((await app.inject('/v1/lists/mules/entries')).body, /4111/)
    await post('/v1/lists/mules/entries', { remove: ['4111-1111-1111-1111'] })
    assert.equal((await decide({ CARD: '4111111111111111' })).outcome, 'approve')
  })
})
