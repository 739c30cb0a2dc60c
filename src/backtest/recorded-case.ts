import type { ExpectedScore } from '../decisioning/policy.ts'
import { TransactionMaker } from '../detector/declared-fields.ts'
import type { FieldValue } from '../detector/field-value.ts'
import { fieldOf } from '../detector/kept-fields.ts'
import type { LentDecision } from '../log/decision-reader.ts'
import type { Definition } from '../log/log-record.ts'
import { type Case, emptyCase, type MutableCase, truthOfDecision } from './case.ts'
import { readsAlike, storedFeatures, type Wanted } from './wanted.ts'

/** How the records of one definition are read as the wanted detector's transactions. */
interface Reading {
  readonly definition: Definition
  /** Whether the stored row has each feature that is needed. */
  readonly serves: boolean
  readonly features: Int32Array
  /** Where each wanted column is among the record's fields; undefined where they are the same. */
  readonly columns: readonly number[] | undefined
  readonly hasModel: boolean
}

/** Gives a score to a row; null where that fails, undefined where no model is meant to give one. */
export type ScoreRow = (row: Float64Array) => ExpectedScore

interface ReaderOptions {
  readonly wanted: Wanted
  /** The features that somebody reads. */
  readonly needed: ReadonlySet<number>
  readonly definitionOf: (sequence: number) => Definition
  /** What the newest label says of the transaction of a number. */
  readonly labelOf: (sequence: number) => number
  readonly matureMs: number
  /** Of the model that is tested; undefined where the scores that were recorded count. */
  readonly score: ScoreRow | undefined
}

/** Makes cases of recorded decisions, one after the other, each lent until the next. */
export class RecordedCases {
  readonly #options: ReaderOptions
  readonly #readings = new Map<number, Reading>()
  readonly #maker: TransactionMaker
  readonly #fields: FieldValue[]
  readonly #row: Float64Array
  readonly #case: MutableCase

  constructor(options: ReaderOptions) {
    const { wanted } = options
    this.#options = options
    const columns = wanted.columns.map(({ column }) => column)
    this.#maker = new TransactionMaker(wanted.detector, wanted.features.layout, columns)
    this.#fields = columns.map(() => undefined)
    this.#row = new Float64Array(wanted.features.names.length)
    this.#case = emptyCase(this.#fields, this.#row)
  }

  /** Whether the stored rows of a definition have all that is needed. */
  serves(definition: number): boolean {
    return this.#reading(definition).serves
  }

  /** The features that are needed and that rows of a definition do not have. */
  lacking(definition: number): readonly string[] {
    const { wanted, needed } = this.#options
    const { features } = this.#reading(definition)
    return wanted.features.names.filter((_, i) => needed.has(i) && features[i] < 0)
  }

  /** @param row the row as the histories make it, where the stored one does not serve. */
  of(decision: LentDecision, row?: Float64Array): Case {
    const { score, labelOf, matureMs } = this.#options
    const { definition, features, columns, hasModel } = this.#reading(decision.definition)
    const seen = this.#case
    const { fields, timestampMs, outcome, wouldBe, propensity } = decision
    for (let i = 0; i < this.#fields.length; i++) this.#fields[i] = fields[columns === undefined ? i : columns[i]]
    if (columns?.includes(-1)) this.#fillOthers(columns, definition, fields)
    const amount = this.#maker.amountOf(this.#fields)
    seen.amount = typeof amount === 'number' ? amount : Number.NaN
    const stored = this.#row
    for (let i = 0; row === undefined && i < features.length; i++)
      stored[i] = features[i] < 0 ? Number.NaN : decision.row[features[i]]
    seen.row = row ?? stored
    seen.id = decision.id
    seen.sequence = decision.sequence
    seen.timestampMs = timestampMs
    seen.decidedAtMs = decision.decidedAtMs
    seen.happened = wouldBe
    seen.truth = truthOfDecision(timestampMs, outcome, labelOf(decision.sequence), matureMs)
    seen.passed = Number.isNaN(propensity) || outcome !== wouldBe ? propensity : 0
    // A canary scores where there is no champion, too.
    const isScored = hasModel || decision.score !== null || decision.featuresFailed
    const recorded = isScored ? decision.score : undefined
    seen.score = recorded
    seen.testedScore = score === undefined ? recorded : score(seen.row)
    return seen
  }

  /** Fields that were kept without being declared. */
  #fillOthers(columns: readonly number[], definition: Definition, fields: readonly FieldValue[]): void {
    columns.forEach((place, i) => {
      if (place < 0) this.#fields[i] = fieldOf(definition, fields, this.#options.wanted.columns[i].column)
    })
  }

  #reading(number: number): Reading {
    const known = this.#readings.get(number)
    if (known !== undefined) return known
    const { wanted, needed, definitionOf } = this.#options
    const definition = definitionOf(number)
    const features = storedFeatures(wanted, definition)
    const columns = wanted.columns.map(({ column }) => definition.columns.indexOf(column))
    const reading: Reading = {
      definition,
      features,
      serves: readsAlike(wanted, definition) && [...needed].every((feature) => features[feature] >= 0),
      columns: columns.every((place, i) => place === i) ? undefined : columns,
      hasModel: definition.model !== null,
    }
    this.#readings.set(number, reading)
    return reading
  }
}
