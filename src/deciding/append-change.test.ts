import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { closedAfterEach, openTestDecisions } from '../../test/service/decisions-fixture.ts'
import type { LogRecord } from '../log/log-record.ts'
import { verifyLog } from '../stores/sqlite/verify-log.ts'
import { appendChange } from './append-change.ts'

const open = closedAfterEach()
const change = {
  kind: 'rule',
  by: 'user:ann',
  why: 'tests',
  atMs: 1,
  change: { kind: 'rule-removed', id: 'r' },
} as const

async function start() {
  const live = await openTestDecisions({ key: 'secret' })
  open.push(live)
  await live.service.resume()
  return live
}

describe('a change', () => {
  test('is heard of before what comes next in the turn, and durable when it resolves', async () => {
    const { log } = await start()
    const heard: [number, LogRecord][] = []
    log.follow((record, sequence) => heard.push([sequence, record]))
    const next = log.nextSequence
    const appended = appendChange(log, change)
    assert.deepEqual(heard, [[next, change]])
    assert.equal(log.nextSequence, next + 1)
    assert.equal(await appended, next)
    assert.deepEqual(log.reading.at(next), { ...change, sequence: next })
  })

  test('is heard of as the log will tell it, whatever it was given', async () => {
    const { log } = await start()
    const heard: LogRecord[] = []
    log.follow((record) => heard.push(record))
    const odd: object = { nothing: undefined, nan: Number.NaN, zero: -0, date: new Date(0), list: [undefined] }
    const sequence = await appendChange(log, { ...change, change: { ...odd } })
    assert.deepEqual([{ ...heard[0], sequence }], [log.reading.at(sequence)])
  })

  test('that may hold a card number in its reason, or is too large, is refused and leaves nothing', async () => {
    const { log } = await start()
    log.follow(() => assert.fail('nothing is appended'))
    const next = log.nextSequence
    const ada = { key: 'card', value: 'Ada', token: 'tok_ada' }
    for (const [field, more] of [
      ['why', { why: 'the customer with 4111 1111 1111 1111 rang up' }],
      ['why', { why: 'x'.repeat(1001) }],
      ['change', { change: { text: 'x'.repeat(2 ** 23) }, tokens: [ada.token] }],
    ] as const) {
      await assert.rejects(appendChange(log, { ...change, ...more }, [ada]), (error) => {
        assert.ok(error instanceof Error && 'code' in error && 'errors' in error && Array.isArray(error.errors))
        assert.deepEqual([error.code, error.errors[0].field], ['INPUT_INVALID', field])
        return true
      })
    }
    assert.deepEqual([log.nextSequence, log.persons.tokenOf('card', 'Ada')], [next, undefined])
  })

  test('is refused while nothing is decided', async () => {
    const live = await openTestDecisions()
    open.push(live)
    const valid = { kind: 'rule', rule: { id: 'r', when: 'true', then: 'review' } }
    const context = { by: 'user:ann', why: 'tests' }
    await assert.rejects(live.service.change(valid, context), { code: 'LOG_UNAVAILABLE' })
    await live.service.resume()
    assert.equal((await live.service.change(valid, context)).version, 2)
  })

  test('names persons who have their rows until they are erased', async () => {
    const { log } = await start()
    const [ada] = await log.persons.lookUp([{ key: 'card', value: 'Ada' }])
    await appendChange(
      log,
      {
        ...change,
        kind: 'list',
        change: { kind: 'entries', list: 'l', add: [{ value: ada.token }] },
        tokens: [ada.token],
      },
      [ada],
    )
    const problem = () => verifyLog(log.reading, 'secret').persons?.problem
    assert.deepEqual([log.persons.valueOf(ada.token), problem()], ['Ada', undefined])
    await log.erase('card', 'Ada', 1, 'user:ann')
    assert.deepEqual([log.persons.valueOf(ada.token), problem()], [undefined, undefined])
    const lost = await appendChange(log, { ...change, kind: 'list', tokens: ['tok_nobody'] })
    assert.match(problem() ?? '', new RegExp(`tok_nobody of record ${lost} is missing`))
  })
})
