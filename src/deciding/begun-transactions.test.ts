import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import {
  amountPredictor,
  cardsDetector,
  openTestDecisions,
  snapshotNow,
  startMs,
  type TestDecisions,
} from '../../test/service/decisions-fixture.ts'
import { createRandom } from '../core/random.ts'
import type { Decision } from '../decisioning/decision.ts'
import type { Predictor } from '../scoring/predictor.ts'
import type { BegunTransactions, ScoresElsewhere } from './begun-transactions.ts'
import { createDetectorInForce } from './detector-in-force.ts'
import { takesEachOnce } from './intake.contract.ts'

const noWait = () => 0

function settled(service: TestDecisions['service'], value: unknown): Promise<Decision> {
  return new Promise((resolve, reject) =>
    service.settle(value, undefined, noWait, false, (error, decision) =>
      decision === undefined ? reject(error) : resolve(decision),
    ),
  )
}

/** Another thread, as far as a test lets it be one: scores wait until they are told. */
class Elsewhere implements ScoresElsewhere {
  readonly #begun: Pick<BegunTransactions, 'scored' | 'finish' | 'size'>
  readonly asked: { readonly number: number; readonly score: number | undefined }[] = []
  readonly #told: (typeof this.asked)[number][] = []
  predictor: Predictor | undefined
  room = 20
  timesLate = 0
  mostBegun = 0

  constructor({ service }: TestDecisions) {
    this.#begun = service.decider.scoreBy(this)
  }

  takes(predictor: Predictor | undefined): boolean {
    this.predictor = predictor
    return predictor !== undefined
  }

  ask(inputs: Float64Array, number: number): boolean {
    if (this.asked.length >= this.room) return false
    this.asked.push({ number, score: this.#score(inputs) })
    this.mostBegun = Math.max(this.mostBegun, this.#begun.size)
    return true
  }

  get begun(): number {
    return this.#begun.size
  }

  late(): void {
    this.timesLate += 1
  }

  tell(at: number): void {
    const [told] = this.asked.splice(at % Math.max(1, this.asked.length), 1)
    if (told === undefined) return
    this.#told.push(told)
    this.#begun.scored(told.number, told.score)
  }

  /** What nobody waits for any more. */
  tellAgain(): void {
    for (const { number } of this.#told) this.#begun.scored(number, 0.99)
  }

  end(): void {
    this.asked.length = 0
    this.#begun.finish()
  }

  #score(inputs: Float64Array): number | undefined {
    try {
      return this.predictor?.predict(inputs.slice()).probability
    } catch {
      return undefined
    }
  }
}

/** Fails at some rows. */
function frailPredictor(): Predictor {
  const sound = amountPredictor()
  return {
    ...sound,
    explainsDecisions: true,
    contributionScale: 'probability',
    predict(row) {
      if (row[0] === 777) throw new Error('no score for this one')
      return sound.predict(row)
    },
    explain: (row) => ({ scale: 'probability', base: 0, contributions: row.map((value) => value / 1e6), error: 0 }),
  }
}

type Kind = 'settle' | 'decide' | 'explain' | 'history'

type Op =
  | { readonly kind: Kind; readonly id: number; readonly amount: number; readonly card: number }
  | { readonly kind: 'label'; readonly id: number; readonly isFraud: boolean }
  | { readonly kind: 'rule'; readonly above: number }
  | { readonly kind: 'erase'; readonly card: number }
  | { readonly kind: 'tell'; readonly at: number }
  | { readonly kind: 'again' }
  | { readonly kind: 'end' }
  | { readonly kind: 'turn' }

const transaction = (kind: Kind, most: number): fc.Arbitrary<Op> =>
  fc.record({
    kind: fc.constant(kind),
    id: fc.nat(most),
    amount: fc.constantFrom(5, 100, 600, 777, 950),
    card: fc.nat(3),
  })
const someOps: fc.Arbitrary<Op>[] = [
  fc.record({ kind: fc.constant('label' as const), id: fc.nat(60), isFraud: fc.boolean() }),
  fc.record({ kind: fc.constant('rule' as const), above: fc.nat(6) }),
  fc.record({ kind: fc.constant('erase' as const), card: fc.nat(3) }),
  fc.record({ kind: fc.constantFrom('again' as const, 'end' as const, 'turn' as const) }),
  transaction('decide', 60),
  transaction('explain', 250),
  transaction('history', 60),
]
const ops = fc.array(
  fc.oneof(
    { weight: 24, arbitrary: transaction('settle', 250) },
    { weight: 4, arbitrary: transaction('settle', 12) },
    { weight: 12, arbitrary: fc.record({ kind: fc.constant('tell' as const), at: fc.nat(19) }) },
    ...someOps.map((arbitrary) => ({ weight: 1, arbitrary })),
  ),
  { minLength: 30, maxLength: 120 },
)

/** What came of it all: the answers, the log, and what its records made. */
async function outcomeOf(all: readonly Op[], personal: readonly string[], isElsewhere: boolean) {
  const inForce = createDetectorInForce(cardsDetector({}, { personal: [...personal] }), frailPredictor())
  const running = await openTestDecisions({ inForce })
  const { service, log, clock } = running
  try {
    clock.nowMs = startMs + 1000
    await service.resume()
    const elsewhere = isElsewhere ? new Elsewhere(running) : undefined
    const answers: Promise<string>[] = []
    /** What is thrown at once is an answer, too. */
    const answered = (ask: () => Promise<unknown>): Promise<string> => {
      const told = (async () => ask())().then((value) => JSON.stringify(value), String)
      answers.push(told)
      return told
    }
    const settle = (body: object): Promise<unknown> => settled(service, body)
    for (const op of all) {
      if (op.kind === 'label')
        await answered(() => service.label({ transactionId: `t-${op.id}`, isFraud: op.isFraud }, 'desk'))
      else if (op.kind === 'rule')
        await answered(() => service.change(capped(op.above), { by: 'user:ann', why: 'a test' }))
      else if (op.kind === 'erase') {
        if (personal.length > 0) await answered(() => service.erase('card', `c-${op.card}`, 'desk'))
      } else if (op.kind === 'tell') elsewhere?.tell(op.at)
      else if (op.kind === 'again') elsewhere?.tellAgain()
      else if (op.kind === 'end') elsewhere?.end()
      else if (op.kind === 'turn') await nextTurn()
      else {
        const { kind, id, amount, card } = op
        const body = {
          ID: `t-${id}`,
          TIME: startMs + id * 1000,
          AMOUNT: amount,
          CARD: `c-${card}`,
          SHOP: `s-${id % 3}`,
        }
        const before = placesOf(running, elsewhere)
        if (kind === 'history') await answered(() => service.bringIn(body, false))
        else if (kind !== 'settle') await answered(() => service.decide(body, undefined, noWait, kind === 'explain'))
        else {
          const told = answered(() => settle(body))
          // What is looked up has its place later, and here all have theirs in the order in which they come.
          if (placesOf(running, elsewhere) === before) await told
        }
      }
    }
    const told = await Promise.all(answers)
    const last = log.reading.lastSequence()
    const made = [...snapshotNow(service, last).parts()].map(({ name, chunks }) => [name, [...chunks].join()])
    const records = log.reading.next(0, last)
    return { told, records, hash: log.reading.hashAt(last), made, mostBegun: elsewhere?.mostBegun ?? 0 }
  } finally {
    await running.close()
  }
}

function placesOf({ log }: TestDecisions, elsewhere: Elsewhere | undefined): number {
  return log.nextSequence + (elsewhere?.begun ?? 0)
}

/** A rule that counts what it did, so that the order counts. */
function capped(above: number) {
  const rule = { id: 'often', when: `card_count_1h > ${above}`, then: 'review', reason: 'often', state: 'live' }
  return { kind: 'rule', rule: { ...rule, cap: { count: 3, over: '1h' } } }
}

describe('transactions that wait for scores from elsewhere', () => {
  for (const personal of [[], ['card']]) {
    test(`are decided and kept as at once, whatever comes in between (personal: ${personal.join() || 'none'})`, async () => {
      let mostBegun = 0
      await fc.assert(
        fc.asyncProperty(ops, async (all) => {
          const { mostBegun: begun, ...outcome } = await outcomeOf(all, personal, true)
          const { mostBegun: _, ...atOnce } = await outcomeOf(all, personal, false)
          assert.deepEqual(outcome, atOnce)
          mostBegun = Math.max(mostBegun, begun)
        }),
        { numRuns: examples(4), endOnFailure: true },
      )
      assert.ok(mostBegun > 4, `${mostBegun} waited`)
    })
  }
})

const random = createRandom(31)

/** Scores come after some turns, out of their order, and sometimes not at all. */
takesEachOnce('whose scores come from elsewhere', async (options) => {
  const running = await openTestDecisions(options)
  const { service } = running
  const elsewhere = new Elsewhere(running)
  const telling = setInterval(() => {
    if (random.uniform() < 0.1) elsewhere.end()
    while (elsewhere.asked.length > 0 && random.uniform() < 0.9) elsewhere.tell(random.integer(20))
  }, 1)
  const decide = service.decide.bind(service)
  let isSettling = false
  service.decide = (value, repeated, waitedMs, explain = false, order) => {
    if (order !== undefined || isSettling) return decide(value, repeated, waitedMs, explain, order)
    isSettling = true
    try {
      return new Promise((resolve, reject) =>
        service.settle(value, repeated, waitedMs, explain, (error, decision) =>
          decision === undefined ? reject(error) : resolve(decision),
        ),
      )
    } finally {
      isSettling = false
    }
  }
  const close: typeof running.close = async (how) => {
    clearInterval(telling)
    await running.close(how)
  }
  return { ...running, close }
})

test('those that wait are refused where the log fails, and are decided when sent again', async (t) => {
  const running = await openTestDecisions()
  t.after(() => running.close())
  const { service, log } = running
  await service.resume()
  const elsewhere = new Elsewhere(running)
  const settle = (id: string) => settled(service, { ID: id, TIME: startMs, AMOUNT: 10, CARD: 'c', SHOP: 's' })
  const waiting = [settle('a'), settle('b')]
  assert.equal(elsewhere.begun, 2)
  log.mistrust(new Error('a test'))
  assert.equal(elsewhere.begun, 0)
  for (const each of waiting) await assert.rejects(each, { code: 'LOG_UNAVAILABLE' })
  elsewhere.tell(0)
  while (!service.isReady) await nextTurn()
  const again = [settle('a'), settle('b')]
  elsewhere.end()
  for (const each of again) assert.equal((await each).duplicate, false)
  assert.equal(log.reading.transactionsIn(0, log.reading.lastSequence()).count, 2)
})

test('those behind one that can not be placed are refused before the log goes on', async (t) => {
  const running = await openTestDecisions()
  t.after(() => running.close())
  const { service, log, clock } = running
  clock.nowMs = startMs + 1000
  await service.resume()
  const elsewhere = new Elsewhere(running)
  const settle = (id: string) => settled(service, { ID: id, TIME: startMs, AMOUNT: 10, CARD: 'c', SHOP: 's' })
  const told = Promise.allSettled([settle('a'), settle('b')])
  Object.defineProperty(clock, 'nowMs', {
    configurable: true,
    get() {
      throw new Error('no time')
    },
  })
  elsewhere.tell(0)
  Object.defineProperty(clock, 'nowMs', { value: startMs + 1000, writable: true })
  // The log can be written again by the time that the loop goes on.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  const [first, second] = await told
  assert.match(String(first.status === 'rejected' && first.reason), /no time/)
  assert.equal(second.status === 'rejected' && second.reason.code, 'LOG_UNAVAILABLE')
  while (!service.isReady) await nextTurn()
  assert.equal(log.reading.transactionsIn(0, log.reading.lastSequence()).count, 0)
})

test('those that wait count as much as those on the way to the disk', async (t) => {
  const running = await openTestDecisions({ maxPending: 4 })
  t.after(() => running.close())
  const { service } = running
  await service.resume()
  const elsewhere = new Elsewhere(running)
  const told: unknown[] = []
  const settle = (id: string) =>
    service.settle(
      { ID: id, TIME: startMs, AMOUNT: 10, CARD: 'c', SHOP: 's' },
      undefined,
      noWait,
      false,
      (error, decision) => told.push(error ?? decision?.transactionId),
    )
  for (const id of ['a', 'b', 'c', 'd']) settle(id)
  assert.throws(() => settle('e'), { code: 'OVERLOADED' })
  // Nobody tells their scores.
  while (told.length < 4) await nextTurn()
  assert.deepEqual([told, elsewhere.begun, elsewhere.timesLate], [['a', 'b', 'c', 'd'], 0, 1])
})
