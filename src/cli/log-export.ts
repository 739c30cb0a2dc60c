import type { Column, Table } from '../data/table.ts'
import { DecisionViews } from '../deciding/decision-view.ts'
import { shownDegraded } from '../decisioning/decision.ts'
import { declaredFields } from '../detector/declared-fields.ts'
import { parseDetector } from '../detector/detector.ts'
import { keepsAll, otherFields } from '../detector/kept-fields.ts'
import { labelInForce, labelRanks, type RankOfSource } from '../detector/label-precedence.ts'
import { compileDetector } from '../features/feature-set.ts'
import type { TransactionRecord } from '../log/decision-log.ts'
import type { DecisionRecord, Definition } from '../log/log-record.ts'
import { truthOf } from '../log/truth-of.ts'
import type { SqliteLogReader } from '../stores/sqlite/sqlite-log-reader.ts'
import { SqlitePersons } from '../stores/sqlite/sqlite-persons.ts'

/** What stands beside a transaction's own columns and its features. */
const decided = [
  'sequence',
  'kind',
  'outcome',
  'score',
  'model',
  'policy',
  'degraded',
  'is_fraud',
  'label_source',
] as const
/** What a policy that somebody changed did. */
const byPolicy = ['rules', 'lists', 'fuses', 'would_be', 'propensity'] as const
const decidedTimes = ['decided_at', 'label_known_at'] as const

/** Every transaction that is kept, in order: what was declared, what was decided, the row, and the label as of now. */
export function* exportTables(
  reader: SqliteLogReader,
  showsPersonal: boolean,
  counted: { rows: number },
): Generator<Table> {
  const persons = new SqlitePersons(reader.database, () => '')
  const views = new DecisionViews(reader, showsPersonal ? persons : tokens)
  const columns = new ExportColumns(reader)
  // One column of amounts has one unit: that of the detector which would read the file.
  const last = reader.lastDefinition()
  const { amount } = last === undefined ? {} : parseDetector(last.definition.detector).transaction
  for (let sequence = 0; ; ) {
    const records = reader.next(sequence)
    const last = records.at(-1)
    if (last === undefined && counted.rows > 0) return
    for (const record of records) {
      if (record.kind !== 'decision' && record.kind !== 'history') continue
      columns.add(record, views.transaction(record, amount), reader)
      counted.rows++
    }
    if (columns.rowCount > 0 || last === undefined) yield columns.take()
    if (last === undefined) return
    sequence = last.sequence
  }
}

/** The kept fields of a record that its detector did not declare, as a JSON object. */
function keptText({ fields }: TransactionRecord, definition: Definition): string | null {
  const others = otherFields(definition, fields)
  return others.size === 0 ? null : JSON.stringify(Object.fromEntries(others))
}

function hasPolicy(reader: SqliteLogReader): boolean {
  if (reader.carried().policy !== undefined) return true
  return reader.changesBefore(reader.lastSequence() + 1).some((sequence) => reader.at(sequence)?.kind !== 'definition')
}

/**
 * What the policy did to a decision. Where the control group had a say, `would_be` is the outcome without it, and
 * `propensity` how probable it was that this one would not be otherwise: what figures are weighed by.
 */
function policyCells({ policy }: DecisionRecord, ofDefinition: number): readonly (readonly [string, Cell])[] {
  const { version = ofDefinition, rules = [], lists = [], fuses, control } = policy ?? {}
  return [
    ['policy', version],
    ['rules', rules.map(({ id, state }) => `${id}:${state}`).join(' ') || null],
    ['lists', lists.map(({ id }) => id).join(' ') || null],
    ['fuses', fuses?.tripped.join(' ') ?? null],
    ['would_be', control?.wouldBe ?? null],
    ['propensity', control?.propensity ?? null],
  ]
}

/** Leaves tokens as they are. */
const tokens = { valueOf: (token: string) => token }

type Cell = string | number | null

/** Rows by column, the same columns for all definitions that the log has seen. */
class ExportColumns {
  readonly #declared: readonly { readonly name: string; readonly kind: Column['kind'] }[]
  readonly #features: readonly string[]
  /** Whether some definition kept all fields: they have one column together, since nobody knows how many there are. */
  readonly #hasOthers: boolean
  /** Whether somebody changed the policy, or may have before what is kept. */
  readonly #hasPolicy: boolean
  /** Which of several labels counts, by the detector that decided last. */
  readonly #rankOf: RankOfSource
  #rows: Map<string, Cell>[] = []

  constructor(reader: SqliteLogReader) {
    const declared = new Map<string, Column['kind']>()
    const features = new Set<string>()
    const definitions = reader.definitionSequences()
    const last = reader.lastDefinition()
    this.#rankOf = last === undefined ? () => 0 : labelRanks(parseDetector(last.definition.detector))
    this.#hasPolicy = hasPolicy(reader)
    this.#hasOthers = definitions.some((sequence) => keepsAll(reader.definition(sequence).detector))
    for (const sequence of definitions) {
      const { detector, features: names } = reader.definition(sequence)
      const parsed = parseDetector(detector)
      for (const { column, kind } of declaredFields(parsed, compileDetector(parsed).layout)) {
        declared.set(column, kind === 'number' ? 'number' : 'text')
      }
      for (const name of names) features.add(name)
    }
    this.#declared = [...declared].map(([name, kind]) => ({ name, kind }))
    this.#features = [...features]
  }

  /** A feature that is called as a column is gets a longer name. */
  #nameOf(feature: string): string {
    return this.#declared.some(({ name }) => name === feature) ? `${feature}_feature` : feature
  }

  get rowCount(): number {
    return this.#rows.length
  }

  add(record: TransactionRecord, transaction: Readonly<Record<string, Cell>>, reader: SqliteLogReader): void {
    const { id, sequence, kind } = record
    const label = labelInForce(reader.labelsOf(id), this.#rankOf)
    const isFraud = truthOf(record, label)
    const row = new Map<string, Cell>([
      ['id', id],
      ['timestamp', record.timestampMs],
      ['sequence', sequence],
      ['kind', kind],
      ['is_fraud', isFraud === null ? null : Number(isFraud)],
      ['label_source', label?.source ?? null],
      ['label_known_at', label?.knownAtMs ?? null],
    ])
    if (this.#hasOthers) row.set('kept_fields', keptText(record, reader.definition(record.definition)))
    for (const { name } of this.#declared) row.set(`t_${name}`, transaction[name] ?? null)
    if (record.kind === 'decision') {
      const { policy, model, features } = reader.definition(record.definition)
      row
        .set('outcome', record.outcome)
        .set('score', record.score)
        .set('model', record.model ?? model)
      row.set('degraded', shownDegraded(record).join(' ') || null).set('decided_at', record.decidedAtMs)
      for (const [name, cell] of policyCells(record, policy.version)) row.set(name, cell)
      features.forEach((name, i) => void row.set(`f_${name}`, record.row[i]))
    }
    this.#rows.push(row)
  }

  take(): Table {
    const rows = this.#rows
    this.#rows = []
    const numbers = new Set(['sequence', 'score', 'policy', 'propensity', 'is_fraud'])
    const column = (key: string, name: string, kind: Column['kind']): Column => {
      if (kind === 'text') {
        const texts = rows.map((row) => row.get(key) ?? null)
        const codes = Int32Array.from(texts, (text, i) => (text === null ? -1 : i))
        return { kind, name, codes, dictionary: texts.map((text) => (text === null ? '' : String(text))) }
      }
      const values = Float64Array.from(rows, (row) => {
        const value = row.get(key) ?? null
        return value === null ? Number.NaN : Number(value)
      })
      return { kind, name, values }
    }
    return {
      rowCount: rows.length,
      columns: [
        column('id', 'id', 'text'),
        column('timestamp', 'timestamp', 'time'),
        ...decided.map((name) => column(name, name, numbers.has(name) ? 'number' : 'text')),
        ...decidedTimes.map((name) => column(name, name, 'time')),
        ...(this.#hasPolicy ? byPolicy.map((name) => column(name, name, numbers.has(name) ? 'number' : 'text')) : []),
        ...(this.#hasOthers ? [column('kept_fields', 'kept_fields', 'text')] : []),
        ...this.#declared.map(({ name, kind }) => column(`t_${name}`, name, kind)),
        ...this.#features.map((name) => column(`f_${name}`, this.#nameOf(name), 'number')),
      ],
    }
  }
}
