import type { Detector } from '../detector/detector.ts'
import type { Transaction } from '../detector/transaction.ts'
import { compileDetector, type FeatureSet } from './feature-set.ts'
import type { HistoriesPlan, History, Label, LabelledEvent } from './history.ts'
import { KeyLane } from './key-lane.ts'
import { MemoryHistories } from './memory-histories.ts'
import { Replay } from './replay.ts'
import { type ChunkColumns, OpenTransaction } from './replay-chunk.ts'
import { withoutDelay } from './undelayed.ts'

/** Histories that some features look at together, and those features, by their places among the set's own. */
export interface LanePlan {
  readonly histories: readonly number[]
  readonly features: readonly number[]
  /** Whether labels are taken as known at once. */
  readonly isUndelayed?: true
}

/** Replays some of a set's features, whatever becomes of the others. */
export interface Lane {
  /** How many events are carried from one chunk to the next. */
  readonly carried: number
  /** Writes the values of a chunk's features, row by row. */
  replay(chunk: ChunkColumns, out: Float64Array): void
}

/** Splits features by the histories that they share; those that look at none are in no lane. */
export function planLanes({ plan, ownHistories }: FeatureSet): readonly LanePlan[] {
  // A payment in another currency is refused before anything takes it in.
  if (plan.currency !== undefined) {
    const features = [...ownHistories.keys()].filter((own) => ownHistories[own].length > 0)
    return [{ histories: [...plan.histories.keys()], features }]
  }
  const laneOf = plan.histories.map((_, history) => history)
  for (const [first, ...others] of ownHistories) {
    for (const other of others) {
      const [kept, joined] = [laneOf[first], laneOf[other]]
      laneOf.forEach((lane, history) => {
        if (lane === joined) laneOf[history] = kept
      })
    }
  }
  return [...new Set(laneOf)]
    .map((lane) => ({
      histories: [...laneOf.keys()].filter((history) => laneOf[history] === lane),
      features: [...ownHistories.keys()].filter((own) => laneOf[ownHistories[own][0]] === lane),
    }))
    .filter(({ features }) => features.length > 0)
}

/** Those of the same lanes whose features look at frauds, as these would be if labels were known at once. */
export function planUndelayed(set: FeatureSet): readonly LanePlan[] {
  return planLanes(set)
    .map(({ histories, features }) => ({
      histories,
      features: features.filter((own) => set.ownCountFrauds[own]),
      isUndelayed: true as const,
    }))
    .filter(({ features }) => features.length > 0)
}

/** Whether any features can go key by key: then chunks are faster than one row after the other. */
export function gainsByChunks(set: FeatureSet): boolean {
  return planLanes(set).some((lane) => isByKey(set, lane))
}

function isByKey({ plan }: FeatureSet, { histories }: LanePlan): boolean {
  return histories.length === 1 && plan.currency === undefined && plan.histories[histories[0]].by !== null
}

/** @param detector the one that the features are of. */
export function openLanes(set: FeatureSet, detector: Detector, plans: readonly LanePlan[]): readonly Lane[] {
  const undelayed = plans.some(({ isUndelayed }) => isUndelayed) ? compileDetector(withoutDelay(detector)) : set
  return plans.map((plan) => (plan.isUndelayed ? new UndelayedLane(openLane(undelayed, plan)) : openLane(set, plan)))
}

function openLane(set: FeatureSet, lane: LanePlan): Lane {
  if (!isByKey(set, lane)) return new RowLane(set, lane)
  const [history] = lane.histories
  const { plan, layout } = set
  return new KeyLane({
    plan: plan.histories[history],
    history,
    features: lane.features.map((own) => set.own[own]),
    layout,
    eventsPerKey: plan.eventsPerKey,
  })
}

/** Replays as if every label had been known at once. */
class UndelayedLane implements Lane {
  readonly #lane: Lane

  constructor(lane: Lane) {
    this.#lane = lane
  }

  get carried(): number {
    return this.#lane.carried
  }

  replay(chunk: ChunkColumns, out: Float64Array): void {
    const fraudKnownAtMs = new Float64Array(chunk.rowCount)
    for (let row = 0; row < chunk.rowCount; row++) {
      fraudKnownAtMs[row] = Number.isNaN(chunk.fraudKnownAtMs[row]) ? Number.NaN : chunk.timestampsMs[row]
    }
    this.#lane.replay({ ...chunk, fraudKnownAtMs }, out)
  }
}

/** Features of histories that have to go through the rows as they came. */
class RowLane implements Lane {
  readonly carried = 0
  readonly #replay: Replay
  readonly #transaction: OpenTransaction
  readonly #width: number

  constructor(set: FeatureSet, { histories, features }: LanePlan) {
    const own = features.map((at) => set.own[at])
    const names = own.map(({ name }) => name)
    const some = { ...set, names, own, ownAt: [...own.keys()], derived: [] }
    this.#replay = new Replay(some, new PlacedHistories(set.plan, histories))
    this.#transaction = new OpenTransaction(set.layout)
    this.#width = own.length
  }

  replay(chunk: ChunkColumns, out: Float64Array): void {
    for (let row = 0; row < chunk.rowCount; row++) {
      this.#transaction.read(chunk, chunk.dictionaries, row)
      out.set(this.#replay.next(this.#transaction), row * this.#width)
      const knownAtMs = chunk.fraudKnownAtMs[row]
      if (!Number.isNaN(knownAtMs)) this.#replay.label(this.#transaction, { isFraud: true, knownAtMs })
    }
  }
}

/** Some of the histories of a plan, each at its number. */
class PlacedHistories {
  readonly #histories: MemoryHistories
  readonly #numbers: readonly number[]
  readonly #placed: History[] = []

  constructor(plan: HistoriesPlan, numbers: readonly number[]) {
    this.#histories = new MemoryHistories({ ...plan, histories: numbers.map((history) => plan.histories[history]) })
    this.#numbers = numbers
  }

  observe(transaction: Transaction): readonly History[] {
    const observed = this.#histories.observe(transaction)
    for (let i = 0; i < observed.length; i++) this.#placed[this.#numbers[i]] = observed[i]
    return this.#placed
  }

  label(event: LabelledEvent, label: Label): void {
    this.#histories.label(event, label)
  }
}
