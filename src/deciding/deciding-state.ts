import { AcceptedTimes, type AcceptedTimesOptions } from './accepted-times.ts'
import { Judge, type JudgeOptions } from './judgement.ts'
import type { Standing } from './standing.ts'

/** What decides: a standing, and what each decision needs of it, made once. */
export interface DecidingState extends Standing {
  readonly times: AcceptedTimes
  readonly judge: Judge
}

export interface DecidingStateOptions extends AcceptedTimesOptions, JudgeOptions {}

export function createDecidingState(standing: Standing, options: DecidingStateOptions): DecidingState {
  return {
    ...standing,
    times: new AcceptedTimes(standing, options),
    judge: new Judge(standing, options),
  }
}
