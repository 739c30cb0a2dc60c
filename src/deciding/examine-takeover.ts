import { FraudError } from '../core/errors.ts'
import { inSlices } from '../core/time-slices.ts'
import type { LogReading } from '../log/decision-log.ts'
import { refuseCardKey } from './card-key.ts'
import { type DetectorInForce, longestSpanMs } from './detector-in-force.ts'
import type { DecidingChampion } from './lineup.ts'
import { type ColumnCount, columnsBefore, LostHistories, refuseLosses } from './lost-histories.ts'
import { refuseLostNames } from './lost-names.ts'
import { type LostValues, lostValues, refuseLostValues } from './lost-values.ts'
import type { PolicyProjection } from './policy-projection.ts'
import { namesOf } from './policy-vocabulary.ts'
import type { PrepareOptions } from './prepare-state.ts'
import { makesNone } from './remake.ts'
import { checkRetention } from './retention.ts'
import type { Standing } from './standing.ts'
import { findRemake } from './standing-part.ts'
import { isSameLineup, onRowOf } from './united-features.ts'

export interface ExamineOptions extends PrepareOptions {
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Whether a detector may take over whose histories the log can't give. */
  readonly acceptLostHistories?: boolean | undefined
}

/** What is known of a takeover before it begins. */
export interface ExaminedTakeover {
  /** Records of the log that it may have to go through: none where the histories that there are serve. */
  readonly records: number
  /** How far back the log reaches, and how far back the detector looks. */
  readonly coveredMs: number
  readonly wantedMs: number
  /** Columns of histories that transactions lack; empty unless the operator accepts that. */
  readonly losses: readonly ColumnCount[]
  /** Lists and snoozes with values that never match; as well. */
  readonly lostValues: readonly LostValues[]
}

/** What a takeover would meet now. @throws FraudError as one would, where it can be known before; NOT_READY */
export async function examineTakeover(
  inForce: DetectorInForce,
  { state }: DecidingChampion,
  options: ExamineOptions,
): Promise<ExaminedTakeover> {
  const { log, cardKeyCheck, acceptLostHistories, clock, retainMs } = options
  const { reading } = log
  if (state === undefined) throw new FraudError('NOT_READY', 'Histories are still being made')
  checkRetention(inForce, retainMs)
  const { policy, histories } = state.projections
  await inSlices(refuseLostNames(policy, clock(), namesOf(inForce, retainMs)))
  const lost = new LostHistories({ ...inForce, cardKeyCheck }, reading)
  await inSlices(lost.steps())
  if (acceptLostHistories !== true) {
    refuseCardKey(inForce, cardKeyCheck, reading)
    refuseLosses(lost.lossesSince(columnsBefore(reading)))
  }
  const lostOfPolicy = findLostValues(inForce, policy, options)
  if (acceptLostHistories !== true) refuseLostValues(lostOfPolicy)
  const { newestMs } = histories.histories
  const firstMs = reading.firstTransactionMs()
  return {
    records: goesOn(inForce, state, reading) ? 0 : reading.lastSequence() - reading.prunedThrough(),
    coveredMs: firstMs === undefined ? 0 : Math.max(0, newestMs - firstMs),
    wantedMs: longestSpanMs(inForce.features),
    losses: lost.losses,
    lostValues: lostOfPolicy,
  }
}

/** Whether no history has to be made. */
function goesOn(inForce: DetectorInForce, state: Standing, reading: LogReading): boolean {
  if (onRowOf(inForce, state.inForce) !== undefined) return true
  const remake = isSameLineup(inForce, state.inForce) ? undefined : findRemake(inForce, state, reading)
  return remake !== undefined && makesNone(remake)
}

/** What of the policy's lists and snoozes a detector would never find again. */
export function findLostValues(
  { detector }: DetectorInForce,
  policy: PolicyProjection,
  { log, cardKeyCheck, clock }: Pick<ExamineOptions, 'log' | 'cardKeyCheck' | 'clock'>,
): readonly LostValues[] {
  const { reading } = log
  if (policy.changed === undefined) return []
  const before = reading.definitionSequences().map((sequence) => reading.definition(sequence))
  const now = { detector, ...(cardKeyCheck !== undefined && { cardKeyCheck }) }
  return lostValues(policy.changed, now, before, clock())
}
