import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  amountPredictor,
  cardsDetector,
  closedAfterEach,
  dayMs,
  openTestDecisions,
  startMs,
} from '../../test/service/decisions-fixture.ts'
import type { Detector } from '../detector/detector.ts'
import { createDetectorInForce } from './detector-in-force.ts'

const open = closedAfterEach()

const detectorOf = (transaction: Partial<Detector['transaction']>) => {
  const { keys = { card: 'CARD' } } = transaction
  const [by] = Object.keys(keys)
  return createDetectorInForce(
    cardsDetector({ features: [{ count: { by, over: '1d' } }] }, transaction),
    amountPredictor(),
  )
}
const plain = detectorOf({})
const personal = detectorOf({ personal: ['card'] })

async function start(inForce = plain) {
  const opened = await openTestDecisions({ inForce, acceptLostHistories: true })
  open.push(opened)
  opened.clock.nowMs = startMs + 100 * dayMs
  await opened.service.resume()
  let count = 0
  const decide = (CARD: string) =>
    opened.service.decide({ ID: `t-${++count}`, TIME: startMs + count, AMOUNT: 1, CARD, SHOP: 's' }, undefined, () => 0)
  return { ...opened, decide }
}

describe('an erasure', () => {
  test('of a key that was not personal before says how many records hold the value in plain text', async () => {
    const { service, decide, log } = await start()
    for (const card of ['Ada', 'Ada', 'Bob']) await decide(card)
    await service.use(personal)
    for (const card of ['Ada', 'Eve', 'Bob']) await decide(card)
    await assert.rejects(service.erase('card', 'Ada', 'key:desk'), {
      code: 'ERASURE_INCOMPLETE',
      message: /^The card's token tok_1 was erased, but 2 records still hold the value in plain text, from before card/,
    })
    assert.deepEqual([log.persons.tokenOf('card', 'Ada'), log.persons.valueOf('tok_1')], [undefined, undefined])
    await assert.rejects(service.erase('card', ' Ada ', 'key:desk'), {
      message: /^No card with this value has a token, but 2 records/,
    })
    await assert.rejects(service.erase('card', 'Bob', 'key:desk'), { message: /but 1 record still/ })
    assert.equal(await service.erase('card', 'Eve', 'key:desk'), 'tok_2')
  })

  test('finds them under the column that the key had then, and under a definition that had it as a field', async () => {
    const { service, decide } = await start(detectorOf({ keys: { card: 'SHOP' }, fields: { holder: 'CARD' } }))
    await decide('Ada')
    await service.use(personal)
    for (const value of ['Ada', 's'])
      await assert.rejects(service.erase('card', value, 'key:desk'), {
        code: 'ERASURE_INCOMPLETE',
        message: /but 1 record/,
      })
    assert.equal(await service.erase('card', 'Eve', 'key:desk'), undefined)
  })

  test('reaches the tokens that the key had under another name', async () => {
    const { service, decide, log } = await start(personal)
    await decide('Ada')
    await service.use(detectorOf({ keys: { holder: 'CARD' }, personal: ['holder'] }))
    await decide('Ada')
    assert.equal(await service.erase('holder', 'Ada', 'key:desk'), 'tok_2')
    assert.deepEqual([log.persons.valueOf('tok_1'), log.persons.valueOf('tok_2')], [undefined, undefined])
  })
})
