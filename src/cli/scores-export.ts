import type { Column, Table } from '../data/table.ts'
import type { LogReading } from '../log/decision-log.ts'

/** What shadows said of decisions, in the order in which they were written: `sequence` is the decision's. */
export function* scoreTables(reading: LogReading, counted: { rows: number }): Generator<Table> {
  for (let sequence = 0; ; ) {
    const records = reading.next(sequence)
    const last = records.at(-1)
    if (last === undefined && counted.rows > 0) return
    const scores = records.flatMap((record) =>
      record.kind === 'scores' ? record.scores.map((each) => ({ ...each, model: record.model })) : [],
    )
    counted.rows += scores.length
    if (scores.length > 0 || last === undefined) yield tableOf(scores)
    if (last === undefined) return
    sequence = last.sequence
  }
}

interface ShadowScore {
  readonly of: number
  readonly model: string
  readonly score: number
}

function tableOf(scores: readonly ShadowScore[]): Table {
  const models = [...new Set(scores.map(({ model }) => model))]
  const numbers = (name: string, numberOf: (each: ShadowScore) => number): Column => ({
    ...{ kind: 'number', name },
    values: Float64Array.from(scores, numberOf),
  })
  const codes = Int32Array.from(scores, ({ model }) => models.indexOf(model))
  return {
    rowCount: scores.length,
    columns: [
      numbers('sequence', ({ of }) => of),
      { kind: 'text', name: 'model', codes, dictionary: models },
      numbers('score', ({ score }) => score),
    ],
  }
}
