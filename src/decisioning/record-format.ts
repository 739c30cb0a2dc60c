import type { FieldValue } from '../core/declared-fields.ts'
import { type Outcome, outcomes } from '../core/detector-schema.ts'
import { FraudError } from '../core/errors.ts'
import { z } from '../core/zod.ts'
import { degradations } from './decision.ts'
import { type Contribution, contributionScales, type LogRecord, recordKinds } from './log-record.ts'
import { ValueReader, ValueWriter } from './packed-values.ts'

/** A record as a store keeps it: what may be searched for, and the rest in one piece. */
export interface StoredRecord {
  readonly sequence: number
  /** A position in `recordKinds`. */
  readonly kind: number
  /** Of the transaction; empty where the record is of none. */
  readonly id: string
  readonly timestampMs: number
  /** A position in `outcomes`; 0 where there is none. */
  readonly outcome: number
  readonly score: number | null
  readonly body: Uint8Array
}

const noScore = Number.NaN
const scratch = new ValueWriter()

/**
 * Appends a record to `to`, framed: what is hashed, and what travels to whoever writes it. Numbers are little-endian.
 */
export function encodeFrame(record: LogRecord, sequence: number, to: ValueWriter): void {
  scratch.clear()
  writeBody(record, scratch)
  const isTransaction = record.kind === 'decision' || record.kind === 'history'
  writeFrame(
    {
      sequence,
      kind: recordKinds.indexOf(record.kind),
      id: 'id' in record ? record.id : '',
      timestampMs: isTransaction ? record.timestampMs : 0,
      outcome: record.kind === 'decision' ? outcomes.indexOf(record.outcome) : 0,
      score: record.kind === 'decision' ? record.score : null,
      body: scratch.bytes,
    },
    to,
  )
}

export function writeFrame(
  { sequence, kind, id, timestampMs, outcome, score, body }: StoredRecord,
  to: ValueWriter,
): void {
  to.whole(sequence)
  to.byte(kind)
  to.byte(outcome)
  to.double(timestampMs)
  to.double(score ?? noScore)
  to.text(id)
  to.whole(body.length)
  to.raw(body)
}

/** Frames that were written side by side, each with its record; views of the bytes. */
export function* splitFrames(
  bytes: Uint8Array,
): Generator<{ readonly frame: Uint8Array; readonly record: StoredRecord }> {
  const reader = new ValueReader(bytes)
  while (!reader.isAtEnd) {
    const start = reader.position
    const sequence = reader.whole()
    const kind = reader.byte()
    const outcome = reader.byte()
    const timestampMs = reader.double()
    const score = reader.double()
    const id = reader.text()
    const body = reader.raw(reader.whole())
    const record = { sequence, kind, outcome, timestampMs, score: Number.isNaN(score) ? null : score, id, body }
    yield { frame: bytes.subarray(start, reader.position), record }
  }
}

function writeBody(record: LogRecord, to: ValueWriter): void {
  switch (record.kind) {
    case 'decision':
      to.whole(record.definition)
      to.whole(record.decidedAtMs)
      // A variable-length number: below 128 it is the one byte that older logs hold.
      to.whole(record.degraded.reduce((bits, name) => bits | (1 << degradations.indexOf(name)), 0))
      writeValues(record.fields, to)
      to.whole(record.row.length)
      for (const value of record.row) to.number(value)
      // Nothing at all where there are none: most are approved.
      for (const { feature, value } of record.contributions ?? []) {
        to.whole(feature)
        to.number(value)
      }
      break
    case 'history':
      to.whole(record.definition)
      to.byte(record.isLabelled ? 1 : 0)
      writeValues(record.fields, to)
      break
    case 'label':
      to.byte(record.isFraud ? 1 : 0)
      to.number(record.knownAtMs)
      to.value(record.source)
      to.number(record.receivedAtMs)
      to.whole(record.of)
      break
    default: {
      const { kind, ...content } = record
      to.text(JSON.stringify(content))
    }
  }
}

function writeValues(values: readonly FieldValue[], to: ValueWriter): void {
  to.whole(values.length)
  for (const value of values) to.value(value)
}

/** @throws FraudError LOG_INVALID where the record can't be read. */
export function decodeRecord(stored: StoredRecord): LogRecord & { readonly sequence: number } {
  try {
    const reader = new ValueReader(stored.body)
    const record = readBody(stored, reader)
    if (!reader.isAtEnd) throw new RangeError('bytes are left over')
    return record
  } catch (cause) {
    throw new FraudError('LOG_INVALID', `Record ${stored.sequence} of the log can't be read`, { cause })
  }
}

function readBody(stored: StoredRecord, from: ValueReader): LogRecord & { readonly sequence: number } {
  const { sequence, id, timestampMs, score } = stored
  const kind = recordKinds[stored.kind]
  switch (kind) {
    case 'decision': {
      const definition = from.whole()
      const decidedAtMs = from.whole()
      const bits = from.whole()
      const degraded = degradations.filter((_, bit) => (bits & (1 << bit)) !== 0)
      const outcome = readOutcome(stored.outcome)
      const fields = readValues(from)
      const row = readRow(from)
      const decision = {
        kind,
        sequence,
        id,
        timestampMs,
        outcome,
        score,
        decidedAtMs,
        definition,
        degraded,
        fields,
        row,
      }
      const contributions = readContributions(from, row.length)
      return contributions.length === 0 ? decision : { ...decision, contributions }
    }
    case 'history':
      return {
        kind,
        sequence,
        id,
        timestampMs,
        definition: from.whole(),
        isLabelled: from.byte() === 1,
        fields: readValues(from),
      }
    case 'label': {
      const isFraud = from.byte() === 1
      const knownAtMs = from.number()
      const source = from.value()
      const receivedAtMs = from.number()
      const of = from.whole()
      return { kind, sequence, id, isFraud, knownAtMs, source: source?.toString(), receivedAtMs, of }
    }
    case 'definition':
      return { kind, sequence, ...definitionSchema.parse(JSON.parse(from.text())) }
    case 'erasure':
      return { kind, sequence, ...erasureSchema.parse(JSON.parse(from.text())) }
    case 'checkpoint':
      return { kind, sequence, ...checkpointSchema.parse(JSON.parse(from.text())) }
    default:
      throw new RangeError(`there is no kind ${stored.kind}`)
  }
}

function readOutcome(position: number): Outcome {
  const outcome = outcomes[position]
  if (outcome === undefined) throw new RangeError(`there is no outcome ${position}`)
  return outcome
}

function readValues(from: ValueReader): FieldValue[] {
  const values: FieldValue[] = []
  for (let left = from.whole(); left > 0; left--) values.push(from.value())
  return values
}

function readRow(from: ValueReader): Float64Array {
  const row = new Float64Array(checkLength(from.whole()))
  for (let i = 0; i < row.length; i++) row[i] = from.number()
  return row
}

/** Up to the end. */
function readContributions(from: ValueReader, features: number): Contribution[] {
  const contributions: Contribution[] = []
  while (!from.isAtEnd) {
    const feature = from.whole()
    if (feature >= features) throw new RangeError(`there is no feature ${feature}`)
    contributions.push({ feature, value: from.number() })
  }
  return contributions
}

function checkLength(length: number): number {
  if (length > 100_000) throw new RangeError(`a row of ${length} values`)
  return length
}

const threshold = z.number().exactOptional()
const definitionSchema = z.object({
  detector: z.unknown(),
  model: z.string(),
  policy: z.object({
    version: z.number(),
    challenge: threshold,
    review: threshold,
    decline: threshold,
    whenUnavailable: z.enum(outcomes),
    deadlineMs: z.number(),
  }),
  columns: z.array(z.string()),
  features: z.array(z.string()),
  contributionScale: z.enum(contributionScales).exactOptional(),
  categories: z.record(z.string(), z.array(z.string())).exactOptional(),
  cardKeyCheck: z.string().exactOptional(),
  personMacsFrom: z.number().exactOptional(),
  runtime: z.string(),
})

const erasureSchema = z.object({
  key: z.string(),
  token: z.string(),
  erasedAtMs: z.number(),
  by: z.string().exactOptional(),
})

const checkpointSchema = z.object({
  prunedThrough: z.number(),
  hash: z.string(),
  definitions: z.record(z.string(), definitionSchema),
  prunedAtMs: z.number(),
})
