import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { examples } from '../../test/examples.ts'
import { FraudError } from '../core/errors.ts'
import { degradations } from '../decisioning/decision.ts'
import { opinionSources, strengths } from '../decisioning/opinion.ts'
import { hitStates } from '../decisioning/policy-trace.ts'
import { outcomes } from '../detector/detector-schema.ts'
import { changeLimits } from './change-format.ts'
import { DecisionReader } from './decision-reader.ts'
import { type StoredRecord, splitFrames } from './frames.ts'
import {
  changeKinds,
  type DecisionRecord,
  type Definition,
  type LabelRecord,
  type LogRecord,
  type RecordFormat,
  recordFormat,
  recordKinds,
} from './log-record.ts'
import { ValueReader, ValueWriter } from './packed-values.ts'
import { decodeRecord, encodeFrame } from './record-format.ts'
import { sectionNames } from './record-sections.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const whole = fc.nat(2 ** 40)
const timestampMs = fc.oneof(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.nat(2_000_000_000_000))
const fields = fc.array(fc.oneof(text, fc.double(), fc.integer(), fc.constant(undefined)), { maxLength: 12 })
const share = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0)
const row = fc.array(fc.double(), { maxLength: 30 }).map((values) => Float64Array.from(values))

/** Each record of these tests rests on a definition of its own, so its format is given with it. */
const formatted =
  (format: RecordFormat = recordFormat) =>
  (stored: StoredRecord) =>
    decodeRecord(stored, () => format)
const decode = formatted()

const contributions = fc.array(
  fc.tuple(fc.nat(4), fc.double()).map(([feature, value]) => ({ feature, value })),
  { minLength: 1, maxLength: 4 },
)

const definition: fc.Arbitrary<Definition> = fc.record(
  {
    format: fc.constantFrom(1 as const, recordFormat),
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
  { requiredKeys: ['format', 'detector', 'model', 'policy', 'columns', 'features', 'runtime'] },
)

const plainDecisions: fc.Arbitrary<DecisionRecord> = fc.record({
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
})
const said = fc.record({
  id: text,
  outcome: fc.constantFrom(...outcomes),
  strength: fc.constantFrom(...strengths),
  reason: fc.record({ code: text, text }, { noNullPrototype: true }),
})
const trace: fc.Arbitrary<NonNullable<DecisionRecord['policy']>> = fc.record(
  {
    version: whole,
    opinion: fc.tuple(said, fc.constantFrom(...opinionSources)).map(([each, source]) => ({ source, ...each })),
    rules: fc.array(
      fc
        .tuple(said, fc.constantFrom(...hitStates), fc.constantFrom('tag' as const, ...outcomes), fc.array(text))
        .map(([each, state, outcome, tags]) => ({ ...each, state, outcome, tags })),
      { minLength: 1, maxLength: 3 },
    ),
    lists: fc.array(
      fc.tuple(said, whole).map(([each, entry]) => ({ entry, ...each })),
      { minLength: 1, maxLength: 3 },
    ),
    control: fc.record({ wouldBe: fc.constantFrom(...outcomes), propensity: share }, { noNullPrototype: true }),
    fuses: fc.record({ settled: fc.constantFrom(...outcomes), tripped: fc.array(text) }, { noNullPrototype: true }),
  },
  { requiredKeys: ['version'], noNullPrototype: true },
)
const tracedDecisions = fc.tuple(plainDecisions, trace).map(([decision, policy]) => ({ ...decision, policy }))
const explainedDecisions = fc
  .tuple(plainDecisions, fc.array(fc.double(), { minLength: 5, maxLength: 30 }), contributions)
  .map(([decision, values, given]) => ({ ...decision, row: Float64Array.from(values), contributions: given }))

const transactionsAndLabels = fc.oneof(
  plainDecisions,
  explainedDecisions,
  tracedDecisions,
  fc.tuple(explainedDecisions, trace).map(([decision, policy]) => ({ ...decision, policy })),
  fc.record({
    kind: fc.constant('history' as const),
    id: text,
    timestampMs,
    definition: whole,
    isLabelled: fc.boolean(),
    fields,
  }),
  fc.record(
    {
      kind: fc.constant('label' as const),
      id: text,
      isFraud: fc.boolean(),
      knownAtMs: timestampMs,
      source: fc.option(text, { nil: undefined }),
      receivedAtMs: timestampMs,
      of: whole,
      by: text,
    },
    { requiredKeys: ['kind', 'id', 'isFraud', 'knownAtMs', 'source', 'receivedAtMs', 'of'] },
  ),
)

const records: fc.Arbitrary<LogRecord> = fc.oneof(
  { weight: 4, arbitrary: transactionsAndLabels },
  definition.map((given) => ({ kind: 'definition' as const, ...given })),
  fc.record(
    { kind: fc.constant('erasure' as const), key: text, token: text, erasedAtMs: whole, by: text },
    { requiredKeys: ['kind', 'key', 'token', 'erasedAtMs'] },
  ),
  fc.record(
    {
      kind: fc.constant('checkpoint' as const),
      prunedThrough: whole,
      hash: text,
      definitions: fc.dictionary(whole.map(String), definition),
      carried: fc.dictionary(
        fc.stringMatching(/^[a-z-]+$/),
        fc.record(
          { version: fc.integer({ min: 1 }), state: fc.base64String(), isDeflated: fc.constant(true as const) },
          { requiredKeys: ['version', 'state'] },
        ),
      ),
      prunedAtMs: whole,
    },
    { requiredKeys: ['kind', 'prunedThrough', 'hash', 'definitions', 'prunedAtMs'] },
  ),
  fc.record(
    {
      kind: fc.constantFrom(...changeKinds),
      by: text,
      why: text,
      atMs: whole,
      change: fc.dictionary(text, fc.jsonValue()).map((change) => JSON.parse(JSON.stringify(change))),
      tokens: fc.array(text),
    },
    { requiredKeys: ['kind', 'by', 'why', 'atMs', 'change'] },
  ),
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

const isRefused = { code: 'LOG_INVALID', message: "Record 1 of the log can't be read" }

function withoutSections({ contributions: _, policy, ...record }: DecisionRecord): DecisionRecord {
  return record
}

function withoutAuthor({ by: _, ...record }: LabelRecord): LabelRecord {
  return record
}

/** Where a record's sections begin. */
function sectionStarts(record: LogRecord, body: Uint8Array): readonly number[] {
  if (record.kind !== 'decision' && record.kind !== 'label') return []
  const plain = record.kind === 'decision' ? withoutSections(record) : withoutAuthor(record)
  const reader = new ValueReader(body)
  reader.raw(storedOf(plain).body.length)
  const starts: number[] = []
  while (!reader.isAtEnd) {
    starts.push(reader.position)
    reader.whole()
    reader.raw(reader.whole())
  }
  return starts
}

/** Reads it, or sees it refused as the log's own damage. */
function readOrRefuse(stored: StoredRecord): void {
  try {
    decode(stored)
  } catch (error) {
    assert.ok(error instanceof FraudError, String(error))
    if (error.code === 'LOG_TOO_NEW')
      assert.match(error.message, /^Record \d+ of the log is .*: a newer Shrike wrote it$/)
    else
      assert.deepEqual(
        [error.code, error.message],
        ['LOG_INVALID', `Record ${stored.sequence} of the log can't be read`],
      )
  }
}

describe('records side by side', () => {
  test('come back as they were, with their numbers, whatever their kinds', () => {
    const property = fc.property(fc.array(records, { maxLength: 8 }), fc.nat(2 ** 45), (all, first) => {
      const read = [...splitFrames(encode(all, first))].map(({ record }) => decode(record))
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
    fc.assert(property, { numRuns: examples(100) })
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

describe('a decision of a log whose definition has no format', () => {
  test('holds its contributions up to the end, and comes back as it was', () => {
    const property = fc.property(explainedDecisions, (record) => {
      const stored = storedOf(withoutSections(record))
      const pairs = new ValueWriter()
      for (const { feature, value } of record.contributions) {
        pairs.whole(feature)
        pairs.number(value)
      }
      const body = Buffer.concat([stored.body, pairs.bytes])
      assert.deepEqual(formatted(1)({ ...stored, body }), { ...record, sequence: 1 })
    })
    fc.assert(property, { numRuns: examples(100) })
  })

  test('is otherwise the same bytes', () => {
    const property = fc.property(plainDecisions, (record) => {
      assert.deepEqual(formatted(1)(storedOf(record)), { ...record, sequence: 1 })
    })
    fc.assert(property)
  })
})

/** A section as a version that knows it would write it. */
function futureSection(number: number, content: Uint8Array): Uint8Array {
  const to = new ValueWriter()
  to.whole(number)
  to.whole(content.length)
  to.raw(content)
  return to.bytes.slice()
}

describe('a record of a newer version', () => {
  const read = sectionNames.filter((name) => name !== 'scores').map((name) => sectionNames.indexOf(name) + 1)
  const number = fc
    .oneof(
      fc.integer({ min: 2, max: 12 }),
      fc.nat(2 ** 40).map((more) => more + 2),
    )
    .filter((each) => !read.includes(each))
  const sections = fc.uniqueArray(fc.tuple(number, fc.uint8Array({ maxLength: 200 })), {
    minLength: 1,
    maxLength: 4,
    selector: ([each]) => each,
  })

  test('with sections of the future is read without them, and says so', () => {
    const property = fc.property(transactionsAndLabels, sections, (record, added) => {
      const stored = storedOf(record)
      const body = Buffer.concat([stored.body, ...added.map(([each, content]) => futureSection(each, content))])
      const unread = added.map(([each]) => sectionNames[each - 1] ?? `section ${each}`)
      assert.deepEqual(decode({ ...stored, body }), { ...record, sequence: 1, unread })
    })
    fc.assert(property, { numRuns: examples(100) })
  })

  test('with such a section before those that are known is read just so', () => {
    const property = fc.property(explainedDecisions, sections, (record, added) => {
      const stored = storedOf(record)
      const { length } = storedOf(withoutSections(record)).body
      const future = added.map(([each, content]) => futureSection(each, content))
      const body = Buffer.concat([stored.body.subarray(0, length), ...future, stored.body.subarray(length)])
      const { unread, ...back } = { unread: undefined, ...decode({ ...stored, body }) }
      assert.deepEqual(back, { ...record, sequence: 1 })
      assert.equal(unread?.length, added.length)
    })
    fc.assert(property, { numRuns: examples(60) })
  })

  test('with a section twice is refused', () => {
    const property = fc.property(transactionsAndLabels, number, (record, each) => {
      const stored = storedOf(record)
      const twice = [futureSection(each, new Uint8Array()), futureSection(each, Uint8Array.of(1))]
      assert.throws(() => decode({ ...stored, body: Buffer.concat([stored.body, ...twice]) }), isRefused)
    })
    fc.assert(property)
  })

  test('degraded in ways that came later keeps those that are known, past 32 of them, too', () => {
    const later = fc.uniqueArray(fc.integer({ min: degradations.length, max: 52 }), { minLength: 1 })
    const property = fc.property(plainDecisions, later, (record, bits) => {
      const to = new ValueWriter()
      to.whole(record.definition)
      to.whole(record.decidedAtMs)
      const head = to.length
      const own = record.degraded.reduce((sum, name) => sum + 2 ** degradations.indexOf(name), 0)
      to.whole(own)
      const rest = storedOf(record).body.subarray(to.length)
      const changed = new ValueWriter()
      changed.raw(to.bytes.subarray(0, head))
      changed.whole(bits.reduce((sum, bit) => sum + 2 ** bit, own))
      changed.raw(rest)
      const unread = bits.toSorted((one, other) => one - other).map((bit) => `degradation ${bit}`)
      assert.deepEqual(decode({ ...storedOf(record), body: changed.bytes }), { ...record, sequence: 1, unread })
    })
    fc.assert(property)
  })

  const known = { detector: {}, model: 'm@0', columns: [], features: [], runtime: 'node 24' }
  const policy = { version: 1, whenUnavailable: 'review' as const, deadlineMs: 100 }
  const definitionRecord = { kind: 'definition' as const, format: 2 as const, ...known, policy }
  const ofText = (kind: (typeof recordKinds)[number], content: unknown): StoredRecord => {
    const to = new ValueWriter()
    to.text(JSON.stringify(content))
    return {
      sequence: 1,
      kind: recordKinds.indexOf(kind),
      outcome: 0,
      id: '',
      timestampMs: 0,
      score: null,
      body: to.bytes.slice(),
    }
  }

  test('that is a definition keeps the fields that only the newer one knows', () => {
    const later = { ...definitionRecord, policy: { ...policy, fuses: [] }, later: { more: 1 } }
    assert.deepEqual(decode(storedOf(later)), { ...later, sequence: 1 })
  })

  test('that is an erasure with more fields says what it skipped', () => {
    const erasure = { key: 'card', token: 't', erasedAtMs: 1 }
    assert.deepEqual(decode(ofText('erasure', { ...erasure, by: 'ann', why: 'asked' })), {
      ...{ kind: 'erasure', sequence: 1, ...erasure, by: 'ann' },
      unread: ['why'],
    })
  })

  test('is refused where what it holds can not be skipped', () => {
    const checkpoint = { prunedThrough: 1, hash: '00', definitions: {}, prunedAtMs: 1 }
    const stored = storedOf({ ...withSomeRow, kind: 'decision' })
    const newer = [
      ofText('definition', { format: 3, definition: 'anything' }),
      ofText('checkpoint', { ...checkpoint, definitions: { 1: { format: 3 } } }),
      ofText('checkpoint', { ...checkpoint, lists: {} }),
      { ...stored, kind: recordKinds.length },
      { ...stored, outcome: outcomes.length },
    ]
    for (const each of newer) assert.throws(() => decode(each), { code: 'LOG_TOO_NEW' })
  })

  test('of a format with sections is refused by versions that know of no formats: its fields are one level down', () => {
    const written = JSON.parse(Buffer.from(storedOf(definitionRecord).body.subarray(2)).toString())
    assert.deepEqual(Object.keys(written), ['format', 'definition'])
    const checkpoint = { prunedThrough: 1, hash: '00', definitions: { 1: definitionRecord }, prunedAtMs: 1 }
    const text = Buffer.from(storedOf({ kind: 'checkpoint', ...checkpoint }).body.subarray(2)).toString()
    assert.deepEqual(Object.keys(JSON.parse(text).definitions[1]), ['format', 'definition'])
  })
})

const withSomeRow = {
  id: 't-1',
  timestampMs: 0,
  outcome: 'approve' as const,
  score: 0.5,
  decidedAtMs: 0,
  definition: 1,
  degraded: [],
  fields: [],
  row: Float64Array.of(1),
}

describe('what a policy did to a decision', () => {
  const traced = (policy: DecisionRecord['policy'] & {}) => storedOf({ ...withSomeRow, kind: 'decision', policy })
  const reason = { code: 'rule', text: 'words' }
  const rule = { id: 'r', state: 'live', outcome: 'decline', strength: 'final', reason, tags: [] } as const

  test('takes no byte where there was none, and 3 where only its version is told', () => {
    const plain = storedOf({ ...withSomeRow, kind: 'decision' }).body.length
    assert.equal(traced({ version: 7 }).body.length, plain + 3)
  })

  test('is skipped in part where a list has grown since', () => {
    const { body, ...stored } = traced({ version: 7, rules: [rule], control: { wouldBe: 'decline', propensity: 0.5 } })
    const at = Buffer.from(body).indexOf(Buffer.from([1, 'r'.charCodeAt(0)])) + 2
    for (const [behind, position] of [
      [0, hitStates.length],
      [1, outcomes.length + 1],
      [2, strengths.length],
    ]) {
      const later = body.slice()
      later[at + behind] = position
      const read = decode({ ...stored, body: later })
      assert.ok(read.kind === 'decision')
      assert.deepEqual(read.unread, ['rules'])
      assert.deepEqual(read.policy, { version: 7, control: { wouldBe: 'decline', propensity: 0.5 } })
    }
  })

  test('is refused where it is there without its version', () => {
    const { body, ...stored } = traced({ version: 7, rules: [rule] })
    const { length } = storedOf({ ...withSomeRow, kind: 'decision' }).body
    const without = Buffer.concat([body.subarray(0, length), body.subarray(length + 3)])
    assert.throws(() => decode({ ...stored, body: without }), isRefused)
  })
})

describe('a change', () => {
  const change = { kind: 'rule', by: 'user:ann', why: 'tests', atMs: 1, change: { id: 'r' } } as const

  test('over a limit is refused before it is written, and the field is named', () => {
    const { byCharacters, whyCharacters, tokens, bytes } = changeLimits
    for (const [field, more] of [
      ['by', { by: 'x'.repeat(byCharacters + 1) }],
      ['why', { why: 'x'.repeat(whyCharacters + 1) }],
      ['tokens', { tokens: Array.from({ length: tokens + 1 }, () => 't') }],
      ['change', { change: { text: 'x'.repeat(bytes) } }],
    ] as const) {
      const to = new ValueWriter()
      assert.throws(
        () => encodeFrame({ ...change, ...more }, 1, to),
        (error) => error instanceof FraudError && error.code === 'INPUT_INVALID' && error.errors[0].field === field,
      )
      assert.equal(to.length, 0)
    }
    storedOf({ ...change, by: 'x'.repeat(byCharacters), why: 'x'.repeat(whyCharacters) })
  })

  test('with fields of the future is read without them, and says so; what it changes is kept whole', () => {
    const to = new ValueWriter()
    const { kind, ...content } = change
    to.text(JSON.stringify({ ...content, change: { id: 'r', later: [1] }, ticket: 'R-17' }))
    const stored = { ...storedOf(change), body: to.bytes.slice() }
    const read = { ...change, change: { id: 'r', later: [1] }, sequence: 1, unread: ['ticket'] }
    assert.deepEqual(decode(stored), read)
  })

  test('is of a kind that the versions before it refuse in plain words', () => {
    for (const kind of changeKinds) assert.ok(recordKinds.indexOf(kind) > recordKinds.indexOf('checkpoint'))
    const later = { ...storedOf(change), kind: recordKinds.length }
    assert.throws(() => decode(later), {
      code: 'LOG_TOO_NEW',
      message: `Record 1 of the log is of kind ${recordKinds.length}, which this version does not know: a newer Shrike wrote it`,
    })
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
    fc.assert(property, { numRuns: examples(500) })
  })

  test('that is cut off is refused wherever it is cut, but where a section would begin', () => {
    const property = fc.property(records, fc.nat(), (record, at) => {
      const stored = storedOf(record)
      const cut = at % stored.body.length
      const isWhole = sectionStarts(record, stored.body).includes(cut)
      if (!isWhole) assert.throws(() => decode({ ...stored, body: stored.body.subarray(0, cut) }), isRefused)
    })
    fc.assert(property, { numRuns: examples(100) })
  })

  test('with more behind it that is not a section is refused', () => {
    const isSection = (bytes: Uint8Array) => bytes[0] > 0 && bytes.length === 2 + bytes[1]
    const tail = fc.uint8Array({ minLength: 1, maxLength: 3, max: 127 }).filter((bytes) => !isSection(bytes))
    const property = fc.property(records, tail, (record, bytes) => {
      const stored = storedOf(record)
      assert.throws(() => decode({ ...stored, body: Buffer.concat([stored.body, bytes]) }), isRefused)
    })
    fc.assert(property, { numRuns: examples(100) })
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
    fc.assert(property, { numRuns: examples(400) })
  })
})

test('a decision that is lent says what its record does', () => {
  const decisions = fc.oneof(plainDecisions, explainedDecisions, tracedDecisions)
  fc.assert(
    fc.property(decisions, fc.constantFrom(1 as const, recordFormat), (record, format) => {
      // In format 1 there were no traces.
      fc.pre(format !== 1 || record.policy === undefined)
      const [{ record: stored }] = splitFrames(encode([record]))
      const whole = decodeRecord(stored, () => format)
      assert.ok(whole.kind === 'decision')
      const { wouldBe, propensity, featuresFailed, ...lent } = new DecisionReader(() => format).read(stored)
      const { kind, degraded, contributions, policy, ...rest } = whole
      assert.deepEqual(lent, rest)
      assert.equal(featuresFailed, degraded.includes('features-failed'))
      const { control = { wouldBe: record.outcome, propensity: Number.NaN } } = policy ?? {}
      assert.deepEqual({ wouldBe, propensity }, control)
    }),
  )
})
