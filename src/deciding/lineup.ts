import { FraudError } from '../core/errors.ts'
import type { ServedModel } from '../scoring/served-model.ts'
import type { DecidingState } from './deciding-state.ts'
import type { DetectorInForce } from './detector-in-force.ts'
import type { Receiver } from './receiver.ts'

/** What answers: a bundle, or a detector without one. */
interface Champion {
  /** Undefined where rules and lists alone decide. */
  readonly model: ServedModel | undefined
  readonly inForce?: DetectorInForce
}

/** One whose detector decides, too. */
export interface DecidingChampion extends Champion {
  readonly inForce: DetectorInForce
  /** Receives transactions by the eyes of its detector. */
  readonly receiver: Receiver
  /** Undefined while histories are being made. */
  readonly state: DecidingState | undefined
}

/** What routes see: a caller that takes `champion` once and keeps it sees no change midway. */
export interface LineupView<Kept extends Champion = Champion> {
  readonly champion: Kept
}
export type DecidingLineup = LineupView<DecidingChampion>

/** The id of the model in force; null where there is none. */
export function modelIdOf({ champion: { model } }: LineupView): string | null {
  return model?.modelId ?? null
}

/** @throws FraudError MODEL_MISSING where rules and lists alone decide. */
export function requireModel({ champion: { model } }: LineupView): ServedModel {
  if (model === undefined) throw new FraudError('MODEL_MISSING', modelMissing)
  return model
}

export const modelMissing =
  'There is no model: this service decides by rules and lists alone, and makes no predictions. Start it with a bundle'

/** Hears of each other bundle or detector that is in force from now on, and must not throw: there is no way back. */
type SwapObserver = (champion: Champion, before: Champion) => void

/**
 * What is in force, for predictions and decisions alike. A swap is one assignment between two steps of the event loop,
 * so that no two answers of one moment are of different bundles, whatever was asked.
 */
export class Lineup<Kept extends Champion = Champion> implements LineupView<Kept> {
  #champion: Kept
  readonly #observers: SwapObserver[] = []

  constructor(champion: Kept) {
    this.#champion = champion
  }

  get champion(): Kept {
    return this.#champion
  }

  put(champion: Kept): void {
    const before = this.#champion
    this.#champion = champion
    // One whose histories were made once more is the one that it was.
    if (champion.model === before.model && champion.inForce?.own === before.inForce?.own) return
    for (const observe of this.#observers) observe(champion, before)
  }

  onSwap(observer: SwapObserver): void {
    this.#observers.push(observer)
  }
}
