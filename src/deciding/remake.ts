import type { FeatureSet } from '../features/feature-set.ts'
import type { HistoriesPlan, StandingPlaces } from '../features/history.ts'

/** What a takeover makes of the log, where the rest goes on as it stands. */
export interface Remake {
  /** For each history the place of the one that goes on as it; undefined for those that are made. */
  readonly standingPlaces: StandingPlaces
  /** How long labels wait in what stands. */
  readonly standingWaitMs: number
}

/** The same of a takeover that makes all histories. */
export function makingAll(remake: Remake): Remake {
  return { ...remake, standingPlaces: remake.standingPlaces.map(() => undefined) }
}

/** Whether all histories go on. */
export function makesNone({ standingPlaces }: Remake): boolean {
  return standingPlaces.every((place) => place !== undefined)
}

/** The histories that are made. */
export function planOf({ plan }: FeatureSet, remake: Remake | undefined): HistoriesPlan {
  if (remake === undefined) return plan
  return { ...plan, histories: plan.histories.filter((_, i) => remake.standingPlaces[i] === undefined) }
}
