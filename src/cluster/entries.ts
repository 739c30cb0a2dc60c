import { FraudError } from '../core/errors.ts'
import type { FieldValue } from '../detector/field-value.ts'
import { ValueReader, ValueWriter } from '../log/packed-values.ts'

/** Who waits for what an entry leads to: a front, by its address, and the number of its question. */
export interface Asker {
  readonly front: string
  readonly question: number
}

/** A transaction as it was received, its fields in the order of the definition's columns. */
export interface SentTransaction {
  readonly id: string
  /** The position of the definition in the control lane. */
  readonly definition: number
  readonly timestampMs: number
  readonly receivedAtMs: number
  readonly fields: readonly FieldValue[]
}

export interface SaidLabel {
  readonly isFraud: boolean
  readonly knownAtMs: number
  readonly source: string | undefined
}

export interface IntakeEntry extends Asker, SentTransaction {
  readonly kind: 'intake'
  /** The position of the control lane that its front had taken: nothing older may decide it. */
  readonly control: number
}

/** A transaction as it counts for one key. Fields that the key's history does not read are missing. */
export interface ObservationEntry extends Asker, SentTransaction {
  readonly kind: 'observation'
}

export interface DecisionEntry extends Asker {
  readonly kind: 'decision'
  readonly id: string
  /** For each part the position of its observation; missing where no part had come. */
  readonly positions: readonly (number | undefined)[]
  /** The position of the control lane that it was judged by. */
  readonly control: number
  /** The framed record. */
  readonly record: Uint8Array
}

/** A label as somebody said it. */
export interface LabelEntry extends Asker, SaidLabel {
  readonly kind: 'label'
  readonly id: string
  readonly receivedAtMs: number
  readonly by: string
}

/** A label as it counts for one key, with the transaction that it speaks of. */
export interface KeyLabelEntry extends SentTransaction, SaidLabel {
  readonly kind: 'key-label'
  /** The home partition that it comes from, and its number among that partition's labels. */
  readonly home: number
  readonly number: number
}

/** The observations of a transaction that was decided without some of its parts are in their lanes, so labels may follow. */
interface ObservedEntry {
  readonly kind: 'observed'
  readonly id: string
}

/** Labels through this number are in all the lanes that they count in. */
interface ForwardedEntry {
  readonly kind: 'forwarded'
  readonly through: number
}

/** A change of what is in force, as JSON: what it means is its reader's to say. */
interface ControlEntry {
  readonly kind: 'definition' | 'change'
  readonly json: string
}

/** A piece of a bundle's file, behind the piece before it. */
interface BundleEntry {
  readonly kind: 'bundle'
  readonly id: string
  /** Of the whole file, in hex. */
  readonly sha256: string
  readonly offset: number
  readonly piece: Uint8Array
}

export type Entry =
  | IntakeEntry
  | ObservationEntry
  | DecisionEntry
  | LabelEntry
  | KeyLabelEntry
  | ForwardedEntry
  | ControlEntry
  | ObservedEntry
  | BundleEntry

/** In the order of their numbers: grows at its end only. */
const kinds = [
  ...(['intake', 'observation', 'decision', 'label', 'key-label', 'forwarded', 'definition', 'change'] as const),
  ...(['observed', 'bundle'] as const),
] as const
const kindAt: readonly string[] = kinds

const scratch = new ValueWriter()

export function encodeEntry(entry: Entry): Uint8Array {
  scratch.clear()
  scratch.byte(kindAt.indexOf(entry.kind))
  writeBody(entry, scratch)
  return scratch.bytes.slice()
}

function writeBody(entry: Entry, to: ValueWriter): void {
  switch (entry.kind) {
    case 'intake':
      writeAsker(entry, to)
      writeTransaction(entry, to)
      // Versions before changes knew read an intake that ends here, and end where a change is.
      if (entry.control !== entry.definition) to.whole(entry.control)
      break
    case 'observation':
      writeAsker(entry, to)
      writeTransaction(entry, to)
      break
    case 'decision':
      writeAsker(entry, to)
      to.text(entry.id)
      to.whole(entry.positions.length)
      for (const position of entry.positions) to.value(position)
      to.whole(entry.control)
      to.raw(entry.record)
      break
    case 'label':
      writeAsker(entry, to)
      to.text(entry.id)
      writeLabel(entry, to)
      to.number(entry.receivedAtMs)
      to.text(entry.by)
      break
    case 'key-label':
      to.whole(entry.home)
      to.whole(entry.number)
      writeTransaction(entry, to)
      writeLabel(entry, to)
      break
    case 'forwarded':
      to.whole(entry.through)
      break
    case 'observed':
      to.text(entry.id)
      break
    case 'definition':
    case 'change':
      to.text(entry.json)
      break
    case 'bundle':
      to.text(entry.id)
      to.text(entry.sha256)
      to.whole(entry.offset)
      to.raw(entry.piece)
  }
}

/** @throws FraudError LOG_INVALID where the bytes are not an entry, LOG_TOO_NEW where only a newer version knows them. */
export function decodeEntry(bytes: Uint8Array, where: string): Entry {
  const kind = kinds[bytes[0] ?? 0]
  if (kind === undefined) {
    throw new FraudError('LOG_TOO_NEW', `The entry at ${where} is of a kind that this version does not know`)
  }
  try {
    const reader = new ValueReader(bytes)
    reader.byte()
    const entry = readBody(kind, reader, bytes.length)
    if (!reader.isAtEnd) throw new RangeError('bytes are left over')
    return entry
  } catch (cause) {
    throw new FraudError('LOG_INVALID', `The entry at ${where} can't be read`, { cause })
  }
}

function readBody(kind: (typeof kinds)[number], from: ValueReader, end: number): Entry {
  switch (kind) {
    case 'intake': {
      const sent = { ...readAsker(from), ...readTransaction(from) }
      return { kind, ...sent, control: from.position < end ? from.whole() : sent.definition }
    }
    case 'observation':
      return { kind, ...readAsker(from), ...readTransaction(from) }
    case 'decision': {
      const asker = readAsker(from)
      const id = from.text()
      const positions = Array.from({ length: from.whole() }, () => asPosition(from.value()))
      const control = from.whole()
      return { kind, ...asker, id, positions, control, record: from.raw(end - from.position) }
    }
    case 'label': {
      const asker = readAsker(from)
      const id = from.text()
      return { kind, ...asker, id, ...readLabel(from), receivedAtMs: from.number(), by: from.text() }
    }
    case 'key-label': {
      const home = from.whole()
      const number = from.whole()
      return { kind, home, number, ...readTransaction(from), ...readLabel(from) }
    }
    case 'forwarded':
      return { kind, through: from.whole() }
    case 'observed':
      return { kind, id: from.text() }
    case 'definition':
    case 'change':
      return { kind, json: from.text() }
    case 'bundle': {
      const [id, sha256, offset] = [from.text(), from.text(), from.whole()]
      return { kind, id, sha256, offset, piece: from.raw(end - from.position) }
    }
  }
}

function writeAsker({ front, question }: Asker, to: ValueWriter): void {
  to.text(front)
  to.whole(question)
}

function readAsker(from: ValueReader): Asker {
  return { front: from.text(), question: from.whole() }
}

function writeTransaction(
  { id, definition, timestampMs, receivedAtMs, fields }: SentTransaction,
  to: ValueWriter,
): void {
  to.text(id)
  to.whole(definition)
  to.number(timestampMs)
  to.number(receivedAtMs)
  to.whole(fields.length)
  for (const value of fields) to.value(value)
}

function readTransaction(from: ValueReader): SentTransaction {
  const id = from.text()
  const definition = from.whole()
  const timestampMs = from.number()
  const receivedAtMs = from.number()
  const fields = Array.from({ length: from.whole() }, () => from.value())
  return { id, definition, timestampMs, receivedAtMs, fields }
}

function writeLabel({ isFraud, knownAtMs, source }: SaidLabel, to: ValueWriter): void {
  to.byte(isFraud ? 1 : 0)
  to.number(knownAtMs)
  to.value(source)
}

function readLabel(from: ValueReader): SaidLabel {
  return { isFraud: from.byte() === 1, knownAtMs: from.number(), source: from.value()?.toString() }
}

function asPosition(value: FieldValue): number | undefined {
  if (value === undefined || typeof value === 'number') return value
  throw new RangeError('a position is a number')
}
