import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closedAfterEach, openDeciding } from '../../test/service/decisions-fixture.ts'

const open = closedAfterEach()

test('labels are counted when they come, although the hours that are compared stay the same', async () => {
  const { service, decide } = await openDeciding(open)
  await decide(0)
  await decide(1)
  const counted = async () => {
    const { labels } = await service.monitor.drift()
    return labels.map((each) => each.labels)
  }
  assert.deepEqual(await counted(), [0, 0])
  await service.label({ transactionId: 't-0', isFraud: true }, 'key:desk')
  assert.deepEqual(await counted(), [1, 0])
  await service.label({ transactionId: 't-1', isFraud: false }, 'key:desk')
  assert.deepEqual(await counted(), [1, 1])
})
