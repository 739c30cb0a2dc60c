import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { KnownHeads } from './known-heads.ts'

const routes = [{ path: '/v1/decisions' }, { path: '/v1/labels' }]
const create = () => new KnownHeads(routes, { bodyBytes: 100 })

/** Requests that are much alike: whole, cut short, with more behind them, or with another key, host or length than is true. */
const request = fc
  .record({
    path: fc.constantFrom('/v1/decisions', '/v1/labels', '/v1/cases'),
    host: fc.constantFrom('a', 'b', 'bb'),
    key: fc.constantFrom(
      '',
      'authorization: Bearer x\r\n',
      'authorization: Bearer y\r\n',
      'transfer-encoding: chunked\r\n',
    ),
    body: fc.constantFrom('{}', '{"a":1}', '\r\n\r\n', '{"a": 11111}', 'x'.repeat(101)),
    isTold: fc.constantFrom(0, 0, 0, 1, -1),
    cut: fc.constantFrom(0, 0, 0, 1, 5, 20),
    more: fc.constantFrom('', '', '', 'P', 'POST /v1/labels HTTP/1.1\r\n'),
  })
  .map(({ path, host, key, body, isTold, cut, more }) => {
    const head = `POST ${path} HTTP/1.1\r\nhost: ${host}\r\n${key}content-type: application/json\r\ncontent-length: ${body.length + isTold}\r\n\r\n`
    const text = head + body
    return Buffer.from(text.slice(0, text.length - cut) + more, 'latin1')
  })

describe('KnownHeads', () => {
  test('finds in a request what it would find had none come before', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 30 }), (requests) => {
        const heads = create()
        for (const bytes of requests) {
          const { text, route, bodyBytes, authorization } = heads.find(bytes) ?? {}
          const alone = create().find(bytes)
          assert.deepEqual(
            [text, route, bodyBytes, authorization],
            [alone?.text, alone?.route, alone?.bodyBytes, alone?.authorization],
          )
        }
      }),
    )
  })

  test('knows a head again, whose key need not be looked up', () => {
    const heads = create()
    const bytes = Buffer.from(
      'POST /v1/labels HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
    )
    assert.ok(heads.find(bytes) !== undefined && heads.find(bytes) === heads.find(Buffer.from(bytes)))
  })
})
