import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cardsDetector, closedAfterEach, openDeciding } from '../../test/service/decisions-fixture.ts'
import { createDetectorInForce } from '../deciding/detector-in-force.ts'
import { lastNumber, takeUpTo } from './mirror-entries.ts'

const open = closedAfterEach()

test('persons who are added again stay, and others go, though the list has their tokens', async () => {
  const inForce = createDetectorInForce(cardsDetector({}, { personal: ['card'] }), undefined)
  const { service } = await openDeciding(open, { inForce })
  const change = (given: object) => service.change(given, { by: 'user:ann', why: '' })
  const target = {
    change,
    async *entries(list: string) {
      yield* service.entriesOf(list, 0)
    },
  }
  const add = (...values: readonly string[]) =>
    change({ kind: 'entries', list: 'stolen', add: values.map((value) => ({ value })) })
  await change({ kind: 'list', list: { name: 'stolen', of: 'card', effect: 'block' } })
  assert.equal(await lastNumber(target, 'stolen'), 0)
  await add('c-1', 'c-2', 'c-3')
  const [, second] = [...service.entriesOf('stolen', 0)]
  const last = await lastNumber(target, 'stolen')
  await add('c-2', 'c-4')
  assert.equal(await takeUpTo(last, target, 'stolen', {}, AbortSignal.timeout(60_000)), 2)
  const left = [...service.entriesOf('stolen', 0)].map(({ value }) => value)
  assert.deepEqual([left.length, left[0]], [2, second.value])
  assert.match(second.value, /^tok_/)
})
