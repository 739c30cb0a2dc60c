import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cardsDetector, startMs } from '../../test/service/decisions-fixture.ts'
import { FraudError } from '../core/errors.ts'
import { readJson } from '../core/json-text.ts'
import { ReceivedTransactionReader } from '../detector/received-transaction.ts'
import { compileDetector } from '../features/feature-set.ts'
import { decodeReading, ReaderElsewhere, wayOfReading } from './read-elsewhere.ts'

const mostNames = 1000

function open(changed: Parameters<typeof cardsDetector>[1] = {}, isStrict = false, nowMs = startMs) {
  const detector = cardsDetector({}, changed)
  const { layout } = compileDetector(detector)
  const concealment = { hashCardNumber: () => 'hash', token: () => 'token' }
  const reader = new ReceivedTransactionReader(detector, layout, concealment, () => nowMs, isStrict)
  const way = wayOfReading(detector, layout, isStrict)
  const elsewhere = way && new ReaderElsewhere(structuredClone(way), mostNames, () => startMs)
  return { reader, elsewhere }
}

const text = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 200 }), fc.constant(''))
const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-0, 0.1, 12.34, 1e12, 2 ** 53, 4111111111111111))
const value = fc.oneof(text, number, fc.constantFrom(null, true, [], {}))
const mostly = (usual: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: value })
const purchase = fc.record(
  {
    ID: mostly(fc.uuid()),
    TIME: mostly(fc.integer({ min: startMs - 1e9, max: startMs })),
    AMOUNT: mostly(fc.integer({ min: -1e6, max: 1e6 })),
    ...{ CARD: mostly(fc.oneof(fc.uuid(), fc.nat())), SHOP: mostly(fc.string()), NOTE: mostly(number) },
  },
  { requiredKeys: ['ID', 'TIME'] },
)
const others = fc.option(fc.record({ OTHER: value, CARDS: value }, { requiredKeys: [] }), { freq: 3 })

for (const [what, changed, isStrict] of [
  ['what it declares', {}, false],
  ['no undeclared field', {}, true],
  ['all fields', { keep: 'all' }, false],
] as const) {
  test(`a transaction read elsewhere is the one that is read here: ${what}`, () => {
    const { reader, elsewhere } = open(changed, isStrict)
    assert.ok(elsewhere !== undefined)
    let taken = 0
    fc.assert(
      fc.property(purchase, others, (declared, undeclared) => {
        const body = Buffer.from(JSON.stringify({ ...declared, ...undeclared }))
        const reading = elsewhere.read(body)
        const read = () => {
          const { value, repeated } = readJson(body, 'body', mostNames)
          return reader.read(value, repeated)
        }
        if (reading === undefined) assert.throws(read, FraudError)
        else {
          assert.deepEqual(reader.take(decodeReading(reading)), read())
          taken += 1
        }
      }),
      { numRuns: 500 },
    )
    assert.ok(taken > 50, `${taken} were taken`)
  })
}

test('what is no transaction is left to who says why', () => {
  const { elsewhere } = open()
  for (const body of ['', '{', '[]', '{"ID":"a","ID":"b"}', '{"ID":"a"}'])
    assert.equal(elsewhere?.read(Buffer.from(body)), undefined)
  assert.equal(elsewhere?.read(Buffer.from([0x7b, 0xff, 0x7d])), undefined)
})

test("a time that is ahead of the receiver's own clock is for it to refuse", () => {
  const { reader, elsewhere } = open({}, false, startMs - 3 * 366 * 86_400_000)
  const reading = elsewhere?.read(Buffer.from(JSON.stringify({ ID: 'a', TIME: startMs, AMOUNT: 1 })))
  assert.ok(reading !== undefined)
  assert.equal(reader.take(decodeReading(reading)), undefined)
})

test('persons and card numbers are only read where their secrets are', () => {
  assert.equal(open({ personal: ['card'] }).elsewhere, undefined)
  assert.equal(open({ hashCardNumber: ['CARD'] }).elsewhere, undefined)
})
