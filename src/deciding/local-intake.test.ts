import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestDecisions, startMs } from '../../test/service/decisions-fixture.ts'
import { createRandom } from '../core/random.ts'
import { createDecisionMetrics } from '../http/decision-metrics.ts'
import { createMetrics } from '../http/metrics.ts'
import { takesEachOnce } from './intake.contract.ts'

takesEachOnce('over a file of this machine', openTestDecisions)

const random = createRandom(14)
takesEachOnce('over a database that answers after a while', (options) =>
  openTestDecisions({ ...options, lookUpMs: () => random.uniform() * 20 }),
)

test('an intake answers once where what is told of a decision fails', async (t) => {
  const observer = {
    ...createDecisionMetrics(createMetrics(() => 'test').registry),
    decided() {
      throw new Error('nobody listens')
    },
  }
  const { service, log, close } = await openTestDecisions({ observer })
  t.after(() => close())
  await service.resume()
  const body = { ID: 'a', TIME: startMs, AMOUNT: 10, CARD: 'c', SHOP: 's' }
  let settled = 0
  const settle = () =>
    service.settle(
      body,
      undefined,
      () => 0,
      false,
      () => {
        settled += 1
      },
    )
  assert.throws(settle, /nobody listens/)
  // The second waits for the record of the first.
  const again = await service.decide(body, undefined, () => 0)
  assert.equal(again.duplicate, true)
  assert.equal(log.pending, 0)
  assert.equal(settled, 0)
})
