import { AcceptedTimes, type AcceptedTimesOptions } from './accepted-times.ts'
import { Judge, type JudgeOptions } from './judgement.ts'
import type { Standing } from './standing.ts'

/** What decides: a standing, and what each decision needs of it, made once. */
export interface LiveState extends Standing {
  readonly times: AcceptedTimes
  readonly judge: Judge
}

export interface LiveStateOptions extends AcceptedTimesOptions, JudgeOptions {}

export function createLiveState(standing: Standing, options: LiveStateOptions): LiveState {
  return {
    ...standing,
    times: new AcceptedTimes(standing, options),
    judge: new Judge(standing, options),
  }
}
