import type { Logger } from '../core/logger.ts'
import type { DecisionLog } from '../log/decision-log.ts'
import type { DecidingState } from './deciding-state.ts'
import type { DecisionObserver } from './decision-observer.ts'
import type { DetectorInForce } from './detector-in-force.ts'
import type { DecidingLineup } from './lineup.ts'
import type { Projections } from './projections.ts'
import { RowScorer } from './row-scorer.ts'

export interface ShadowOptions {
  readonly log: DecisionLog
  readonly lineup: DecidingLineup
  readonly clock: () => number
  readonly logger: Logger
  readonly observer: DecisionObserver
  readonly maxPending: number
  /** How many scores shadows may give within a second, all together. */
  readonly shadowScoresPerSecond: number
}

/** A row that waits. */
interface Waiting {
  readonly sequence: number
  /** What took the decision in: where the log failed, another has taken its place, and the number is given again. */
  readonly projections: Projections
  readonly row: Float64Array
  readonly shadows: Shadows
}

/** The shadows of one line-up, on one row that is filled for each transaction. */
interface Shadows {
  readonly whole: Float64Array
  readonly scorers: readonly RowScorer[]
}

const mostWaiting = 256
const scoredAtOnce = 8
/** So many scores of a model are one record, at most. */
const mostInRecord = 256

/**
 * Has shadows score what was decided, once the answer is on its way: a few rows in a turn of the loop, within a budget, and
 * not at all while decisions wait for the disk. What was left out is counted. Their scores are records of their own, which no
 * decision rests on.
 */
export class ShadowScorer {
  readonly #options: ShadowOptions
  readonly #waiting: Waiting[] = []
  readonly #scored = new Map<string, { readonly of: number; readonly score: number }[]>()
  #projections: Projections | undefined
  #inForce: DetectorInForce | undefined
  #shadows: Shadows | undefined
  #isAwake = false
  #budget: number
  #budgetAtMs = Number.NEGATIVE_INFINITY

  constructor(options: ShadowOptions) {
    this.#options = options
    this.#budget = options.shadowScoresPerSecond
  }

  /** A decision that has its place; the row is copied. */
  offer(sequence: number, row: Float64Array, { inForce, projections }: DecidingState): void {
    if (inForce.others.shadows.length === 0) return
    if (this.#inForce !== inForce) {
      this.#inForce = inForce
      this.#shadows = shadowsOf(inForce)
    }
    const shadows = this.#shadows
    if (shadows === undefined) return
    if (this.#waiting.length >= mostWaiting || this.#isBusy()) {
      this.#drop(shadows)
      return
    }
    this.#waiting.push({ sequence, projections, row: row.slice(), shadows })
    this.#wake()
  }

  #isBusy(): boolean {
    const { log, maxPending } = this.#options
    return log.failure !== undefined || log.pending > maxPending / 2
  }

  #wake(): void {
    if (this.#isAwake) return
    this.#isAwake = true
    setImmediate(() => {
      this.#isAwake = false
      for (let left = scoredAtOnce; left > 0; left--) this.#scoreNext()
      if (this.#waiting.length > 0) this.#wake()
      else this.#append()
    })
  }

  #scoreNext(): void {
    const next = this.#waiting.shift()
    if (next === undefined) return
    const { sequence, projections, row, shadows } = next
    if (this.#projections !== projections) this.#append()
    this.#projections = projections
    if (!this.#isOfNow(projections)) {
      this.#drop(shadows)
      return
    }
    shadows.whole.set(row)
    for (const scorer of shadows.scorers) {
      const { modelId } = scorer.predictor
      if (!this.#takeBudget()) {
        this.#options.observer.shadowScored(modelId, 'dropped')
        continue
      }
      try {
        this.#add(modelId, { of: sequence, score: scorer.score() })
      } catch (error) {
        this.#options.observer.shadowScored(modelId, 'failed')
        this.#options.logger.debug({ model: modelId, reason: String(error) }, 'a shadow gave no score')
      }
    }
  }

  #add(model: string, scored: { readonly of: number; readonly score: number }): void {
    const scores = this.#scored.get(model) ?? []
    this.#scored.set(model, scores)
    if (scores.push(scored) >= mostInRecord) this.#append()
  }

  /** Scores that came together are one record of each model. */
  #append(): void {
    const scored = [...this.#scored]
    this.#scored.clear()
    const isOfNow = this.#isOfNow(this.#projections)
    for (const [model, scores] of scored) {
      if (isOfNow) this.#options.log.append({ kind: 'scores', model, scores }, () => {})
      for (const _ of scores) this.#options.observer.shadowScored(model, isOfNow ? 'scored' : 'dropped')
    }
  }

  #isOfNow(projections: Projections | undefined): boolean {
    const { log, lineup } = this.#options
    return log.failure === undefined && projections === lineup.champion.state?.projections
  }

  #takeBudget(): boolean {
    const { clock, shadowScoresPerSecond: most } = this.#options
    const nowMs = clock()
    const earned = Math.max(0, nowMs - this.#budgetAtMs) * (most / 1000)
    this.#budget = Math.min(most, this.#budget + earned)
    this.#budgetAtMs = nowMs
    if (this.#budget < 1) return false
    this.#budget -= 1
    return true
  }

  #drop({ scorers }: Shadows): void {
    for (const { predictor } of scorers) this.#options.observer.shadowScored(predictor.modelId, 'dropped')
  }
}

function shadowsOf({ features, others }: DetectorInForce): Shadows {
  const whole = new Float64Array(features.names.length)
  return {
    whole,
    scorers: others.shadows.map(({ own, predictor }) => new RowScorer(predictor, own.features, features, whole)),
  }
}
