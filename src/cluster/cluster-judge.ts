import { FraudError } from '../core/errors.ts'
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
import type { ClusterControl, LoadedModels } from './cluster-control.ts'
import type { ClusterDefinition } from './cluster-definition.ts'
import type { SentTransaction } from './entries.ts'
import type { PartsJudge } from './front.ts'
import type { PartReply } from './replies.ts'

export interface ClusterJudgeOptions {
  readonly control: ClusterControl
  readonly models: Pick<LoadedModels, 'find'>
  readonly onFault: (what: Degradation, error: unknown) => void
}

/** A model and the row that it scores, which the next transaction overwrites. */
interface Judging {
  readonly inForce: DetectorInForce
  readonly row: Float64Array
  readonly scorer: RowScorer | undefined
}

/** Makes decisions of transactions and their parts: row -> score -> outcome, as a record. */
export class ClusterJudge implements PartsJudge {
  readonly #options: ClusterJudgeOptions
  readonly #to = new ValueWriter()
  #judging: Judging | undefined

  constructor(options: ClusterJudgeOptions) {
    this.#options = options
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
    sentUnder: ClusterDefinition,
    sent: SentTransaction,
    parts: readonly (PartReply | undefined)[],
    isUnanswered: boolean,
  ): DecisionRecord {
    const { control } = this.#options
    const decidedBy = control.judgedBy(sentUnder)
    const { inForce, row, scorer } = this.#judgingBy(decidedBy)
    const transaction = decidedBy.transactionOf(sent)
    const degraded: Degradation[] = []
    if (parts.some((part) => part?.isCapped)) degraded.push('history-capped')
    if (sent.timestampMs - control.createdAtMs < control.spanMs) degraded.push('history-short')
    const score = this.#score(decidedBy, { row, scorer }, transaction, parts, degraded)
    if (lacksKey(inForce, decidedBy, sent)) degraded.push('key-missing')
    const listed = scorer?.listed ?? inForce.own.features.listed
    if (transaction !== undefined && listed.some((each) => isUnlisted(transaction, each)))
      degraded.push('category-unknown')
    if (isUnanswered) degraded.push('unanswered')
    const { id, timestampMs, receivedAtMs: decidedAtMs, fields } = sent
    const amount = transaction?.amount ?? Number.NaN
    const { policy } = control.lane
    const changed = policy.judge({ id, timestampMs, decidedAtMs, amount, fields, row, score })
    const outcome = changed?.outcome ?? outcomeOf(decidedBy.definition.policy, score)
    const isWanted = outcome !== 'approve' && (changed === undefined || policy.inForce.followsScore(changed.trace))
    const isExplained = isWanted && typeof score === 'number' && scorer?.predictor.explainsDecisions
    return {
      kind: 'decision',
      id,
      timestampMs,
      outcome,
      score: score ?? null,
      decidedAtMs,
      definition: decidedBy.position,
      degraded,
      // The intake has them.
      fields: [],
      row,
      ...(changed && { policy: changed.trace }),
      ...(isExplained && { contributions: scorer?.strongest() ?? [] }),
    }
  }

  /** @throws FraudError NOT_READY where what decides is not loaded here */
  #judgingBy({ definition }: ClusterDefinition): Judging {
    const inForce = this.#options.models.find(definition)
    if (inForce === undefined) {
      throw new FraudError('NOT_READY', `${definition.model ?? 'What decides'} is still being loaded here`)
    }
    if (this.#judging?.inForce === inForce) return this.#judging
    const { features, own, predictor } = inForce
    const row = new Float64Array(features.names.length)
    const scorer = predictor && new RowScorer(predictor, own.features, features, row)
    this.#judging = { inForce, row, scorer }
    return this.#judging
  }

  /** Fills the row, and says in `degraded` why there is no score. */
  #score(
    { features }: ClusterDefinition,
    { row, scorer }: Pick<Judging, 'row' | 'scorer'>,
    transaction: Transaction | undefined,
    parts: readonly (PartReply | undefined)[],
    degraded: Degradation[],
  ): ExpectedScore {
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
      return scorer?.score()
    } catch (error) {
      this.#options.onFault(failure, error)
      degraded.push(failure)
      if (failure === 'features-failed') row.fill(Number.NaN)
      return null
    }
  }
}

function lacksKey(
  { detector }: DetectorInForce,
  { definition: { columns } }: ClusterDefinition,
  { fields }: SentTransaction,
): boolean {
  const { keys = {}, optionalKeys = [] } = detector.transaction
  return Object.entries(keys).some(
    ([name, column]) => !optionalKeys.includes(name) && fields[columns.indexOf(column)] === undefined,
  )
}
