import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { ErrorCode } from '../../src/core/errors.ts'
import { answerFor, exchange, openTestService, type RawAnswer } from '../service/fixture.ts'

// Every request is written to a socket byte by byte as it stands, while other clients go on asking for predictions:
// each must get the answer that docs/reference/http.md promises, and the others must notice nothing.

type Bytes = string | Buffer
type Expected = ErrorCode | 'prediction' | ((answer: RawAnswer) => void)

const statusOf: Partial<Record<ErrorCode, number>> = {
  BODY_INVALID: 400,
  REQUEST_MALFORMED: 400,
  ROUTE_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  BODY_TOO_LARGE: 413,
  MEDIA_TYPE_UNSUPPORTED: 415,
  INPUT_INVALID: 422,
  HEADERS_TOO_LARGE: 431,
}

const good = '{"V1":1,"Amount":2}'
const jsonType = 'Content-Type: application/json\r\n'
const linesType = 'Content-Type: application/x-ndjson\r\n'

function post(body: Bytes, path = '/predict', headers = jsonType): Buffer {
  const bytes = Buffer.from(body)
  const head = `POST ${path} HTTP/1.1\r\nHost: shrike\r\n${headers}Content-Length: ${bytes.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), bytes])
}

function chunked(chunks: Bytes, headers = jsonType, path = '/predict'): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nHost: shrike\r\n${headers}Transfer-Encoding: chunked\r\n\r\n`
  return Buffer.concat([Buffer.from(head), Buffer.from(chunks)])
}

function get(path: string, headers = '', method = 'GET'): string {
  return `${method} ${path} HTTP/1.1\r\nHost: shrike\r\n${headers}\r\n`
}

const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const nested = (depth: number, inside = '') => '['.repeat(depth) + inside + ']'.repeat(depth)

const bodies: readonly (readonly [string, Bytes, Expected])[] = [
  ['is empty', '', 'BODY_INVALID'],
  ['is white space', ' \r\n\t', 'BODY_INVALID'],
  ['breaks off', '{"V1":1,"Amount"', 'BODY_INVALID'],
  ['has a trailing comma', '{"V1":1,"Amount":2,}', 'BODY_INVALID'],
  ['has single quotes', "{'V1':1,'Amount':2}", 'BODY_INVALID'],
  ['has a comment', '{"V1":1,/* two */"Amount":2}', 'BODY_INVALID'],
  ['has NaN', '{"V1":NaN,"Amount":2}', 'BODY_INVALID'],
  ['has Infinity', '{"V1":Infinity,"Amount":2}', 'BODY_INVALID'],
  ['has -Infinity', '{"V1":-Infinity,"Amount":2}', 'BODY_INVALID'],
  ['has a hexadecimal number', '{"V1":0x1F,"Amount":2}', 'BODY_INVALID'],
  ['has a leading zero', '{"V1":01,"Amount":2}', 'BODY_INVALID'],
  ['has a leading plus', '{"V1":+1,"Amount":2}', 'BODY_INVALID'],
  ['has a bare decimal point', '{"V1":.5,"Amount":2}', 'BODY_INVALID'],
  ['is two documents', `${good}${good}`, 'BODY_INVALID'],
  ['has NUL bytes between tokens', '{"V1":1,\0"Amount":2}', 'BODY_INVALID'],
  ['is nothing but NUL bytes', Buffer.alloc(1000), 'BODY_INVALID'],
  ['has a raw control character in a name', '{"V1\u0001":1,"Amount":2}', 'BODY_INVALID'],
  ['is no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 'BODY_INVALID'],
  ['has an overlong UTF-8 quote', Buffer.from([0x7b, 0xc0, 0xa2, 0x7d]), 'BODY_INVALID'],
  ['has a surrogate in UTF-8', Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]), 'BODY_INVALID'],
  ['is UTF-16', Buffer.from(`\ufeff${good}`, 'utf16le'), 'BODY_INVALID'],
  ['is compressed without saying so', gzipSync(good), 'BODY_INVALID'],
  ['opens 60,000 arrays and closes none', '['.repeat(60_000), 'BODY_INVALID'],
  ['is a script', '<script>alert(1)</script>', 'BODY_INVALID'],
  ['is null', 'null', 'INPUT_INVALID'],
  ['is true', 'true', 'INPUT_INVALID'],
  ['is a number', '1e308', 'INPUT_INVALID'],
  ['is text', '"V1"', 'INPUT_INVALID'],
  ['is an array', `[${good}]`, 'INPUT_INVALID'],
  ['is 30,000 arrays deep', nested(30_000), 'BODY_INVALID'],
  ['is 8 arrays deep', nested(8), 'INPUT_INVALID'],
  ['is 9 arrays deep', nested(9), 'BODY_INVALID'],
  ['has no fields', '{}', 'INPUT_INVALID'],
  ['has 1e999', '{"V1":1e999,"Amount":2}', 'INPUT_INVALID'],
  ['has -1e999', '{"V1":-1e999,"Amount":2}', 'INPUT_INVALID'],
  ['has a number of 10,000 digits', `{"V1":${'9'.repeat(10_000)},"Amount":2}`, 'INPUT_INVALID'],
  ['has numbers as text', '{"V1":"1","Amount":"2"}', 'INPUT_INVALID'],
  ['has null for a number', '{"V1":null,"Amount":2}', 'INPUT_INVALID'],
  ['has a boolean for a number', '{"V1":true,"Amount":2}', 'INPUT_INVALID'],
  ['has an array for a number', '{"V1":[1],"Amount":2}', 'INPUT_INVALID'],
  ['has an object that would like to be a number', '{"V1":{"valueOf":1},"Amount":2}', 'INPUT_INVALID'],
  ['gives a field twice', '{"V1":1,"V1":2,"Amount":2}', 'INPUT_INVALID'],
  ['gives a field twice, once escaped', '{"V1":1,"\\u00561":2,"Amount":2}', 'INPUT_INVALID'],
  [
    'gives a field in two cases',
    '{"v1":1,"Amount":1,"AMOUNT":2,"amount":3,"V1":1,"amOunt":1,"Amount":9}',
    'INPUT_INVALID',
  ],
  ['hides a field in __proto__', '{"__proto__":{"V1":1},"Amount":2}', 'INPUT_INVALID'],
  ['hides a field in constructor.prototype', '{"constructor":{"prototype":{"V1":1}},"Amount":2}', 'INPUT_INVALID'],
  ['has a look-alike of a name', '{"Ｖ1":1,"Amount":2}', 'INPUT_INVALID'],
  ['has a NUL in a name', '{"V1\\u0000":1,"Amount":2}', 'INPUT_INVALID'],
  [
    'has 1,000 fields, none of them ours',
    JSON.stringify(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`x${i}`, 1]))),
    'INPUT_INVALID',
  ],
  ['has 1,000 fields besides', `{${'"x":1,'.repeat(1000)}${good.slice(1)}`, 'prediction'],
  ['has 5,000 fields besides', `{${'"x":1,'.repeat(5000)}${good.slice(1)}`, 'BODY_TOO_LARGE'],
  ['has a byte order mark', `\ufeff${good}`, 'prediction'],
  ['has a field of 7 arrays that nobody asked for', `{"deep":${nested(7)},${good.slice(1)}`, 'prediction'],
  ['has a field of 8 arrays that nobody asked for', `{"deep":${nested(8)},${good.slice(1)}`, 'BODY_INVALID'],
  ['sets __proto__ besides', `{"__proto__":{"isFraud":false},${good.slice(1)}`, 'prediction'],
  ['has escaped names', '{"\\u00561":1,"\\u0041mount":2}', 'prediction'],
  ['has 10,000 decimals', `{"V1":1.${'0'.repeat(10_000)},"Amount":2}`, 'prediction'],
  ['is over the limit', `{"note":"${'x'.repeat(70_000)}"}`, 'BODY_TOO_LARGE'],
]

const types: readonly (readonly [string, string, Expected])[] = [
  ['none', '', 'MEDIA_TYPE_UNSUPPORTED'],
  ['text', 'Content-Type: text/plain\r\n', 'MEDIA_TYPE_UNSUPPORTED'],
  ['a form', 'Content-Type: application/x-www-form-urlencoded\r\n', 'MEDIA_TYPE_UNSUPPORTED'],
  ['multipart', 'Content-Type: multipart/form-data; boundary=x\r\n', 'MEDIA_TYPE_UNSUPPORTED'],
  ['a name that begins like JSON', 'Content-Type: application/json-not\r\n', 'MEDIA_TYPE_UNSUPPORTED'],
  ['nothing of sense', 'Content-Type: ;;;=\r\n', 'MEDIA_TYPE_UNSUPPORTED'],
  ['NDJSON where it is not taken', linesType, 'MEDIA_TYPE_UNSUPPORTED'],
  ['JSON in UTF-16', 'Content-Type: application/json; charset=utf-16\r\n', 'MEDIA_TYPE_UNSUPPORTED'],
  ['JSON, compressed', `${jsonType}Content-Encoding: gzip\r\n`, 'MEDIA_TYPE_UNSUPPORTED'],
  ['JSON in odd letters, with parameters', 'CONTENT-TYPE: Application/JSON; Charset="UTF-8"; q=1\r\n', 'prediction'],
]

const wire: readonly (readonly [string, Bytes, Expected])[] = [
  ['garbage', 'GARBAGE\r\n\r\n', 'REQUEST_MALFORMED'],
  ['random bytes', Buffer.from(Array.from({ length: 256 }, (_, i) => (i * 167 + 13) % 256)), 'REQUEST_MALFORMED'],
  ['a TLS greeting', Buffer.from('16030100c8010000c40303', 'hex'), 'REQUEST_MALFORMED'],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'REQUEST_MALFORMED'],
  [
    'HTTP/0.9',
    'GET /healthz\r\n\r\n',
    ({ status, body }) => assert.deepEqual([status, body], [200, '{"status":"ok"}']),
  ],
  ['a version from the future', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n', 'REQUEST_MALFORMED'],
  ['an unknown method', get('/predict', '', 'STEAL'), 'REQUEST_MALFORMED'],
  ['a method in small letters', get('/healthz', '', 'get'), 'REQUEST_MALFORMED'],
  ['a NUL in a header', get('/healthz', 'X: a\0b\r\n'), 'REQUEST_MALFORMED'],
  ['a NUL in the path', get('/health\0z'), 'REQUEST_MALFORMED'],
  ['a space before a colon', get('/healthz', 'X : 1\r\n'), 'REQUEST_MALFORMED'],
  ['a header without a name', get('/healthz', ': 1\r\n'), 'REQUEST_MALFORMED'],
  ['a header that is split by a lone CR', get('/healthz', 'X: 1\rY: 2\r\n'), 'REQUEST_MALFORMED'],
  ['a space in the path', get('/health z'), 'REQUEST_MALFORMED'],
  ['a broken percent-encoding', get('/%zz'), 'REQUEST_MALFORMED'],
  ['a percent-encoding of no UTF-8', get('/%ff%fe'), 'REQUEST_MALFORMED'],
  [
    'a negative length',
    `POST /predict HTTP/1.1\r\nHost: x\r\n${jsonType}Content-Length: -1\r\n\r\n`,
    'REQUEST_MALFORMED',
  ],
  [
    'a length that is no number',
    `POST /predict HTTP/1.1\r\nHost: x\r\n${jsonType}Content-Length: 1x\r\n\r\n`,
    'REQUEST_MALFORMED',
  ],
  [
    'a length over 2^64',
    `POST /predict HTTP/1.1\r\nHost: x\r\n${jsonType}Content-Length: ${'9'.repeat(30)}\r\n\r\n`,
    'REQUEST_MALFORMED',
  ],
  ['two lengths', post(good, '/predict', `${jsonType}Content-Length: 3\r\n`), 'REQUEST_MALFORMED'],
  ['a length and chunks', chunked('0\r\n\r\n', `${jsonType}Content-Length: 5\r\n`), 'REQUEST_MALFORMED'],
  [
    'chunks and a length',
    post('0\r\n\r\n', '/predict', `${jsonType}Transfer-Encoding: chunked\r\n`),
    'REQUEST_MALFORMED',
  ],
  [
    'chunks that are not the last coding',
    post(good, '/predict', `${jsonType}Transfer-Encoding: chunked, gzip\r\n`),
    'REQUEST_MALFORMED',
  ],
  [
    'a coding that only looks like chunks',
    post(good, '/predict', `${jsonType}Transfer-Encoding: xchunked\r\n`),
    'REQUEST_MALFORMED',
  ],
  ['a chunk size that is no number', chunked('zz\r\nabc\r\n0\r\n\r\n'), 'REQUEST_MALFORMED'],
  ['a negative chunk size', chunked('-5\r\nabcde\r\n0\r\n\r\n'), 'REQUEST_MALFORMED'],
  ['a chunk size over 2^64', chunked('fffffffffffffffff\r\nabc'), 'REQUEST_MALFORMED'],
  ['a chunk that is longer than it says', chunked('3\r\nabcdef\r\n0\r\n\r\n'), 'REQUEST_MALFORMED'],
  ['a chunk extension of 20 kB', chunked(`13;${'x'.repeat(20_000)}\r\n${good}\r\n0\r\n\r\n`), 'BODY_TOO_LARGE'],
  ['trailers of 40 kB', chunked(`${chunk(good)}0\r\n${'X-A: bbbbbbbbbb\r\n'.repeat(2500)}\r\n`), 'HEADERS_TOO_LARGE'],
  ['a path of 20 kB', get(`/${'a'.repeat(20_000)}`), 'HEADERS_TOO_LARGE'],
  ['a header of 20 kB', get('/healthz', `X: ${'a'.repeat(20_000)}\r\n`), 'HEADERS_TOO_LARGE'],
  ['5,000 headers', get('/healthz', 'X: a\r\n'.repeat(5000)), 'HEADERS_TOO_LARGE'],
  [
    'a body that says it is a terabyte',
    `POST /predict HTTP/1.1\r\nHost: x\r\n${jsonType}Content-Length: 1000000000000\r\n\r\n`,
    'BODY_TOO_LARGE',
  ],
  ['chunks over the limit', chunked(chunk('x'.repeat(40_000)).repeat(2)), 'BODY_TOO_LARGE'],
  ['two hosts', get('/healthz', 'hOST: elsewhere\r\n'), 'REQUEST_MALFORMED'],
  ['the same host twice', get('/healthz', 'Host: shrike\r\n'), 'REQUEST_MALFORMED'],
  ['no Host', 'GET /healthz HTTP/1.1\r\n\r\n', ({ status }) => assert.equal(status, 400)],
  ['a body in chunks of one byte', chunked(`${[...good].map(chunk).join('')}0\r\n\r\n`), 'prediction'],
  ['thousands of chunks of one byte', chunked(`${chunk(' ').repeat(3000)}0\r\n\r\n`), 'REQUEST_MALFORMED'],
  ['a small chunk extension', chunked(`13;a=b\r\n${good}\r\n0\r\n\r\n`), 'prediction'],
  ['an absolute target elsewhere', post(good, 'http://elsewhere.example/predict'), 'prediction'],
  ['a question after the path', post(good, '/predict?'), 'prediction'],
  ['parameters that no route has', post(good, '/predict?%zz=&&__proto__=1'), 'INPUT_INVALID'],
  ['a percent-encoded path', post(good, '/%70redict'), 'prediction'],
  ['Expect: 100-continue', post(good, '/predict', `${jsonType}Expect: 100-continue\r\n`), 'prediction'],
  [
    'an expectation that nobody can meet',
    post(good, '/predict', `${jsonType}Expect: miracles\r\n`),
    ({ status }) => assert.equal(status, 417),
  ],
  ['a wish to upgrade', post(good, '/predict', `${jsonType}Connection: upgrade\r\nUpgrade: h2c\r\n`), 'prediction'],
]

const routes: readonly (readonly [string, Bytes, Expected])[] = [
  ['climbs out of the root', get('/../../etc/passwd'), 'ROUTE_NOT_FOUND'],
  ['climbs out of the static files', get('/docs/static/../../../package.json'), 'REQUEST_MALFORMED'],
  ['climbs out encoded', get('/docs/static/%2e%2e/%2e%2e/package.json'), 'REQUEST_MALFORMED'],
  ['climbs out encoded, slashes too', get('/docs/static/..%2f..%2fpackage.json'), 'ROUTE_NOT_FOUND'],
  ['climbs out with backslashes', get('/docs/static/..\\..\\package.json'), 'REQUEST_MALFORMED'],
  ['climbs out encoded twice', get('/docs/static/%252e%252e/package.json'), 'ROUTE_NOT_FOUND'],
  [
    'ends a file name with a NUL',
    get('/docs/static/index.css%00.png'),
    (answer) => assert.match(String(answer.status), /^40[04]$/),
  ],
  ['asks for a dot file', get('/docs/static/.npmrc'), 'ROUTE_NOT_FOUND'],
  ['doubles a slash', post(good, '//predict'), 'ROUTE_NOT_FOUND'],
  ['shouts', post(good, '/PREDICT'), 'ROUTE_NOT_FOUND'],
  ['guesses at an admin page', get('/admin'), 'ROUTE_NOT_FOUND'],
  ['guesses at the environment', get('/.env'), 'ROUTE_NOT_FOUND'],
  ['reads where one writes', get('/predict'), 'METHOD_NOT_ALLOWED'],
  ['deletes', get('/predict/', '', 'DELETE'), 'METHOD_NOT_ALLOWED'],
  ['traces', get('/metrics', '', 'TRACE'), 'METHOD_NOT_ALLOWED'],
  ['writes where one reads', post(good, '/metrics'), 'METHOD_NOT_ALLOWED'],
  ['patches', get('/predict/batch', '', 'PATCH'), 'METHOD_NOT_ALLOWED'],
  ['puts', get('/predict', '', 'PUT'), 'METHOD_NOT_ALLOWED'],
  ['puts to an encoded path', get('/%70redict', '', 'PUT'), 'METHOD_NOT_ALLOWED'],
  ['puts to a path with its server', get('http://elsewhere.example/predict?x=1', '', 'PUT'), 'METHOD_NOT_ALLOWED'],
  ['puts under the docs', get('/docs/static/index.html', '', 'PUT'), 'METHOD_NOT_ALLOWED'],
  ['puts nowhere', get('/predict/nothing', '', 'PUT'), 'ROUTE_NOT_FOUND'],
  ['queries', get('/predict', '', 'QUERY'), 'METHOD_NOT_ALLOWED'],
  [
    'puts a body that nobody parses',
    `PUT /predict HTTP/1.1\r\nHost: x\r\n${jsonType}Content-Length: 500000\r\n\r\n${'['.repeat(500_000)}`,
    'METHOD_NOT_ALLOWED',
  ],
  ['queries nothing', get('/nothing', '', 'QUERY'), 'ROUTE_NOT_FOUND'],
  [
    'asks what a path allows',
    get('/predict', '', 'OPTIONS'),
    ({ status, headers }) => assert.deepEqual([status, headers.get('allow')], [204, 'POST, OPTIONS']),
  ],
  ['gets everything', get('*'), 'REQUEST_MALFORMED'],
  ['posts to everything', get('*', '', 'POST'), 'REQUEST_MALFORMED'],
  [
    'asks what the server allows',
    get('*', '', 'OPTIONS'),
    ({ status, headers }) =>
      assert.deepEqual([status, headers.get('allow')], [204, 'DELETE, GET, HEAD, POST, PUT, OPTIONS']),
  ],
]

const itemCodes = (...codes: readonly (string | undefined)[]) => {
  return ({ status, body }: RawAnswer) => {
    assert.equal(status, 200)
    const items = body.startsWith('[')
      ? JSON.parse(body)
      : body
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line))
    assert.deepEqual(
      items.map((item: { error?: { code: string } }) => item.error?.code),
      codes,
    )
  }
}
const batch = (body: Bytes) => post(body, '/predict/batch')
const lines = (body: Bytes) => post(body, '/predict/batch', linesType)

const batches: readonly (readonly [string, Bytes, Expected])[] = [
  ['an item 100,000 arrays deep', batch(`[${nested(100_000)},${good}]`), 'BODY_INVALID'],
  ['an item of 70,000 bytes', batch(`[${good},{"note":"${'x'.repeat(70_000)}"}]`), 'BODY_TOO_LARGE'],
  ['an item of 330,000 names', batch(`[{${'"x":1,'.repeat(330_000)}"y":1}]`), 'BODY_TOO_LARGE'],
  ['a line 9 arrays deep', lines(`${nested(9)}\n${good}\n`), itemCodes('BODY_INVALID', undefined)],
  ['an array that is never closed', batch('['.repeat(100_000)), 'BODY_INVALID'],
  [
    'items of every wrong kind',
    batch(`[null,1,"x",[],{"__proto__":{"V1":1}},${good}]`),
    itemCodes(...Array(5).fill('INPUT_INVALID'), undefined),
  ],
  ['20,000 items', batch(`[${'0,'.repeat(20_000)}0]`), 'BODY_TOO_LARGE'],
  ['an array over the limit', batch(`[${'0'.repeat(5_000_000)}]`), 'BODY_TOO_LARGE'],
  ['an object', batch(good), 'INPUT_INVALID'],
  ['a line without an end', lines('x'.repeat(1_000_000)), itemCodes('BODY_TOO_LARGE')],
  [
    'a long line among good ones',
    lines(`${good}\n${' '.repeat(100_000)}\n${good}\n`),
    itemCodes(undefined, 'BODY_TOO_LARGE', undefined),
  ],
  ['20,000 empty lines', lines('\n'.repeat(20_000)), itemCodes(...Array(20_000).fill('BODY_INVALID'))],
  [
    'lines that are no UTF-8',
    lines(Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.from(good)])),
    itemCodes('BODY_INVALID', undefined),
  ],
  [
    'lines that end in CRLF, and a NUL line',
    lines(`${good}\r\n\0\r\n${good}\r\n`),
    itemCodes(undefined, 'BODY_INVALID', undefined),
  ],
  ['a value spread over lines', lines('{"V1":1,\n"Amount":2}\n'), itemCodes('BODY_INVALID', 'BODY_INVALID')],
  ['nothing', lines(''), ({ status, body }) => assert.deepEqual([status, body], [200, ''])],
  [
    'lines, compressed',
    post(gzipSync(good), '/predict/batch', `${linesType}Content-Encoding: gzip\r\n`),
    'MEDIA_TYPE_UNSUPPORTED',
  ],
]

function check(answer: RawAnswer | undefined, expected: Expected): void {
  assert(answer !== undefined, 'the connection was cut without an answer')
  if (typeof expected === 'function') expected(answer)
  else if (expected === 'prediction') assert.deepEqual([answer.status, answer.body], [200, answerFor(1, 2)])
  else checkProblem(answer, expected)
}

function checkProblem(answer: RawAnswer, expected: ErrorCode): void {
  assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8', answer.body)
  const problem = JSON.parse(answer.body)
  assert.equal(problem.code, expected)
  assert.equal(answer.status, statusOf[expected])
  assert.equal(problem.status, statusOf[expected])
  assert.doesNotMatch(answer.body, /node_modules|\.ts:|at \w+ \(|Unexpected token/)
}

describe('hostile requests', { concurrency: 8 }, async () => {
  const limits = { headersTimeoutMs: 1500, bodyTimeoutMs: 1500 }
  const service = await openTestService({ limits })
  const { port, log } = service
  const background = [1, 2, 3].map(() => askForever(port))

  before(() => Promise.all(background.map(({ started }) => started)))
  after(async () => {
    const results = await Promise.all(background.map(({ stop }) => stop()))
    for (const { answered, failures } of results) {
      assert.deepEqual(failures, [])
      assert(answered > 50, `only ${answered} were answered`)
    }
    assert.deepEqual(
      log.lines.filter((line) => line.startsWith('error')),
      [],
    )
    assert.equal(Object.keys(Object.prototype).length, 0)
    await service.app.close()
  })

  for (const [what, body, expected] of bodies) {
    test(`a body that ${what}`, async () => check((await exchange(port, post(body)))[0], expected))
  }
  for (const [what, headers, expected] of types) {
    test(`a content type of ${what}`, async () =>
      check((await exchange(port, post(good, '/predict', headers)))[0], expected))
  }
  for (const [what, bytes, expected] of wire) {
    test(`on the wire: ${what}`, async () => check((await exchange(port, bytes))[0], expected))
  }
  for (const [what, bytes, expected] of routes) {
    test(`a client that ${what}`, async () => check((await exchange(port, bytes))[0], expected))
  }
  for (const [what, bytes, expected] of batches) {
    test(`a batch of ${what}`, async () => check((await exchange(port, bytes))[0], expected))
  }

  test('headers that never end are cut off in time', async () => {
    check((await exchange(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: '))[0], 'REQUEST_TIMEOUT')
  })

  test('headers that drip are cut off in time', async () => {
    check(await drip(port, 'GET /healthz HTTP/1.1\r\n', 'X: 1\r\n'), 'REQUEST_TIMEOUT')
  })

  test('a body that never comes is cut off in time', async () => {
    const head = `POST /predict HTTP/1.1\r\nHost: x\r\n${jsonType}Content-Length: 10\r\n\r\n`
    const [answer] = await exchange(port, head)
    check(answer, 'REQUEST_TIMEOUT')
    assert.equal(answer?.headers.get('connection'), 'close')
  })

  test('a body that drips is cut off in time', async () => {
    const head = `POST /predict HTTP/1.1\r\nHost: x\r\n${jsonType}Transfer-Encoding: chunked\r\n\r\n`
    check(await drip(port, head, '1\r\n \r\n'), 'REQUEST_TIMEOUT')
  })

  test('a stream on which no line ends is cut', async () => {
    const head = `POST /predict/batch HTTP/1.1\r\nHost: x\r\n${linesType}Transfer-Encoding: chunked\r\n\r\n`
    assert.equal(await drip(port, head, '1\r\n \r\n'), undefined)
  })

  test('a body that no route asked for does not hold the connection', async () => {
    const endless = `POST /nothing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`
    const answers = await exchange(port, [endless, ...Array<string>(50).fill(chunk('x'.repeat(1000)))], { answers: 2 })
    assert.equal(answers.length, 1)
    check(answers[0], 'ROUTE_NOT_FOUND')
  })

  test('a connection lives on after a refused body, and its next request is answered', async () => {
    const answers = await exchange(port, [post('{'), post('{}'), post('x'.repeat(70_000)), post(good)], { answers: 4 })
    check(answers[0], 'BODY_INVALID')
    check(answers[1], 'INPUT_INVALID')
    check(answers[2], 'BODY_TOO_LARGE')
    check(answers[3], 'prediction')
  })

  test('a hundred requests at once on one connection are answered in order', async () => {
    const bytes = Array.from({ length: 100 }, (_, index) => post(`{"V1":${index},"Amount":2}`))
    const answers = await exchange(port, [Buffer.concat(bytes)], { answers: 100 })
    assert.deepEqual(
      answers.map(({ body }) => body),
      bytes.map((_, index) => answerFor(index, 2)),
    )
  })

  test('a request that is smuggled in a body is never seen', async () => {
    const answers = await exchange(port, [post(`${get('/metrics')}`), post(good)], { answers: 2 })
    check(answers[0], 'BODY_INVALID')
    check(answers[1], 'prediction')
  })

  test('clients that leave midway are no trouble', async () => {
    const head = `POST /predict HTTP/1.1\r\nHost: x\r\n${jsonType}Content-Length: 100\r\n\r\n{"V1"`
    const stream = `POST /predict/batch HTTP/1.1\r\nHost: x\r\n${linesType}Transfer-Encoding: chunked\r\n\r\n${chunk(`${good}\n`)}`
    for (let round = 0; round < 20; round += 1) {
      for (const bytes of [head, stream, '', 'G']) {
        const socket = connect(port, '127.0.0.1', () => socket.write(bytes, () => socket.resetAndDestroy()))
        socket.on('error', () => {})
      }
    }
    check((await exchange(port, post(good)))[0], 'prediction')
  })

  test('a client that has said all it will is still answered', async () => {
    check((await exchange(port, post(good), { end: true }))[0], 'prediction')
  })

  test('a client that breaks its stream after good lines gets no answer that looks whole', async () => {
    const bytes = chunked(`${chunk(`${good}\n`)}zz\r\n`, linesType, '/predict/batch')
    assert.deepEqual(await exchange(port, bytes), [])
  })
})

/** Sends the head, then a little every now and then: the answer that ends this, if any. */
async function drip(port: number, head: string, little: string): Promise<RawAnswer | undefined> {
  const { promise, resolve } = Promise.withResolvers<RawAnswer | undefined>()
  let received = ''
  const socket = connect(port, '127.0.0.1')
  socket.setEncoding('latin1')
  socket.on('data', (text) => {
    received += text
  })
  socket.on('error', () => {})
  const timer = setInterval(() => socket.writable && socket.write(little), 100)
  socket.on('close', () => {
    clearInterval(timer)
    const [first, body] = received.split('\r\n\r\n')
    const status = Number(first?.split(' ')[1] ?? 0)
    const type = /content-type: ([^\r]*)/i.exec(first ?? '')?.[1] ?? ''
    resolve(body === undefined ? undefined : { status, body, headers: new Map([['content-type', type]]) })
  })
  socket.write(head)
  return promise
}

/** A well-behaved client that asks for one prediction after the other over one connection. */
function askForever(port: number) {
  const socket = connect(port, '127.0.0.1')
  const failures: string[] = []
  let answered = 0
  let isStopped = false
  const { promise: started, resolve: start } = Promise.withResolvers<void>()
  const ask = () => socket.write(post(good))
  socket.setEncoding('latin1')
  let received = ''
  socket.on('data', async (text) => {
    received += text
    if (!received.includes('}')) return
    if (received.startsWith('HTTP/1.1 200 ') && received.endsWith(answerFor(1, 2))) answered += 1
    else failures.push(received)
    received = ''
    start()
    await sleep(2)
    if (isStopped) socket.end()
    else ask()
  })
  socket.on('error', (error) => failures.push(error.message))
  ask()
  return {
    started,
    async stop() {
      isStopped = true
      if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve))
      return { answered, failures }
    },
  }
}
