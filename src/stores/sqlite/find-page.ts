import type { SQLInputValue } from 'node:sqlite'
import { outcomes } from '../../detector/detector-schema.ts'
import type { FieldValue } from '../../detector/field-value.ts'
import { fieldOf } from '../../detector/kept-fields.ts'
import type { DecisionPage, DecisionQuery } from '../../log/decision-pages.ts'
import type { DecisionRecord, Sequenced } from '../../log/log-record.ts'
import { ValueWriter } from '../../log/packed-values.ts'
import type { SqliteLogReader } from './sqlite-log-reader.ts'
import { recordColumns, storedRecord } from './stored-record.ts'

/** Records that one page looks at, at most: a search for what is rare goes on with the next page. */
const searchedAtOnce = 200_000

/** Decisions that a query wants, newest first. */
export function findPage(reader: SqliteLogReader, query: DecisionQuery): DecisionPage {
  const { outcome, fromMs, toMs, minScore, field, limit } = query
  const before = query.before ?? reader.lastSequence() + 1
  const least = Math.max(reader.prunedThrough(), before - 1 - searchedAtOnce)
  const conditions = ['kind = 0', 'sequence < ?', 'sequence > ?']
  const values: SQLInputValue[] = [before, least]
  const add = (condition: string, value: SQLInputValue | undefined) => {
    if (value === undefined) return
    conditions.push(condition)
    values.push(value)
  }
  const place = outcome === undefined ? undefined : outcomes.indexOf(outcome)
  add(place === undefined || place === 0 ? 'outcome = ?' : 'outcome > 0 AND outcome = ?', place)
  add('timestamp_ms >= ?', fromMs)
  add('timestamp_ms <= ?', toMs)
  add('score >= ?', minScore)
  if (field !== undefined) {
    // The value's bytes are somewhere in the body; whether in the right column is seen once it is decoded.
    const forms = packedForms(field.value)
    conditions.push(`(${forms.map(() => 'instr(body, ?) > 0').join(' OR ')})`)
    values.push(...forms)
  }
  const sql = `SELECT ${recordColumns} FROM records WHERE ${conditions.join(' AND ')} ORDER BY sequence DESC`
  const records: Sequenced<DecisionRecord>[] = []
  for (const row of reader.database.prepare(sql).iterate(...values)) {
    const record = reader.decode(storedRecord(row))
    if (record.kind !== 'decision' || !hasField(reader, record, field)) continue
    if (records.length === limit) return { records, next: records[limit - 1].sequence }
    records.push(record)
  }
  return { records, next: least > reader.prunedThrough() ? least + 1 : null }
}

/** How a record may hold a value: as a text, or as the number that the text writes. */
function packedForms(value: string): readonly Uint8Array[] {
  const forms: readonly FieldValue[] = String(Number(value)) === value ? [value, Number(value)] : [value]
  return forms.map((form) => {
    const writer = new ValueWriter()
    writer.value(form)
    return writer.bytes
  })
}

function hasField(
  reader: SqliteLogReader,
  { definition, fields }: DecisionRecord,
  field: DecisionQuery['field'],
): boolean {
  if (field === undefined) return true
  const value = fieldOf(reader.definition(definition), fields, field.column)
  return value !== undefined && String(value) === field.value
}
