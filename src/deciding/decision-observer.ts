import type { Decision } from '../decisioning/decision.ts'
import type { Reviews } from './review-load.ts'

/** Who counts what the decider does. */
export interface DecisionObserver {
  /** A new decision, with its row (valid during the call) and the names of its features; duplicates are no new ones. */
  decided(decision: Decision, row: Float64Array, features: readonly string[]): void
  duplicate(): void
  /** A new decision that a canary made. */
  decidedByCanary(model: string): void
  /** The guard took a canary back. */
  canaryRolledBack(model: string): void
  /** What became of a transaction for a model that is shadow. */
  shadowScored(model: string, result: 'scored' | 'dropped' | 'failed'): void
  /** Ids of fuses that a decision tripped. */
  fusesTripped(fuses: readonly string[]): void
  /** A decision asked for more reviews within 24 hours than people can do; told once in 24 hours. */
  reviewsOverloaded(reviews: Reviews): void
  /** A new label, when it came, and how long after its transaction it was known; undefined where that has not come. */
  labelled(isFraud: boolean, receivedAtMs: number, lagMs: number | undefined): void
  /** So many labels of transactions that have not come were refused, since too many wait. */
  labelsRefused(count: number): void
}
