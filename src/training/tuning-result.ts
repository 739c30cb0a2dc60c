import { FraudError } from '../core/errors.ts'
import type { Progress } from '../core/progress.ts'
import type { PrequentialPeriods } from '../evaluation/protocols/prequential.ts'
import type { LearnerSpace } from '../evaluation/tuning/space.ts'
import {
  type Gain,
  gainOver,
  isMeasured,
  type MeasuredTrial,
  type Objective,
  rankTrials,
  type Trial,
} from '../evaluation/tuning/trial.ts'
import type { TuningRecord } from '../models/bundle.ts'
import { describeChoice } from './choices.ts'
import type { Origin } from './draw-report.ts'

/** What a search came to: for the bundle, for the report and for a program. */
export interface Conclusion extends NonNullable<Origin['search']> {
  readonly best: MeasuredTrial
  readonly current: MeasuredTrial | undefined
  readonly gain: Gain | undefined
}

interface SearchFacts {
  readonly objective: Objective
  readonly k: number
  readonly seed: number
  readonly folds: PrequentialPeriods
  readonly journal: string
}

export function concludeSearch(
  trials: readonly Trial[],
  spaces: readonly LearnerSpace[],
  { objective, k, seed, folds, journal }: SearchFacts,
): Conclusion {
  const ranked = rankTrials(trials, objective)
  const [best] = ranked
  const [first] = trials
  if (best === undefined) {
    const why = 'failed' in first ? first.failed : ''
    throw new FraudError('OPTION_INVALID', `None of ${trials.length} trials could be evaluated. The first: ${why}`)
  }
  const current = isMeasured(first) ? first : undefined
  const gain = current && gainOver(best, current, objective)
  const { trainMs, delayMs, testMs } = folds
  const record: TuningRecord = {
    objective,
    ...(objective === 'card-precision' && { k }),
    seed,
    trials: trials.length,
    failed: trials.length - ranked.length,
    folds: { trainMs, delayMs, testMs, folds: folds.folds },
    winner: figuresOf(best),
    ...(current && { current: figuresOf(current) }),
    space: spaces.map(({ learner, dimensions }) => ({ learner, dimensions })),
  }
  return {
    best,
    current,
    gain,
    record,
    report: { trials, spaces },
    result: { ...record, model: best.model, ...(gain && { gain }), journal },
  }
}

function figuresOf({ trial, folds, mean, standardDeviation }: MeasuredTrial): TuningRecord['winner'] {
  return { trial, folds, mean, standardDeviation }
}

/** Honest about chance: the gain beside its spread over the folds, and that the best of many is flattered. */
export function tellConclusion(
  { best, current, gain, record }: Conclusion,
  spaces: readonly LearnerSpace[],
  run: Progress,
): void {
  const failed = record.failed === 0 ? '' : `, ${record.failed} of which failed`
  run.note(`\n${record.trials} trials${failed}; ${nameOf(record.objective, record.k)}, mean ± deviation over folds:`)
  if (best.trial > 0) run.note(`  trial ${best.trial}  ${showMean(best)}  ${describeChoice(best.model, spaces)}`)
  if (current === undefined) run.note('  the current choice (trial 0) could not be evaluated')
  else run.note(`  trial 0  ${showMean(current)}  the current choice: ${describeChoice(current.model, spaces)}`)
  run.note(`  ${describeGain(best, gain)}\n`)
}

function describeGain(best: MeasuredTrial, gain: Gain | undefined): string {
  if (gain === undefined) return 'There is no trial to compare the best with'
  if (best.trial === 0) return 'No trial is better than the current choice'
  const { mean, standardDeviation, foldsBetter, folds } = gain
  const flattered = 'The best of many trials is optimistic; the test is not'
  if (folds === 1) return `The best is ${showFigure(mean)} better on the only fold: that may be chance. ${flattered}`
  const isClear = mean > standardDeviation && foldsBetter === folds
  return (
    `The best is ${showFigure(mean)} better, ± ${showFigure(standardDeviation)} over folds, and on ${foldsBetter} of ${folds}: ` +
    `${isClear ? 'more than the folds differ' : 'that may be chance'}. ${flattered}`
  )
}

export function showMean({ folds, mean, standardDeviation }: MeasuredTrial): string {
  return folds.length === 1 ? showFigure(mean) : `${showFigure(mean)} ± ${showFigure(standardDeviation)}`
}

/** Log losses of rare frauds are small, and their digits count as much. */
function showFigure(value: number): string {
  return value === 0 || Math.abs(value) >= 0.1 ? value.toFixed(4) : value.toPrecision(3)
}

/** An objective in words. */
export function nameOf(objective: string, k: number | undefined): string {
  return `${objective.replace('-', ' ')}${objective === 'card-precision' ? ` at ${k}` : ''}`
}
