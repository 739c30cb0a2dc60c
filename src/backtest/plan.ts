import { zoneOffset } from '../core/zone.ts'
import type { Judged } from '../decisioning/index.ts'
import { type Detector, inMemory } from '../detector/detector.ts'
import type { Case } from './case.ts'
import { type Counted, Counter, type CountPlan } from './counter.ts'
import { type FollowedChange, needsOrder, Side, type Trial } from './trial.ts'
import { type Wanted, wantedOf } from './wanted.ts'

/** Everything that counting rests on beside the transactions, as it travels between threads. */
export interface BacktestPlan {
  /** With the features that policies declare. */
  readonly detector: Detector
  /** Whether anything gives a score. */
  readonly hasModel: boolean
  readonly trials: readonly Trial[]
  /** What draws are made under. */
  readonly secret: Uint8Array
  readonly count: CountPlan
  /** The places in a row of the features that somebody reads. */
  readonly needed: readonly number[]
  /** Changes of what lists hold, in their order. */
  readonly followed: readonly FollowedChange[]
  /** Transactions after this time are younger than the labels' maturity. */
  readonly matureMs: number
  readonly fromMs: number
  readonly toMs: number
}

const dayMs = 86_400_000

/** Is told of each transaction that counts, which is lent until the next, what each trial makes of it, and its segment. */
export type OnJudged = (seen: Case, judged: readonly Judged[], segment: string | undefined) => void

/** Judges one transaction after the other by all trials, and counts what they say. */
export class TrialRun {
  readonly wanted: Wanted
  readonly #plan: BacktestPlan
  readonly #sides: readonly Side[]
  readonly #judged: Judged[] = []
  readonly #onJudged: OnJudged | undefined
  readonly #dayOf: (timestampMs: number) => number
  #counter: Counter
  #followed = 0

  constructor(plan: BacktestPlan, onJudged?: OnJudged) {
    this.#plan = plan
    this.#onJudged = onJudged
    this.wanted = wantedOf({ detector: plan.detector, locate: inMemory }, plan.hasModel)
    this.#sides = plan.trials.map((trial) => new Side(trial, this.wanted.names, plan.secret))
    const offsetAt = zoneOffset(plan.detector.transaction.zone ?? 'UTC')
    this.#dayOf = (timestampMs) => Math.floor((timestampMs + offsetAt(timestampMs)) / dayMs)
    this.#counter = new Counter(plan.count, this.#dayOf)
  }

  get hasOrder(): boolean {
    return this.#plan.trials.some(needsOrder)
  }

  take(seen: Case): void {
    const { fromMs, toMs, followed } = this.#plan
    while (this.#followed < followed.length && followed[this.#followed].sequence < seen.sequence) {
      for (const side of this.#sides) side.follow(followed[this.#followed])
      this.#followed++
    }
    if (!(seen.timestampMs >= fromMs && seen.timestampMs < toMs)) return
    const scored = Object.is(seen.score, seen.testedScore) ? seen : { ...seen, score: seen.testedScore }
    for (let i = 0; i < this.#sides.length; i++) {
      const side = this.#sides[i]
      this.#judged[i] = side.judge(side.name === 'tested' ? scored : seen)
    }
    this.#counter.take(seen, this.#judged)
    this.#onJudged?.(seen, this.#judged, this.#sides[1].policy.segmentOf(scored))
  }

  /** What was counted since the last time. */
  takeCounted(): Counted {
    const { counted } = this.#counter
    this.#counter = new Counter(this.#plan.count, this.#dayOf)
    return counted
  }
}
