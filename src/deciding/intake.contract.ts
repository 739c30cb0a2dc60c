import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import {
  amountPredictor,
  assertReplayed,
  cardsDetector,
  startMs,
  type TestDecisions,
  type TestDecisionsOptions,
} from '../../test/service/decisions-fixture.ts'
import type { Decision } from '../decisioning/decision.ts'
import { verifyLog } from '../stores/sqlite/verify-log.ts'
import { createDetectorInForce } from './detector-in-force.ts'

const noWait = () => 0
const personal = () => createDetectorInForce(cardsDetector({}, { personal: ['card'] }), amountPredictor())
const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error)

/** What every intake has to hold: each transaction has one place, the second of an id waits for the first. */
export function takesEachOnce(
  where: string,
  openDecisions: (options: TestDecisionsOptions) => Promise<TestDecisions>,
): void {
  const open: TestDecisions[] = []
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close()
  })

  async function start(options: TestDecisionsOptions = {}) {
    const running = await openDecisions({ inForce: personal(), ...options })
    open.push(running)
    running.clock.nowMs = startMs + 1000
    await running.service.resume()
    const body = (id: string, more: object) => ({ ID: id, TIME: startMs, AMOUNT: 10, CARD: 'Ada', SHOP: 's', ...more })
    /** Refused at once or later, it rejects. */
    const decide = async (id: string, more: object = {}, order?: symbol): Promise<Decision> =>
      running.service.decide(body(id, more), undefined, noWait, false, order)
    const label = (transactionId: string, isFraud = true) => running.service.label({ transactionId, isFraud }, 'desk')
    const tokenOf = (id: string) => {
      const record = running.log.reading.find(id)
      return record?.fields[running.log.reading.definition(record.definition).columns.indexOf('CARD')]
    }
    return { ...running, decide, label, tokenOf }
  }

  describe(`an intake ${where}`, () => {
    test('decides an id once, however many come at once, and answers all of them the same', async () => {
      const { decide, log } = await start()
      for (const id of ['one', 'two']) {
        const answers = await Promise.all(Array.from({ length: 8 }, () => decide(id)))
        assert.deepEqual(answers.map(({ duplicate }) => duplicate).sort(), [
          false,
          ...Array.from({ length: 7 }, () => true),
        ])
        for (const { duplicate, ...answer } of [...answers, await decide(id)]) {
          const { duplicate: _, ...first } = answers[0]
          assert.deepEqual(answer, first)
        }
      }
      assert.equal(log.reading.transactionsIn(0, log.reading.lastSequence()).count, 2)
    })

    test('takes what comes first, and refuses what contradicts it, at once or later', async () => {
      const { decide, log } = await start()
      const settled = await Promise.allSettled([decide('a'), decide('a', { AMOUNT: 11 }), decide('a')])
      assert.deepEqual(
        settled.map((each) => (each.status === 'fulfilled' ? each.value.duplicate : codeOf(each.reason))),
        [false, 'TRANSACTION_CONFLICT', true],
      )
      await assert.rejects(decide('a', { CARD: 'Bob' }), { code: 'TRANSACTION_CONFLICT' })
      assert.equal(log.reading.find('a')?.fields.includes(10), true)
      assert.deepEqual(log.persons.tokenOf('card', 'Bob'), undefined, 'nothing is kept of a person who is refused')
    })

    test('gives a person one token, and none where the transaction is refused', async () => {
      const { decide, log, tokenOf } = await start()
      await assert.rejects(decide('ahead', { TIME: startMs + 1e9 }), { code: 'TRANSACTION_IN_FUTURE' })
      assert.equal(log.persons.tokenOf('card', 'Ada'), undefined)
      const ids = Array.from({ length: 6 }, (_, i) => `t-${i}`)
      await Promise.all([decide('late', { TIME: startMs + 1e9 }).catch(codeOf), ...ids.map((id) => decide(id))])
      assert.deepEqual([...new Set(ids.map(tokenOf))], [log.persons.tokenOf('card', 'Ada')])
      assert.equal(log.persons.valueOf(String(tokenOf('t-0'))), 'Ada')
      assert.equal(verifyLog(log.reading, undefined).problem, undefined)
    })

    test('erases a person among transactions of hers without a token that stands for nobody', async () => {
      const { decide, service, log, logPath } = await start()
      const work: Promise<unknown>[] = []
      // A person who comes again after an erasure is another one, so that the same transaction contradicts the first.
      const sent = (id: string) => decide(id).then(({ transactionId }) => transactionId, codeOf)
      for (let i = 0; i < 60; i++) {
        work.push(sent(`t-${i}`), sent(`t-${Math.floor(i / 2)}`))
        if (i % 9 === 4) work.push(service.erase('card', 'Ada', 'desk'))
        if (i % 4 === 0) await sent(`t-${i}`)
      }
      await Promise.all(work)
      assert.equal(verifyLog(log.reading, undefined).problem, undefined)
      assert.equal(log.reading.transactionsIn(0, log.reading.lastSequence()).count, 60)
      assert.deepEqual(assertReplayed(logPath, [personal()]), [60])
    })

    test('takes a label in after what came before it, and one that is said twice once', async () => {
      const { decide, label, log } = await start()
      const [, [first], [again], [other]] = await Promise.all([
        ...[decide('a'), label('a'), label('a'), label('a', false)],
      ] as const)
      assert.deepEqual(
        [first, again, other].map(({ pending, duplicate, isFraud }) => [pending, duplicate, isFraud]),
        [
          [false, false, true],
          [false, true, true],
          [false, false, false],
        ],
      )
      const [early] = await label('b')
      const decision = await decide('b')
      assert.deepEqual([early.pending, decision.duplicate], [true, false])
      assert.deepEqual(
        log.reading.labelsOf('a').map(({ isFraud, of }) => [isFraud, of]),
        [
          [true, log.reading.find('a')?.sequence],
          [false, log.reading.find('a')?.sequence],
        ],
      )
      const ofMany = await Promise.allSettled(Array.from({ length: 130 }, (_, i) => label('c', i % 2 === 0)))
      const refused = ofMany.filter((each) => each.status === 'rejected').map(({ reason }) => codeOf(reason))
      assert.deepEqual(
        [log.reading.labelsOf('c').length, refused],
        [100, Array.from({ length: 15 }, () => 'LABELS_FULL')],
      )
    })

    test('keeps the order of a sender who asks for it, whatever is looked up', async () => {
      const { decide, log } = await start()
      await decide('known')
      const order = Symbol('sender')
      const ids = Array.from({ length: 40 }, (_, i) => `t-${i}`)
      const work = ids.flatMap((id, i) => [
        // Every third is of a new person, every fourth time a known one comes again.
        decide(id, { CARD: i % 3 === 0 ? `new-${i}` : 'Ada', TIME: startMs + i }, order),
        ...(i % 4 === 0 ? [decide('known', {}, order)] : []),
      ])
      await Promise.all(work)
      const sequences = ids.map((id) => log.reading.find(id)?.sequence ?? 0)
      assert.deepEqual(
        sequences,
        sequences.toSorted((a, b) => a - b),
      )
    })

    test('is handed over only when nothing is being looked up any more', async () => {
      const { decide, label, service, logPath } = await start()
      const other = createDetectorInForce(personal().detector, amountPredictor('other@000000000000'))
      const work: Promise<unknown>[] = []
      for (let i = 0; i < 50; i++) {
        work.push(decide(`t-${i}`, { CARD: `c-${i % 7}` }), label(`t-${i}`))
        work.push(decide(`t-${i >> 1}`, { CARD: `c-${(i >> 1) % 7}` }))
      }
      const taken = service.use(other)
      for (let i = 50; i < 100; i++) {
        work.push(decide(`t-${i}`, { CARD: `c-${i % 7}` }), label(`t-${i >> 1}`))
        if (i % 10 === 0) await decide(`t-${i}`, { CARD: `c-${i % 7}` })
      }
      await Promise.all([taken, ...work])
      const [before, after] = assertReplayed(logPath, [personal(), other])
      assert.equal(before + after, 100)
      assert.ok(before >= 50)
    })
  })
}
