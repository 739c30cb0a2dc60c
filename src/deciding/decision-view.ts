import { FraudError } from '../core/errors.ts'
import { asSent } from '../core/money.ts'
import { formatIsoTime } from '../core/time-parser.ts'
import type { ContributionScale } from '../decisioning/contribution.ts'
import type { Decision } from '../decisioning/decision.ts'
import { type Detector, parseDetector } from '../detector/detector.ts'
import type { FieldValue } from '../detector/field-value.ts'
import { otherFields } from '../detector/kept-fields.ts'
import { labelInForce, labelRanks, type RankOfSource } from '../detector/label-precedence.ts'
import { personalColumns } from '../detector/personal-columns.ts'
import type { LogReading, TransactionRecord } from '../log/decision-log.ts'
import type { DecisionRecord, Definition, LabelRecord, Sequenced } from '../log/log-record.ts'
import type { PersonalValues } from '../log/personal-values.ts'
import { outputOf } from '../models/contributions.ts'
import type { Predictor } from '../scoring/predictor.ts'
import { DecisionWords } from './decision-words.ts'
import type { DetectorInForce } from './detector-in-force.ts'
import { mostLabels } from './label-intake.ts'
import { present } from './present-decision.ts'
import { predictorsOf } from './united-features.ts'

/** What a transaction turned out to be, by one account. */
interface LabelView {
  readonly isFraud: boolean
  readonly knownAt: string
  readonly source: string | null
  /** Who sent the label; null in a log of an older version. */
  readonly by: string | null
  /** Whether it is the one that counts: the source decides first, then the later one. */
  readonly counts: boolean
}

/** A decision with the transaction that it is of. */
export interface DecisionView extends Decision {
  /**
   * Declared columns, and kept fields, as they were sent; a personal value that was erased is null, as is one that was
   * missing.
   */
  readonly transaction: Readonly<Record<string, string | number | null>>
}

/** All that the log knows of one decision. */
export interface DecisionDetail extends DecisionView {
  /** The row that was scored, by the features' names; null where there was no value. */
  readonly features: Readonly<Record<string, number | null>>
  readonly labels: readonly LabelView[]
  /** Whether there are labels before these. */
  readonly hasOlderLabels?: true
  /** Where it was asked for. */
  readonly explanation?: ExplanationView
}

/** What every feature added to the model's own output, before calibration. */
interface ExplanationView {
  readonly scale: ContributionScale
  /** The model's answer when nothing is known. */
  readonly base: number
  readonly output: number
  /** The contributions by the features' names; with the base they sum to the output. */
  readonly contributions: Readonly<Record<string, number>>
  /** How far they were off before the rest was spread over them; 0 where they are exact. */
  readonly error: number
}

/** Shows records of the log as people and programs want to see them. */
export class DecisionViews {
  readonly #reading: Pick<LogReading, 'definition'>
  readonly #persons: Pick<PersonalValues, 'valueOf'>
  readonly #shapes = new Map<number, Shape>()
  readonly #words = new DecisionWords()

  constructor(reading: Pick<LogReading, 'definition'>, persons: Pick<PersonalValues, 'valueOf'>) {
    this.#reading = reading
    this.#persons = persons
  }

  view(record: Sequenced<DecisionRecord>): DecisionView {
    const { definition } = this.#shape(record)
    const reasons = this.#words.reasonsOf(record, definition)
    return { ...present(record, definition, reasons), transaction: this.transaction(record) }
  }

  /**
   * @param newest the last of its labels: one more than are shown, where there are older ones.
   * @param explainer where the decision is to be explained.
   */
  detail(
    record: Sequenced<DecisionRecord>,
    newest: readonly LabelRecord[],
    explainer?: Pick<DetectorInForce, 'predictor' | 'others'>,
  ): DecisionDetail {
    const { definition } = this.#shape(record)
    const features = definition.features.map((name, i) => [name, Number.isNaN(record.row[i]) ? null : record.row[i]])
    const inForce = labelInForce(newest, this.#shape(record).rankOf)
    const labels = newest.slice(-mostLabels).map((label) => ({
      isFraud: label.isFraud,
      knownAt: formatIsoTime(label.knownAtMs),
      source: label.source ?? null,
      by: label.by ?? null,
      counts: label === inForce,
    }))
    const explanation = explainer && this.#explain(record, definition, predictorsOf(explainer))
    return {
      ...this.view(record),
      features: Object.fromEntries(features),
      labels,
      ...(newest.length > labels.length && { hasOlderLabels: true }),
      ...(explanation && { explanation }),
    }
  }

  /**
   * Why the model answered as it did, every feature by its name.
   *
   * @throws FraudError EXPLANATION_UNAVAILABLE where another model decided, or this one can't be explained.
   */
  #explain(
    { row, score, model: canary }: DecisionRecord,
    definition: Definition,
    predictors: readonly Predictor[],
  ): ExplanationView {
    const unavailable = (reason: string) => new FraudError('EXPLANATION_UNAVAILABLE', reason)
    const model = canary ?? definition.model
    if (model === null) throw unavailable('Rules and lists alone made this decision, without a model')
    const predictor = predictors.find(({ modelId }) => modelId === model)
    if (predictor === undefined) {
      const [inForce] = predictors
      throw unavailable(
        `${model} made this decision, and ${inForce === undefined ? 'no model' : inForce.modelId} is in force`,
      )
    }
    if (score === null) throw unavailable('This decision had no score')
    if (predictor.explain === undefined) throw unavailable(`${predictor.modelId} can't be explained`)
    // Other models and the policy have features of their own in the row.
    const own = Float64Array.from(predictor.inputs, (name) => row[definition.features.indexOf(name)])
    const explanation = predictor.explain(own)
    const { scale, base, contributions, error } = explanation
    return {
      scale,
      base,
      output: outputOf(explanation),
      contributions: Object.fromEntries(predictor.inputs.map((name, i) => [name, contributions[i]])),
      error,
    }
  }

  /**
   * The declared columns of a transaction: its id, its time, then the rest in declared order.
   *
   * @param amountNow how amounts are to be told, where that is not how they were sent.
   */
  transaction(record: TransactionRecord, amountNow?: Detector['transaction']['amount']): DecisionView['transaction'] {
    const { definition, idColumn, timeColumn, personal, amount } = this.#shape(record)
    const shown = (value: FieldValue, column: string) => {
      if (typeof value === 'string') return personal.has(column) ? this.#persons.valueOf(value) : value
      const format = amountNow?.field === column ? amountNow : amount?.field === column ? amount : undefined
      return value === undefined || format === undefined ? value : asSent(value, format)
    }
    const columns = definition.columns.map((column, i) => [column, shown(record.fields[i], column) ?? null])
    const others = [...otherFields(definition, record.fields)].map(([name, value]) => [name, value ?? null])
    return {
      ...{ [idColumn]: record.id, [timeColumn]: formatIsoTime(record.timestampMs) },
      ...Object.fromEntries([...columns, ...others]),
    }
  }

  #shape({ definition: number }: TransactionRecord): Shape {
    const known = this.#shapes.get(number)
    if (known !== undefined) return known
    const definition = this.#reading.definition(number)
    const { transaction } = parseDetector(definition.detector)
    const rankOf = labelRanks({ transaction })
    const { id = 'id', time, amount } = transaction
    const shape: Shape = {
      definition,
      rankOf,
      idColumn: id,
      timeColumn: time?.field ?? 'time',
      personal: personalColumns(transaction),
      amount,
    }
    this.#shapes.set(number, shape)
    return shape
  }
}

interface Shape {
  readonly definition: Definition
  readonly rankOf: RankOfSource
  readonly idColumn: string
  readonly timeColumn: string
  readonly personal: ReadonlyMap<string, string>
  readonly amount: Detector['transaction']['amount']
}
