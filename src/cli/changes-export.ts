import type { Column, Table } from '../data/table.ts'
import type { LogReading } from '../log/decision-log.ts'
import { type ChangeRecord, changeKinds, type Sequenced } from '../log/log-record.ts'

/** Every change of what is in force that is kept, in order: who, when, why, and what as JSON. */
export function* changeTables(reading: LogReading, counted: { rows: number }): Generator<Table> {
  for (let sequence = 0; ; ) {
    const records = reading.next(sequence)
    const last = records.at(-1)
    if (last === undefined && counted.rows > 0) return
    const changes = records.filter(isChange)
    counted.rows += changes.length
    if (changes.length > 0 || last === undefined) yield tableOf(changes)
    if (last === undefined) return
    sequence = last.sequence
  }
}

function isChange(record: Sequenced): record is Sequenced<ChangeRecord> {
  return changeKinds.some((kind) => kind === record.kind)
}

function tableOf(changes: readonly Sequenced<ChangeRecord>[]): Table {
  const texts = (name: string, textOf: (change: ChangeRecord) => string): Column => ({
    kind: 'text',
    name,
    codes: Int32Array.from(changes, (_, i) => i),
    dictionary: changes.map(textOf),
  })
  return {
    rowCount: changes.length,
    columns: [
      { kind: 'number', name: 'sequence', values: Float64Array.from(changes, ({ sequence }) => sequence) },
      texts('kind', ({ kind }) => kind),
      { kind: 'time', name: 'at', values: Float64Array.from(changes, ({ atMs }) => atMs) },
      texts('by', ({ by }) => by),
      texts('why', ({ why }) => why),
      // What draws are made under stays in the log: who knew it could choose them.
      texts('change', ({ change: { drawSecret: _, ...change } }) => JSON.stringify(change)),
    ],
  }
}
