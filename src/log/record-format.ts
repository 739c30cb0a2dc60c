import { FraudError } from '../core/errors.ts'
import { z } from '../core/zod.ts'
import type { Contribution } from '../decisioning/contribution.ts'
import { type Degradation, degradations } from '../decisioning/decision.ts'
import { type Outcome, outcomes } from '../detector/detector-schema.ts'
import type { FieldValue } from '../detector/field-value.ts'
import { changeFromText, changeToText } from './change-format.ts'
import { checkpointFromJson, checkpointToJson } from './checkpoint-format.ts'
import { definitionFromJson, definitionToJson, UnknownFormat } from './definition-format.ts'
import { type StoredRecord, writeFrame } from './frames.ts'
import {
  type ChangeRecord,
  type DecisionRecord,
  type HistoryRecord,
  type LabelRecord,
  type LogRecord,
  type RecordFormat,
  recordKinds,
  type ScoresRecord,
  type Sequenced,
} from './log-record.ts'
import { ValueReader, ValueWriter } from './packed-values.ts'
import { type TraceSoFar, traceOf, traceReaders, writeTrace } from './policy-sections.ts'
import { openSection, readSections, type SectionReaders } from './record-sections.ts'

const scratch = new ValueWriter()

/** Appends a record to `to`, framed. */
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

function writeBody(record: LogRecord, to: ValueWriter): void {
  switch (record.kind) {
    case 'decision':
      writeDecision(record, to)
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
      if (record.by !== undefined) writeAuthor(record.by, to)
      break
    case 'rule':
    case 'list':
    case 'policy':
    case 'deployment':
    case 'case':
    case 'alert':
      to.text(changeToText(record))
      break
    case 'scores':
      writeScores(record, to)
      break
    default:
      to.text(JSON.stringify(jsonOf(record)))
  }
}

function writeAuthor(by: string, to: ValueWriter): void {
  const section = openSection('by', to)
  to.text(by)
  to.close(section)
}

function writeDecision(record: DecisionRecord, to: ValueWriter): void {
  to.whole(record.definition)
  to.whole(record.decidedAtMs)
  // Powers and sums, since shifts know 32 bits only.
  to.whole(record.degraded.reduce((bits, name) => bits + 2 ** degradations.indexOf(name), 0))
  writeValues(record.fields, to)
  to.whole(record.row.length)
  for (const value of record.row) to.number(value)
  const { contributions = [] } = record
  // Nothing at all where there are none: most are approved.
  if (contributions.length > 0) {
    const section = openSection('contributions', to)
    writeContributions(contributions, to)
    to.close(section)
  }
  if (record.policy !== undefined) writeTrace(record.policy, to)
  const { model } = record
  if (model !== undefined) {
    const section = openSection('model', to)
    to.text(model)
    to.close(section)
  }
}

/** Numbers of decisions are near each other, so each is told by its distance from the one before. */
function writeScores({ model, scores }: ScoresRecord, to: ValueWriter): void {
  to.text(model)
  to.whole(scores.length)
  let before = 0
  for (const { of, score } of scores) {
    to.whole(of - before)
    to.number(score)
    before = of
  }
}

function readScores({ sequence }: StoredRecord, from: ValueReader): Sequenced<ScoresRecord> {
  const model = from.text()
  const scores: ScoresRecord['scores'][number][] = []
  let of = 0
  for (let left = checkLength(from.whole()); left > 0; left--) {
    of += from.whole()
    scores.push({ of, score: from.number() })
  }
  return { kind: 'scores', sequence, model, scores, ...readUnknown(from) }
}

function writeContributions(contributions: readonly Contribution[], to: ValueWriter): void {
  for (const { feature, value } of contributions) {
    to.whole(feature)
    to.number(value)
  }
}

function jsonOf(
  record: Exclude<LogRecord, DecisionRecord | HistoryRecord | LabelRecord | ChangeRecord | ScoresRecord>,
): unknown {
  const { kind, ...content } = record
  switch (record.kind) {
    case 'definition': {
      const { kind, ...definition } = record
      return definitionToJson(definition)
    }
    case 'checkpoint':
      return checkpointToJson(record)
    case 'label-withdrawn': {
      // The row has the id.
      const { kind, id, ...withdrawn } = record
      return withdrawn
    }
    case 'erasure':
      return content
  }
}

function writeValues(values: readonly FieldValue[], to: ValueWriter): void {
  to.whole(values.length)
  for (const value of values) to.value(value)
}

/** Finds the record format of the definition with a number. */
export type FormatOf = (definition: number) => RecordFormat

/**
 * Reads a record. A decision is of the format that its definition names: in format 1 its contributions go up to the
 * end, in format 2 they are a section. Sections may follow a history's and a label's values, too: nothing ever did
 * before.
 *
 * @throws FraudError LOG_INVALID where the record can't be read, LOG_TOO_NEW where only a newer version can.
 */
export function decodeRecord(stored: StoredRecord, formatOf: FormatOf): Sequenced {
  try {
    const reader = new ValueReader(stored.body)
    const record = readBody(stored, reader, formatOf)
    if (!reader.isAtEnd) throw new RangeError('bytes are left over')
    return record
  } catch (cause) {
    if (cause instanceof FraudError) throw cause
    if (cause instanceof UnknownFormat) {
      const message = `Record ${stored.sequence} of the log is ${cause.message}: a newer Shrike wrote it`
      throw new FraudError('LOG_TOO_NEW', message, { cause })
    }
    throw new FraudError('LOG_INVALID', `Record ${stored.sequence} of the log can't be read`, { cause })
  }
}

function readBody(stored: StoredRecord, from: ValueReader, formatOf: FormatOf): Sequenced {
  const { sequence } = stored
  const kind = recordKinds[stored.kind]
  switch (kind) {
    case 'decision':
      return readDecision(stored, from, formatOf)
    case 'history':
      return readHistory(stored, from)
    case 'label':
      return readLabel(stored, from)
    case 'definition':
      return { ...definitionFromJson(JSON.parse(from.text())), kind, sequence }
    case 'erasure': {
      const json: object = JSON.parse(from.text())
      const erasure = erasureSchema.parse(json)
      const others = Object.keys(json).filter((name) => !(name in erasure))
      return { kind, sequence, ...erasure, ...unreadOf(others) }
    }
    case 'label-withdrawn': {
      const json: object = JSON.parse(from.text())
      const withdrawn = withdrawnSchema.parse(json)
      const others = Object.keys(json).filter((name) => !(name in withdrawn))
      return { kind, sequence, id: stored.id, ...withdrawn, ...unreadOf(others) }
    }
    case 'checkpoint':
      return { kind, sequence, ...checkpointFromJson(JSON.parse(from.text())) }
    case 'rule':
    case 'list':
    case 'policy':
    case 'deployment':
    case 'case':
    case 'alert': {
      const { others, ...change } = changeFromText(from.text())
      return { kind, sequence, ...change, ...unreadOf(others) }
    }
    case 'scores':
      return readScores(stored, from)
    default:
      throw new UnknownFormat(`of kind ${stored.kind}, which this version does not know`)
  }
}

function readDecision(stored: StoredRecord, from: ValueReader, formatOf: FormatOf): Sequenced<DecisionRecord> {
  const { sequence, id, timestampMs, score } = stored
  const definition = from.whole()
  const decidedAtMs = from.whole()
  const { degraded, unknown } = readDegraded(from.whole())
  const outcome = readOutcome(stored.outcome)
  const fields = readValues(from)
  const row = readRow(from)
  const decision: { -readonly [Part in keyof Sequenced<DecisionRecord>]: Sequenced<DecisionRecord>[Part] } = {
    kind: 'decision',
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
  if (from.isAtEnd && unknown.length === 0) return decision
  const found: DecisionParts = { features: row.length, contributions: [], model: undefined, trace: {} }
  let unread = unknown
  if (!from.isAtEnd && formatOf(definition) === 1) found.contributions = readContributions(from, row.length)
  else unread = [...unknown, ...readSections(from, decisionReaders, found)]
  const policy = traceOf(found.trace)
  if (found.contributions.length > 0) decision.contributions = found.contributions
  if (policy !== undefined) decision.policy = policy
  if (found.model !== undefined) decision.model = found.model
  if (unread.length > 0) decision.unread = unread
  return decision
}

/** What sections of a decision say. */
interface DecisionParts {
  readonly features: number
  contributions: readonly Contribution[]
  model: string | undefined
  readonly trace: TraceSoFar
}

const decisionReaders: SectionReaders<DecisionParts> = {
  ...traceReaders,
  contributions: (section, found) => {
    found.contributions = readContributions(section, found.features)
  },
  model: (section, found) => {
    found.model = section.text()
  },
}

function readHistory({ sequence, id, timestampMs }: StoredRecord, from: ValueReader): Sequenced<HistoryRecord> {
  const definition = from.whole()
  const isLabelled = from.byte() === 1
  const fields = readValues(from)
  return { kind: 'history', sequence, id, timestampMs, definition, isLabelled, fields, ...readUnknown(from) }
}

function readLabel({ sequence, id }: StoredRecord, from: ValueReader): Sequenced<LabelRecord> {
  const isFraud = from.byte() === 1
  const knownAtMs = from.number()
  const source = from.value()?.toString()
  const receivedAtMs = from.number()
  const of = from.whole()
  const author: { by?: string } = {}
  const unread = unreadOf(from.isAtEnd ? [] : readSections(from, authorReader, author))
  const { by } = author
  const label = { kind: 'label' as const, sequence, id, isFraud, knownAtMs, source, receivedAtMs, of, ...unread }
  return by === undefined ? label : { ...label, by }
}

const authorReader: SectionReaders<{ by?: string }> = {
  by: (section, author) => {
    author.by = section.text()
  },
}

/** Sections of a record that has none in this version. */
function readUnknown(from: ValueReader): { readonly unread?: readonly string[] } {
  return from.isAtEnd ? {} : unreadOf(readSections(from, {}, undefined))
}

function unreadOf(unread: readonly string[]): { readonly unread?: readonly string[] } {
  return unread.length === 0 ? {} : { unread }
}

interface DegradedSet {
  readonly degraded: readonly Degradation[]
  readonly unknown: readonly string[]
}

const notDegraded: DegradedSet = { degraded: [], unknown: [] }

function readDegraded(set: number): DegradedSet {
  if (set === 0) return notDegraded
  const degraded: Degradation[] = []
  const unknown: string[] = []
  for (let bit = 0, rest = set; rest > 0; bit++, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 0) continue
    const name = degradations[bit]
    if (name === undefined) unknown.push(`degradation ${bit}`)
    else degraded.push(name)
  }
  return { degraded, unknown }
}

function readOutcome(position: number): Outcome {
  const outcome = outcomes[position]
  if (outcome === undefined) throw new UnknownFormat(`of outcome ${position}, which this version does not know`)
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

const withdrawnSchema = z.object({
  of: z.number(),
  label: z.number(),
  isFraud: z.boolean(),
  knownAtMs: z.number(),
  source: z.string().exactOptional(),
  withdrawnAtMs: z.number(),
  by: z.string(),
})

const erasureSchema = z.object({
  key: z.string(),
  token: z.string(),
  erasedAtMs: z.number(),
  by: z.string().exactOptional(),
})
