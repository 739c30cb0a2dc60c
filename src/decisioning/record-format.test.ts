import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { outcomes } from '../core/detector-schema.ts'
import { FraudError } from '../core/errors.ts'
import { degradations } from './decision.ts'
import { type LogRecord, recordKinds } from './log-record.ts'
import { ValueWriter } from './packed-values.ts'
import { decodeRecord, encodeFrame, type StoredRecord, splitFrames } from './record-format.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const whole = fc.nat(2 ** 40)
const timestampMs = fc.oneof(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.nat(2_000_000_000_000))
const fields = fc.array(fc.oneof(text, fc.double(), fc.integer(), fc.constant(undefined)), { maxLength: 12 })
const share = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0)
const row = fc.array(fc.double(), { maxLength: 30 }).map((values) => Float64Array.from(values))

const definition = fc.record(
  {
    detector: fc.jsonValue(),
    model: text,
    policy: fc.record(
      {
        version: whole,
        challenge: share,
        review: share,
        decline: share,
        whenUnavailable: fc.constantFrom(...outcomes),
        deadlineMs: whole,
      },
      { requiredKeys: ['version', 'whenUnavailable', 'deadlineMs'] },
    ),
    columns: fc.array(text),
    features: fc.array(text),
    cardKeyCheck: text,
    runtime: text,
  },
  { requiredKeys: ['detector', 'model', 'policy', 'columns', 'features', 'runtime'] },
)

const records: fc.Arbitrary<LogRecord> = fc.oneof(
  fc.record({
    kind: fc.constant('decision' as const),
    id: text,
    timestampMs,
    outcome: fc.constantFrom(...outcomes),
    score: fc.option(share),
    decidedAtMs: whole,
    definition: whole,
    degraded: fc.subarray([...degradations]),
    fields,
    row,
  }),
  fc.record({
    kind: fc.constant('history' as const),
    id: text,
    timestampMs,
    definition: whole,
    isLabelled: fc.boolean(),
    fields,
  }),
  fc.record({
    kind: fc.constant('label' as const),
    id: text,
    isFraud: fc.boolean(),
    knownAtMs: timestampMs,
    source: fc.option(text, { nil: undefined }),
    receivedAtMs: timestampMs,
    of: whole,
  }),
  definition.map((given) => ({ kind: 'definition' as const, ...given })),
  fc.record(
    { kind: fc.constant('erasure' as const), key: text, token: text, erasedAtMs: whole, by: text },
    { requiredKeys: ['kind', 'key', 'token', 'erasedAtMs'] },
  ),
  fc.record({
    kind: fc.constant('checkpoint' as const),
    prunedThrough: whole,
    hash: text,
    definitions: fc.dictionary(whole.map(String), definition),
    prunedAtMs: whole,
  }),
)

function encode(all: readonly LogRecord[], first = 1): Uint8Array {
  const to = new ValueWriter()
  all.forEach((record, i) => {
    encodeFrame(record, first + i, to)
  })
  return to.bytes.slice()
}

/** As it comes back from JSON, which knows no -0. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

function storedOf(record: LogRecord): StoredRecord {
  const [{ record: stored }] = splitFrames(encode([record]))
  return stored
}

/** Reads it, or sees it refused as the log's own damage. */
function readOrRefuse(stored: StoredRecord): void {
  try {
    decodeRecord(stored)
  } catch (error) {
    assert.ok(error instanceof FraudError && error.code === 'LOG_INVALID', String(error))
    assert.match(error.message, /^Record \d+ of the log can't be read$/)
  }
}

describe('records side by side', () => {
  test('may hold definitions with fields that another version wrote', () => {
    const known = { detector: {}, model: 'm@0', columns: [], features: [], runtime: 'node 24' }
    const policy = { version: 1, whenUnavailable: 'review' as const, deadlineMs: 100 }
    const record = { kind: 'definition' as const, ...known, policy }
    const { sequence, ...back } = decodeRecord(storedOf({ ...record, ...{ later: { more: 1 } } }))
    assert.deepEqual([sequence, back], [1, record])
  })

  test('come back as they were, with their numbers, whatever their kinds', () => {
    const property = fc.property(fc.array(records, { maxLength: 8 }), fc.nat(2 ** 45), (all, first) => {
      const read = [...splitFrames(encode(all, first))].map(({ record }) => decodeRecord(record))
      assert.equal(read.length, all.length)
      all.forEach((record, i) => {
        const { sequence, ...back } = read[i]
        const given = { ...record }
        assert.equal(sequence, first + i)
        if (record.kind === 'decision' || record.kind === 'history' || record.kind === 'label') {
          assert.deepEqual(back, given)
        } else assert.deepEqual(back, asJson(given))
      })
    })
    fc.assert(property, { numRuns: 500 })
  })

  test('show a store what may be searched for', () => {
    const property = fc.property(records, (record) => {
      const stored = storedOf(record)
      assert.equal(recordKinds[stored.kind], record.kind)
      assert.equal(stored.id, 'id' in record ? record.id : '')
      if (record.kind !== 'decision') assert.deepEqual([stored.outcome, stored.score], [0, null])
      else assert.deepEqual([outcomes[stored.outcome], stored.score], [record.outcome, record.score])
    })
    fc.assert(property)
  })

  test('have frames that are all the bytes there are, in order', () => {
    const property = fc.property(fc.array(records, { maxLength: 6 }), (all) => {
      const bytes = encode(all)
      const frames = [...splitFrames(bytes)].map(({ frame }) => Buffer.from(frame))
      assert.deepEqual(Buffer.concat(frames), Buffer.from(bytes))
    })
    fc.assert(property)
  })
})

describe('a damaged record', () => {
  test('is read as something else or refused as the log’s damage, and never hangs', () => {
    const damage = fc.record({ at: fc.nat(), by: fc.integer({ min: 1, max: 255 }) })
    const property = fc.property(records, fc.array(damage, { minLength: 1, maxLength: 4 }), (record, damages) => {
      const stored = storedOf(record)
      const body = stored.body.slice()
      for (const { at, by } of damages) if (body.length > 0) body[at % body.length] ^= by
      readOrRefuse({ ...stored, body })
    })
    fc.assert(property, { numRuns: 3000 })
  })

  test('that is cut off is refused wherever it is cut, and so is one with more behind it', () => {
    const property = fc.property(records, fc.nat(), (record, at) => {
      const stored = storedOf(record)
      const isRefused = { code: 'LOG_INVALID', message: "Record 1 of the log can't be read" }
      const cut = stored.body.subarray(0, at % stored.body.length)
      assert.throws(() => decodeRecord({ ...stored, body: cut }), isRefused)
      const longer = Buffer.concat([stored.body, Buffer.from([0])])
      assert.throws(() => decodeRecord({ ...stored, body: longer }), isRefused)
    })
    fc.assert(property, { numRuns: 500 })
  })

  test('of bytes that nobody wrote is refused, with lengths past all bounds too', () => {
    const endless = fc.constant(Uint8Array.from([...new Array(160).fill(0x80), ...new Array(40).fill(0xff)]))
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), endless)
    const property = fc.property(bytes, fc.nat(7), fc.nat(7), (body, kind, outcome) => {
      readOrRefuse({ sequence: 1, kind, outcome, id: '', timestampMs: 0, score: null, body })
      try {
        for (const { record } of splitFrames(body)) readOrRefuse(record)
      } catch (error) {
        assert.ok(error instanceof RangeError || error instanceof TypeError, String(error))
      }
    })
    fc.assert(property, { numRuns: 2000 })
  })
})
