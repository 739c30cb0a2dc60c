import { setImmediate as nextTurn } from 'node:timers/promises'
import { FraudError } from '../core/errors.ts'
import { isRecord } from '../core/json-value.ts'
import { option } from '../core/option.ts'
import type { Detector } from '../detector/detector.ts'
import { fieldOf, mayHaveField } from '../detector/kept-fields.ts'
import { columnOfName } from '../detector/personal-columns.ts'
import type { LogReading } from '../log/decision-log.ts'
import type { Definition } from '../log/log-record.ts'
import { columnForms } from './column-form.ts'

/** A log that forgets what tokens stand for. */
export interface ErasingLog {
  readonly reading: LogReading
  /** Undefined where the value has no token. */
  erase(key: string, value: string, erasedAtMs: number, by: string): Promise<string | undefined>
}

/**
 * Forgets what the token of a person stands for, under each name that its key had while it was personal; undefined
 * where there is no such person. @param values the forms in which the log may hold the value. @param by who asked for
 * it.
 *
 * @throws FraudError ERASURE_INCOMPLETE where records of before the key was personal hold it; the token is gone by then
 */
export async function erasePerson(
  log: ErasingLog,
  detector: Detector,
  key: string,
  values: ReadonlySet<string>,
  nowMs: number,
  by: string,
): Promise<string | undefined> {
  const column = columnOfName(detector.transaction, key)
  const names = new Set([key])
  for (const sequence of log.reading.definitionSequences()) {
    const name = column === undefined ? undefined : columnForms(log.reading.definition(sequence))(column).personal
    if (name !== undefined) names.add(name)
  }
  let token: string | undefined
  for (const name of names) {
    for (const value of values) {
      const erased = await log.erase(name, value, nowMs, by)
      token ??= erased
    }
  }
  refusePlain(key, token, await countPlain(column, key, values, log.reading))
  return token
}

/**
 * How many of a log's records hold a key's value in plain text: they were written when the key was
 * not personal. Goes through the log in parts, and only where a definition keeps such.
 */
async function countPlain(
  column: string | undefined,
  key: string,
  values: ReadonlySet<string>,
  reading: LogReading,
): Promise<number> {
  const columnsOf = new Map(
    reading
      .definitionSequences()
      .map((sequence) => [sequence, plainColumns(reading.definition(sequence), key, column)]),
  )
  if ([...columnsOf.values()].every((columns) => columns.length === 0)) return 0
  let count = 0
  for (let after = reading.prunedThrough(); ; ) {
    const records = reading.next(after)
    const last = records.at(-1)
    if (last === undefined) return count
    after = last.sequence
    for (const record of records) {
      if (record.kind !== 'decision' && record.kind !== 'history') continue
      const { definition, fields } = record
      const columns = columnsOf.get(definition) ?? []
      const kept = columns.map((name) => fieldOf(reading.definition(definition), fields, name))
      if (kept.some((value) => values.has(String(value)))) count += 1
    }
    await nextTurn()
  }
}

/**
 * The columns in which records of a definition keep a key's values as they are, under the old and the new definition.
 */
export function plainColumns(definition: Definition, key: string, column: string | undefined): readonly string[] {
  const { detector } = definition
  const transaction = isRecord(detector) && isRecord(detector.transaction) ? detector.transaction : {}
  const before = columnOfName(transaction, key)
  const formOf = columnForms(definition)
  return [...new Set([column, before])]
    .filter((name) => typeof name === 'string')
    .filter((name) => formOf(name).personal === undefined && mayHaveField(definition, name))
}

/** @throws FraudError ERASURE_INCOMPLETE */
function refusePlain(key: string, token: string | undefined, count: number): void {
  if (count === 0) return
  const done = token === undefined ? `No ${key} with this value has a token` : `The ${key}'s token ${token} was erased`
  const records = count === 1 ? '1 record still holds' : `${count.toLocaleString('en')} records still hold`
  throw new FraudError(
    'ERASURE_INCOMPLETE',
    `${done}, but ${records} the value in plain text, from before ${key} was personal. They are deleted ` +
      `with ${option('retain')}, or with the data directory`,
  )
}
