import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { openTestDecisions } from '../../test/service/decisions-fixture.ts'

test('labels of many requests at once leave a quarter of the room to decisions', async (t) => {
  const { service, log, close } = await openTestDecisions({ maxPending: 64 })
  t.after(() => close())
  await service.resume()
  let isOver = false
  const requests = Array.from({ length: 8 }, (_, request) =>
    service.label(
      Array.from({ length: 40 }, (_, i) => ({ transactionId: `t-${request}-${i}`, isFraud: false })),
      'tester',
    ),
  )
  const answers = Promise.all(requests).finally(() => {
    isOver = true
  })
  let most = 0
  while (!isOver) {
    most = Math.max(most, log.pending)
    await nextTurn()
  }
  assert.deepEqual(
    (await answers).map((labels) => labels.length),
    Array(8).fill(40),
  )
  assert.ok(most > 16 && most <= 48, `${most} records were on the way`)
})
