import type { Contribution } from '../decisioning/contribution.ts'
import type { Degradation } from '../decisioning/decision.ts'
import { draw } from '../decisioning/draws.ts'
import { type ExpectedScore, outcomeOf } from '../decisioning/policy.ts'
import type { ReceivedTransaction } from '../detector/received-transaction.ts'
import type { Transaction } from '../detector/transaction.ts'
import { computeRow } from '../features/feature-set.ts'
import type { History } from '../features/history.ts'
import type { ListedText } from '../features/scope.ts'
import type { DecisionRecord } from '../log/log-record.ts'
import { type DetectorInForce, longestSpanMs, type OtherModels } from './detector-in-force.ts'
import { Latencies } from './latencies.ts'
import { RowScorer } from './row-scorer.ts'
import type { Standing } from './standing.ts'

/** Callers overtake one another by less. */
const mostLateMs = 3_600_000

export interface JudgeOptions {
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** A bug in a feature or a model kept a transaction from getting a score. */
  readonly onFault: (what: Degradation, error: unknown) => void
}

/** A transaction whose row is computed, and what else of that moment its record tells. */
export interface BegunJudgement {
  readonly received: ReceivedTransaction
  /** Undefined where there is no model. */
  readonly scorer: RowScorer | undefined
  /** The degradations in the order in which a record returns them. */
  readonly degraded: Degradation[]
  readonly historyWasDropped: boolean
  readonly hasRow: boolean
  /** The row, where it was kept; else it is the one that was computed last. */
  readonly row: Float64Array | undefined
}

/**
 * Judges transactions by the detector in force: histories -> row -> score -> verdict, as a record. Nothing here waits.
 */
export class Judge {
  /** The row of the transaction that was judged last; its record borrows it. */
  readonly #row: Float64Array
  readonly #champion: RowScorer | undefined
  readonly #canary: Canary | undefined
  readonly #state: Standing
  readonly #clock: () => number
  readonly #onFault: JudgeOptions['onFault']
  readonly #spanMs: number
  /** The positions among the fields of keys that each transaction should have. */
  readonly #keysAt: readonly number[]
  #coveredSinceMs: number | undefined

  constructor(state: Standing, { clock, onFault }: JudgeOptions) {
    const { keys = {}, optionalKeys = [] } = state.inForce.detector.transaction
    this.#state = state
    this.#clock = clock
    this.#onFault = onFault
    this.#row = new Float64Array(state.inForce.features.names.length)
    const { features, own, predictor, others } = state.inForce
    this.#champion = predictor && new RowScorer(predictor, own.features, features, this.#row)
    this.#canary = others.canary && canaryOf(others.canary, state, this.#row)
    this.#spanMs = longestSpanMs(state.inForce.features)
    const expected = Object.entries(keys).filter(([name]) => !optionalKeys.includes(name))
    this.#keysAt = expected.map(([, column]) => state.definition.columns.indexOf(column))
    this.#coveredSinceMs = state.coveredSinceMs
  }

  /** How long the canary itself takes for a score, at the 99th percentile: what else a decision waits for is not its fault. */
  get canaryP99Ms(): number | undefined {
    return this.#canary?.latencies.p99
  }

  /** How much event time the log covers; 0 where it is empty. */
  get coverageMs(): number {
    const { newestMs } = this.#state.projections.histories.histories
    return this.#coveredSinceMs === undefined ? 0 : Math.max(0, newestMs - this.#coveredSinceMs)
  }

  /** How long a transaction may have waited, for its score to count. */
  get deadlineMs(): number {
    const { inForce, projections } = this.#state
    return (projections.policy.changed?.definitions.policy ?? inForce.policy).deadlineMs
  }

  /** Computes the row, and notes all else that is of this moment; to be ended before another is begun, or kept. */
  begin(received: ReceivedTransaction, histories: readonly History[]): BegunJudgement {
    const { fields, transaction } = received
    const { inForce, projections } = this.#state
    const degraded: Degradation[] = []
    const gaps = projections.histories.histories.degraded()
    if (gaps.includes('history-capped')) degraded.push('history-capped')
    if (this.#isShort(transaction.timestampMs)) degraded.push('history-short')
    const historyWasDropped = gaps.includes('history-dropped')
    const scorer = this.#scorerOf(fields)
    const hasRow = this.#fillRow(inForce, transaction, histories, degraded)
    return { received, scorer, degraded, historyWasDropped, hasRow, row: undefined }
  }

  /** Keeps a row over others. @returns it with the champion's inputs, undefined where another scores or they are elsewhere in the row. */
  keep(begun: BegunJudgement): { readonly kept: BegunJudgement; readonly inputs: Float64Array | undefined } {
    const row = this.#row.slice()
    const isAsked = begun.hasRow && begun.scorer === this.#champion
    return { kept: { ...begun, row }, inputs: isAsked ? begun.scorer?.inputsIn(row) : undefined }
  }

  /**
   * The record borrows its row until the next transaction is begun or ended.
   *
   * @param explain whether to explain an approval, too.
   * @param known the score, where another thread has computed it.
   */
  end(begun: BegunJudgement, waitedMs: () => number, explain: boolean, known?: number): DecisionRecord {
    const { received, scorer, degraded } = begun
    const { id, fields, transaction } = received
    const { inForce, projections, lostUntilMs, definitionSequence } = this.#state
    if (begun.row !== undefined) this.#row.set(begun.row)
    const score = this.#score(begun, waitedMs, known)
    if (begun.historyWasDropped) degraded.push('history-dropped')
    if (this.#keysAt.some((at) => fields[at] === undefined)) degraded.push('key-missing')
    if (listedBy(scorer, inForce).some((listed) => isUnlisted(transaction, listed))) degraded.push('category-unknown')
    if (transaction.timestampMs < lostUntilMs) degraded.push('histories-lost')
    const decidedAtMs = Math.max(this.#clock(), projections.policy.decidedAtMs)
    const judged = this.#judgeByPolicy(received, score, decidedAtMs)
    const outcome = judged?.outcome ?? outcomeOf(inForce.policy, score)
    if (judged?.trace.fuses !== undefined) degraded.push('fused')
    // What features say for fraud is a reason where the score is one. An explanation takes many times as long as a
    // score, and of a large forest too long for the transactions that wait.
    const { inForce: policy } = projections.policy
    const isReason = outcome !== 'approve' && (judged === undefined || policy.followsScore(judged.trace))
    const isWanted = explain || isReason
    const isExplained = isWanted && typeof score === 'number' && scorer?.predictor.explainsDecisions === true
    const contributions = isExplained ? this.#explain(scorer) : []
    // Parts that only some records have are added, since each decision would spread nothing three times.
    const record: { -readonly [Part in keyof DecisionRecord]: DecisionRecord[Part] } = {
      kind: 'decision',
      id,
      timestampMs: transaction.timestampMs,
      outcome,
      score: score ?? null,
      decidedAtMs,
      definition: definitionSequence,
      degraded,
      fields,
      row: this.#row,
      // Under a changed policy every record has one, and what is added to a literal later takes memory of its own.
      policy: judged?.trace,
    }
    if (contributions.length > 0) record.contributions = contributions
    if (scorer !== undefined && scorer !== this.#champion) record.model = scorer.predictor.modelId
    return record
  }

  /** The model that decides: the canary for its share of a key's values, which nobody who sends transactions can choose. */
  #scorerOf(fields: ReceivedTransaction['fields']): RowScorer | undefined {
    const canary = this.#canary
    const value = canary && fields[canary.keyAt]
    if (canary === undefined || value === undefined) return this.#champion
    const drawn = draw(this.#state.projections.policy.secret, canary.purpose, String(value))
    return drawn < canary.share ? canary.scorer : this.#champion
  }

  /** Whether it could be computed; otherwise `degraded` says that it could not. */
  #fillRow(
    { features }: DetectorInForce,
    transaction: Transaction,
    histories: readonly History[],
    degraded: Degradation[],
  ): boolean {
    try {
      computeRow(features, transaction, histories, this.#row)
      return true
    } catch (error) {
      this.#fault('features-failed', error, degraded)
      this.#row.fill(Number.NaN)
      return false
    }
  }

  /** Says in `degraded` why there is no score; undefined where there is no model to give one. */
  #score(
    { scorer, degraded, hasRow }: BegunJudgement,
    waitedMs: () => number,
    known: number | undefined,
  ): ExpectedScore {
    if (!hasRow) return null
    if (scorer === undefined) return undefined
    try {
      const latencies = scorer === this.#canary?.scorer ? this.#canary.latencies : undefined
      const startMs = latencies === undefined ? 0 : waitedMs()
      const score = known ?? scorer.score()
      const waited = waitedMs()
      latencies?.add(waited - startMs)
      if (waited > this.deadlineMs) {
        degraded.push('deadline-passed')
        return null
      }
      return score
    } catch (error) {
      this.#fault('model-failed', error, degraded)
      return null
    }
  }

  /** A bug in a feature or a model must not stop payments: the policy says what happens without a score. */
  #fault(failure: Degradation, error: unknown, degraded: Degradation[]): void {
    this.#onFault(failure, error)
    degraded.push(failure)
  }

  /**
   * What a policy that somebody has changed makes of a transaction; undefined where the definition's policy decides.
   */
  #judgeByPolicy({ id, fields, transaction }: ReceivedTransaction, score: ExpectedScore, decidedAtMs: number) {
    const { timestampMs, amount } = transaction
    const input = { id, timestampMs, decidedAtMs, amount, fields, row: this.#row, score }
    return this.#state.projections.policy.judge(input)
  }

  #explain(scorer: RowScorer): readonly Contribution[] {
    try {
      return scorer.strongest()
    } catch (error) {
      // The score stands without them.
      this.#onFault('model-failed', error)
      return []
    }
  }

  /**
   * Whether the log does not reach back as far as the features look, nothing came for so long, or the transaction came so
   * late that the beginning of its longest windows is forgotten.
   */
  #isShort(timestampMs: number): boolean {
    if (this.#spanMs === Number.POSITIVE_INFINITY) return false
    this.#coveredSinceMs ??= timestampMs
    const { histories, resumedAtMs = Number.NEGATIVE_INFINITY } = this.#state.projections.histories
    const sinceMs = Math.max(this.#coveredSinceMs, resumedAtMs)
    const latestMs = Math.min(mostLateMs, this.#spanMs / 24)
    return timestampMs - sinceMs < this.#spanMs || timestampMs < histories.newestMs - latestMs
  }
}

/** Whether a transaction has a value that is not among those that are listed; a missing one is none. */
export function isUnlisted({ texts }: Transaction, { text, values }: ListedText): boolean {
  const value = texts[text]
  return value !== undefined && !values.has(value)
}

/** Without a model the detector's own features say which values are known. */
function listedBy(scorer: RowScorer | undefined, { own }: DetectorInForce): readonly ListedText[] {
  return scorer === undefined ? own.features.listed : scorer.listed
}

/** A model that decides for a share of a key's values. */
interface Canary {
  readonly scorer: RowScorer
  readonly keyAt: number
  readonly share: number
  readonly purpose: `canary:${string}`
  readonly latencies: Latencies
}

function canaryOf(
  { own, predictor, by, share }: NonNullable<OtherModels['canary']>,
  { inForce, definition }: Standing,
  row: Float64Array,
): Canary {
  const { features, detector } = inForce
  const keyAt = definition.columns.indexOf(detector.transaction.keys?.[by] ?? '')
  // By the model, so that each canary has customers of its own, who stay when its share grows.
  const purpose = `canary:${predictor.modelId}` as const
  return {
    scorer: new RowScorer(predictor, own.features, features, row),
    keyAt,
    share,
    purpose,
    latencies: new Latencies(),
  }
}
