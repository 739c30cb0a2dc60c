import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import {
  closedAfterEach,
  openTestDecisions,
  startMs,
  type TestDecisionsOptions,
} from '../../test/service/decisions-fixture.ts'
import { exchange, openTestService } from '../../test/service/fixture.ts'
import type { LabelReport } from '../deciding/label-tally.ts'
import type { Limits } from './limits.ts'

/** A report or a problem. */
interface Answer extends LabelReport {
  readonly code: string
}

const open = closedAfterEach()
const apps: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})

async function start(options: TestDecisionsOptions = {}, limits: Partial<Limits> = {}) {
  const running = await openTestDecisions(options)
  open.push(running)
  await running.service.resume()
  const opened = await openTestService({ decisions: running.service, metrics: running.metrics, limits })
  apps.push(opened.app)
  const post = async (path: string, type: string, body: RequestInit['body']) => {
    const response = await fetch(`${opened.url}${path}`, {
      ...{ method: 'POST', headers: { 'content-type': type }, body, duplex: 'half' },
    } as RequestInit)
    const answer: Answer = JSON.parse(await response.text())
    return { status: response.status, body: answer }
  }
  const decide = (id: string, more: object = {}) =>
    post('/v1/decisions', 'application/json', JSON.stringify({ ...purchase, ID: id, ...more }))
  const csv = (body: RequestInit['body']) => post('/v1/labels', 'text/csv', body)
  const lines = (values: readonly unknown[]) =>
    post('/v1/labels', 'application/x-ndjson', values.map((value) => `${JSON.stringify(value)}\n`).join(''))
  const labelsOf = (id: string) =>
    running.log.reading.labelsOf(id).map(({ isFraud, knownAtMs, source }) => ({ isFraud, knownAtMs, source }))
  return { log: running.log, port: opened.port, decide, csv, lines, labelsOf }
}

const purchase = { TIME: startMs, AMOUNT: 10, CARD: 'c', SHOP: 's' }
const knownAt = new Date(startMs).toISOString()
const none = { lines: 0, accepted: 0, pending: 0, changed: 0, repeated: 0, overruled: 0, refused: 0 }
const all = (counts: object, errors: readonly object[] = []) => ({ ...none, ...counts, errors, refusedUnlisted: 0 })

describe('POST /v1/labels with lines', () => {
  test('takes what Excel writes: a line with the separator, words of another language; and tells of a year of two digits', async () => {
    const { decide, csv, labelsOf } = await start()
    for (const id of ['a', 'b', 'c']) await decide(id)
    const { body } = await csv(`sep=;\r\ntransactionId;isFraud;knownAt\r\na;Ja;\r\nb;Nein;\r\nc;Ja;27.11.26\r\n`)
    assert.deepEqual(
      [body.accepted, body.refused, body.errors.map(({ line, reason }) => [line, reason])],
      [2, 1, [[5, 'is not an ISO 8601 time; its year has two digits, so write all four, as in 2026-01-31']]],
    )
    assert.deepEqual(
      ['a', 'b', 'c'].map((id) => labelsOf(id).map(({ isFraud }) => isFraud)),
      [[true], [false], []],
    )
  })

  test('takes a CSV as people write them', async () => {
    const { decide, csv, labelsOf } = await start()
    for (const id of ['a', 'b', 'c', 'd "e", f']) await decide(id)
    const file = [
      '\uFEFF"isFraud","transactionId",knownAt,source',
      `Yes,a,${knownAt},chargeback`,
      '',
      '0,b,,',
      `FALSE,"c", ${knownAt} ,"issuer, by phone"`,
      `fraud,"d ""e"", f",${knownAt},\r`,
      'legit,unheard-of,,',
    ].join('\n')
    assert.deepEqual(await csv(file), { status: 200, body: all({ lines: 5, accepted: 5, pending: 1 }) })
    assert.deepEqual(labelsOf('a'), [{ isFraud: true, knownAtMs: startMs, source: 'chargeback' }])
    assert.deepEqual(labelsOf('b'), [{ isFraud: false, knownAtMs: startMs, source: undefined }])
    assert.deepEqual(labelsOf('c'), [{ isFraud: false, knownAtMs: startMs, source: 'issuer, by phone' }])
    assert.deepEqual(labelsOf('d "e", f'), [{ isFraud: true, knownAtMs: startMs, source: undefined }])
    assert.deepEqual((await csv('transactionId;isFraud\na;1')).body, all({ lines: 1, repeated: 1 }))
  })

  test('tells each bad line with its number, field and reason, and takes in those around it', async () => {
    const { decide, csv, lines, labelsOf } = await start()
    for (const id of ['a', 'b']) await decide(id, { TIME: startMs + 1000 })
    const file = `transactionId,isFraud,knownAt\na,1,\n,1,\nb,maybe,\nb,1,yesterday\nb,1,${knownAt}\n4111111111111111,1,\n"b,1,\nb,1\nb,0,`
    const { status, body } = await csv(file)
    assert.equal(status, 200)
    assert.deepEqual({ ...body, errors: [] }, all({ lines: 9, accepted: 2, refused: 7 }))
    assert.deepEqual(
      body.errors.map(({ line, code, field }: LabelReport['errors'][number]) => [line, code, field]),
      [
        [3, 'INPUT_INVALID', 'transactionId'],
        [4, 'INPUT_INVALID', 'isFraud'],
        [5, 'INPUT_INVALID', 'knownAt'],
        [6, 'INPUT_INVALID', 'knownAt'],
        [7, 'CARD_NUMBER_REFUSED', 'transactionId'],
        [8, 'BODY_INVALID', '(line)'],
        [9, 'BODY_INVALID', '(line)'],
      ],
    )
    assert.doesNotMatch(JSON.stringify(body), /4111111111111111|maybe|yesterday/)
    assert.deepEqual(body.errors[3].reason, "is before the transaction's own time")
    assert.equal(labelsOf('b').length, 1)
    const json = await lines([
      { transactionId: 'a', isFraud: 'yes' },
      [],
      { transactionId: 'a', isFraud: false, so: 1 },
    ])
    assert.deepEqual(
      json.body.errors.map(({ line, field }: LabelReport['errors'][number]) => [line, field]),
      [
        [1, 'isFraud'],
        [2, '(line)'],
        [3, 'so'],
      ],
    )
  })

  test('refuses a header that names what is no field, and takes nothing in', async () => {
    const { csv, log } = await start()
    const { status, body } = await csv('transactionId,is_fraud,known_at\na,1,2026-01-01')
    assert.deepEqual([status, body.code], [422, 'INPUT_INVALID'])
    assert.deepEqual(body.errors, [
      { field: 'is_fraud', reason: 'is not a field of a label. Did you mean "isFraud"?' },
      { field: 'known_at', reason: 'is not a field of a label. Did you mean "knownAt"?' },
      { field: 'isFraud', reason: 'is missing from the header' },
    ])
    assert.equal((await csv('transactionId,isFraud,isFraud\na,1,0')).status, 422)
    assert.equal((await csv('')).body.code, 'INPUT_INVALID')
    assert.equal(log.reading.lastSequence(), 1)
  })

  test('names the transaction of a line that is refused, whatever refuses it, and no card number', async () => {
    const { decide, csv, lines } = await start({ maxPendingLabels: 0 })
    await decide('a')
    const early = '2026-01-01T00:00:00Z'
    const visa = '4111 1111 1111 1111'
    const refusedOf = ({ body }: { readonly body: Answer }) =>
      body.errors.map(({ line, id, code, field }) => [line, id, code, field])
    const rows = [`maybe,a,`, `1,a,${early}`, `1,unheard,`, `maybe,${visa},`, `1,${visa},`, '1,,']
    const inCsv = await csv(['isFraud,transactionId,knownAt', ...rows].join('\n'))
    assert.deepEqual(refusedOf(inCsv), [
      [2, 'a', 'INPUT_INVALID', 'isFraud'],
      [3, 'a', 'INPUT_INVALID', 'knownAt'],
      [4, 'unheard', 'PENDING_LABELS_FULL', '(line)'],
      [5, undefined, 'INPUT_INVALID', 'isFraud'],
      [6, undefined, 'CARD_NUMBER_REFUSED', 'transactionId'],
      [7, undefined, 'INPUT_INVALID', 'transactionId'],
    ])
    const inJson = await lines([
      { transactionId: 'a', isFraud: 'yes' },
      { transactionId: 7, isFraud: true, source: visa },
      { transactionId: visa, isFraud: true, extra: 1 },
    ])
    assert.deepEqual(refusedOf(inJson), [
      [1, 'a', 'INPUT_INVALID', 'isFraud'],
      [2, '7', 'CARD_NUMBER_REFUSED', 'source'],
      [3, undefined, 'CARD_NUMBER_REFUSED', 'transactionId'],
    ])
    assert.doesNotMatch(JSON.stringify([inCsv, inJson]), /4111/)
  })

  test('changes nothing where the same file is sent again, not even back what was corrected since', async () => {
    const { decide, lines, labelsOf, log } = await start()
    await decide('a')
    await decide('b')
    const file = [
      { transactionId: 'a', isFraud: true, knownAt },
      { transactionId: 'b', isFraud: false, knownAt },
      { transactionId: 'b', isFraud: true, knownAt },
    ]
    assert.deepEqual((await lines(file)).body, all({ lines: 3, accepted: 3, changed: 1 }))
    assert.deepEqual(
      (await lines([{ transactionId: 'a', isFraud: false }])).body,
      all({ lines: 1, accepted: 1, changed: 1 }),
    )
    const sequence = log.reading.lastSequence()
    assert.deepEqual((await lines([...file, ...file])).body, all({ lines: 6, repeated: 6, overruled: 4 }))
    assert.equal(log.reading.lastSequence(), sequence)
    assert.deepEqual(
      labelsOf('a').map(({ isFraud }) => isFraud),
      [true, false],
    )
  })

  test('bounds what waits for transactions, what one id may have, and how much is listed', async () => {
    const { decide, lines } = await start({ maxPendingLabels: 2 })
    await decide('a')
    const unheard = Array.from({ length: 1200 }, (_, i) => ({ transactionId: `u-${i}`, isFraud: true }))
    const { body } = await lines([...unheard, { transactionId: 'a', isFraud: true }])
    const { errors, ...counts } = body
    assert.deepEqual(counts, { ...none, lines: 1201, accepted: 3, pending: 2, refused: 1198, refusedUnlisted: 198 })
    assert.equal(errors.length, 1000)
    assert.deepEqual([errors[0].line, errors[0].code], [3, 'PENDING_LABELS_FULL'])
    const often = Array.from({ length: 110 }, (_, i) => ({ transactionId: 'a', isFraud: i % 2 === 1 }))
    const contradicted = (await lines(often)).body
    assert.deepEqual([contradicted.accepted, contradicted.refused, contradicted.errors[0].code], [99, 6, 'LABELS_FULL'])
  })

  test('lists little of what a caller makes up, however many long names there are', async () => {
    const { csv, lines } = await start()
    const made = (line: number) =>
      Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`${line}-${i}-`.padEnd(4000, 'x'), 1]))
    const { body } = await lines(Array.from({ length: 20 }, (_, line) => made(line)))
    assert.equal(body.refused, 20)
    assert.ok(JSON.stringify(body).length < 20 * 1500, String(JSON.stringify(body).length))
    const header = await csv('a,'.repeat(30_000))
    assert.equal(header.status, 422)
    assert.equal(Object(header.body).errors.length, 10)
  })

  test('ends a body whose lines are not whole in time, though more of it comes', async () => {
    const { csv } = await start({}, { bodyTimeoutMs: 300 })
    const dripping = new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 50))
        controller.enqueue(Buffer.from('x'))
      },
    })
    const { status, body } = await csv(dripping)
    assert.deepEqual([status, body.code], [408, 'REQUEST_TIMEOUT'])
  })

  test('refuses a line that is too long alone, and cuts off a body that does not go on', async () => {
    const { csv, port, labelsOf } = await start({}, { lineBytes: 200, bodyTimeoutMs: 200 })
    const { body } = await csv(`transactionId,isFraud\na,1\n${'x'.repeat(1000)},1\nb,1`)
    assert.deepEqual([body.accepted, body.errors[0].line, body.errors[0].code], [2, 3, 'BODY_TOO_LARGE'])
    const head = 'POST /v1/labels HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\n'
    const [answer] = await exchange(port, `${head}transactionId,isFraud\nc,1\nd,`)
    assert.equal(answer.status, 408)
    assert.match(JSON.parse(answer.body).detail, /1 lines before were accepted, 0 were known and 0 refused/)
    assert.equal(labelsOf('c').length, 1)
    assert.equal(labelsOf('d').length, 0)
  })

  test('lets decisions go between the labels of a long stream', async () => {
    const { decide, csv, labelsOf } = await start({ maxPendingLabels: 1e6, maxPending: 64 })
    const count = 5000
    let sent = 0
    const stream = new ReadableStream({
      pull(controller) {
        if (sent === 0) controller.enqueue(Buffer.from('transactionId,isFraud\n'))
        for (let i = 0; i < 500; i++) controller.enqueue(Buffer.from(`t-${sent++},1\n`))
        if (sent >= count) controller.close()
      },
    })
    const order: string[] = []
    const labels = csv(stream).then((answer) => {
      order.push('labels')
      return answer
    })
    while (labelsOf('t-0').length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    for (let i = 0; i < 20; i++) assert.equal((await decide(`d-${i}`, { TIME: startMs + i })).status, 200)
    order.push('decisions')
    assert.deepEqual((await labels).body, all({ lines: count, accepted: count, pending: count }))
    assert.deepEqual(order, ['decisions', 'labels'])
  })
})
