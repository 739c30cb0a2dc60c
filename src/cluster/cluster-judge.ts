import type { DetectorInForce } from '../deciding/detector-in-force.ts'
import { isUnlisted } from '../deciding/judgement.ts'
import { RowScorer } from '../deciding/row-scorer.ts'
import type { Degradation } from '../decisioning/decision.ts'
import { type ExpectedScore, outcomeOf } from '../decisioning/policy.ts'
import type { Transaction } from '../detector/transaction.ts'
import { joinRow } from '../features/parts.ts'
import type { DecisionRecord } from '../log/log-record.ts'
import { ValueWriter } from '../log/packed-values.ts'
import { encodeFrame } from '../log/record-format.ts'
import type { ClusterControl } from './cluster-control.ts'
import type { ClusterDefinition } from './cluster-definition.ts'
import type { SentTransaction } from './entries.ts'
import type { PartsJudge } from './front.ts'
import type { PartReply } from './replies.ts'

export interface ClusterJudgeOptions {
  readonly control: ClusterControl
  /** The detector and the model that decide here; what the control lane has in force has to be the same. */
  readonly inForce: DetectorInForce
  readonly onFault: (what: Degradation, error: unknown) => void
}

/** Makes decisions of transactions and their parts: row -> score -> outcome, as a record. */
export class ClusterJudge implements PartsJudge {
  readonly #options: ClusterJudgeOptions
  readonly #row: Float64Array
  readonly #scorer: RowScorer | undefined
  readonly #to = new ValueWriter()

  constructor(options: ClusterJudgeOptions) {
    const { features, own, predictor } = options.inForce
    this.#options = options
    this.#row = new Float64Array(features.names.length)
    this.#scorer = predictor && new RowScorer(predictor, own.features, features, this.#row)
  }

  get deadlineMs(): number {
    return this.#options.control.lane.policy.inForce.definitions.policy.deadlineMs
  }

  judge(
    definition: ClusterDefinition,
    sent: SentTransaction,
    parts: readonly (PartReply | undefined)[],
    isUnanswered: boolean,
  ): { readonly record: Uint8Array; readonly control: number } {
    this.#to.clear()
    encodeFrame(this.#record(definition, sent, parts, isUnanswered), 0, this.#to)
    return { record: this.#to.bytes.slice(), control: this.#options.control.position }
  }

  #record(
    definition: ClusterDefinition,
    sent: SentTransaction,
    parts: readonly (PartReply | undefined)[],
    isUnanswered: boolean,
  ): DecisionRecord {
    const { inForce, control } = this.#options
    const transaction = definition.transactionOf(sent)
    const degraded: Degradation[] = []
    if (parts.some((part) => part?.isCapped)) degraded.push('history-capped')
    if (sent.timestampMs - control.createdAtMs < control.spanMs) degraded.push('history-short')
    const score = this.#score(definition, transaction, parts, degraded)
    if (this.#lacksKey(definition, sent)) degraded.push('key-missing')
    const listed = this.#scorer?.listed ?? inForce.own.features.listed
    if (transaction !== undefined && listed.some((each) => isUnlisted(transaction, each)))
      degraded.push('category-unknown')
    if (isUnanswered) degraded.push('unanswered')
    const { id, timestampMs, receivedAtMs: decidedAtMs, fields } = sent
    const amount = transaction?.amount ?? Number.NaN
    const input = { id, timestampMs, decidedAtMs, amount, fields, row: this.#row, score }
    const changed = control.lane.policy.judge(input)
    const outcome = changed?.outcome ?? outcomeOf(inForce.policy, score)
    const isExplained = outcome !== 'approve' && typeof score === 'number' && this.#scorer?.predictor.explainsDecisions
    return {
      kind: 'decision',
      id,
      timestampMs,
      outcome,
      score: score ?? null,
      decidedAtMs,
      definition: definition.position,
      degraded,
      // The intake has them.
      fields: [],
      row: this.#row,
      ...(changed && { policy: changed.policy }),
      ...(isExplained && { contributions: this.#scorer?.strongest() ?? [] }),
    }
  }

  #lacksKey({ definition: { columns } }: ClusterDefinition, { fields }: SentTransaction): boolean {
    const { keys = {}, optionalKeys = [] } = this.#options.inForce.detector.transaction
    return Object.entries(keys).some(
      ([name, column]) => !optionalKeys.includes(name) && fields[columns.indexOf(column)] === undefined,
    )
  }

  /** Fills the row, and says in `degraded` why there is no score. */
  #score(
    { features }: ClusterDefinition,
    transaction: Transaction | undefined,
    parts: readonly (PartReply | undefined)[],
    degraded: Degradation[],
  ): ExpectedScore {
    const row = this.#row
    let failure: Degradation = 'features-failed'
    try {
      if (transaction === undefined) throw new RangeError('the definition does not hold the transaction')
      joinRow(
        features,
        transaction,
        parts.map((part) => part?.values),
        row,
      )
      if (parts.includes(undefined)) {
        degraded.push('history-unavailable')
        return null
      }
      failure = 'model-failed'
      return this.#scorer?.score()
    } catch (error) {
      this.#options.onFault(failure, error)
      degraded.push(failure)
      if (failure === 'features-failed') row.fill(Number.NaN)
      return null
    }
  }
}
