import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closedAfterEach, openTestDecisions, startMs } from '../../test/service/decisions-fixture.ts'
import { buildTestService } from '../../test/service/fixture.ts'

const open = closedAfterEach()

test('a text of ten thousand marks is refused without being normalized as a whole, wherever it stands', async (t) => {
  const running = await openTestDecisions()
  open.push(running)
  await running.service.resume()
  const { app } = await buildTestService({ decisions: running.service, metrics: running.metrics })
  const normalize = t.mock.method(String.prototype, 'normalize')
  const marks = '1'.repeat(13) + '\u0301\u0316'.repeat(5000)
  const label = { transactionId: 't', isFraud: true }
  const purchase = { ID: 't', TIME: startMs, AMOUNT: 1, CARD: 'c', SHOP: 's' }
  const row = { V1: 1, Amount: 1 }
  const answers: (readonly [string, unknown, number])[] = [
    ['/v1/labels', { ...label, transactionId: marks }, 422],
    ['/v1/labels', { ...label, source: marks }, 422],
    ['/v1/labels', { ...label, knownAt: marks }, 422],
    ['/v1/labels', { ...label, [marks]: 1 }, 422],
    ['/v1/labels', `{"${marks}":1,"${marks}":1}`, 422],
    ['/v1/labels', [{ ...label, transactionId: marks }, { [marks]: 1 }], 422],
    ['/v1/decisions', { ...purchase, ID: marks }, 422],
    ['/v1/decisions', { ...purchase, CARD: marks }, 422],
    ['/v1/decisions', { ...purchase, NOTE: marks }, 422],
    // A field that nothing is named after is ignored, as always.
    ['/v1/decisions', { ...purchase, SHOP: undefined, [marks]: 1 }, 200],
    ['/v1/decisions/batch', [{ [marks]: 1 }, { ...purchase, ID: marks }], 200],
    ['/v1/search', { key: 'card', value: marks }, 422],
    ['/v1/search', { [marks]: 1 }, 422],
    ['/v1/erasures', { key: marks, value: marks }, 422],
    ['/predict', { [marks]: 1 }, 422],
    ['/predict', { ...row, V1: marks }, 422],
  ]
  for (const [url, body, status] of answers) {
    const payload = typeof body === 'string' ? body : JSON.stringify(body)
    const answer = await app.inject({ method: 'POST', url, headers: { 'content-type': 'application/json' }, payload })
    assert.equal(answer.statusCode, status, `${url} ${answer.body.slice(0, 200)}`)
    assert.ok(answer.body.length < 3000, `${url} repeats ${answer.body.length} characters`)
  }
  assert.ok(normalize.mock.callCount() > 0, 'what this test looks at is used')
  for (const call of normalize.mock.calls) {
    const text = String(call.this)
    assert.ok(text.length <= 1024, `${text.length} characters were normalized`)
    assert.doesNotMatch(text, /\p{M}{300}/u)
  }
})
