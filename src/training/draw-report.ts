import type { Progress } from '../core/progress.ts'
import { pickNumbers } from '../core/rows.ts'
import { transformColumns } from '../data/scaler.ts'
import { permutationImportance } from '../evaluation/permutation-importance.ts'
import type { PolicyFigures } from '../evaluation/policy-figures.ts'
import type { TuningRecord } from '../models/bundle.ts'
import { renderReport } from '../report/render-report.ts'
import type { ReportInput, SearchSummary } from '../report/report-input.ts'
import { withRowsScorer } from '../scoring/rows-scorer.ts'
import { buildReport, countPart } from './build-report.ts'
import type { LabelledRows } from './labelled-rows.ts'
import type { Curve } from './learning-curve.ts'
import { costModelOn } from './mistake-costs.ts'
import { formatTime } from './read-input.ts'
import type { TestBreakdown } from './test-breakdown.ts'
import type { TrainingPlan } from './training-plan.ts'
import type { TrainingOutcome } from './training-run.ts'

/** What a training run says of itself, beside its plan. */
export interface Origin {
  readonly command: string
  /** The search that chose the model. */
  readonly search?: { readonly record: TuningRecord; readonly report: SearchSummary; readonly result: object }
}

/** The report of a training as a page. */
export async function drawReport(
  rows: LabelledRows,
  outcome: TrainingOutcome,
  plan: TrainingPlan,
  made: {
    readonly id: string
    /** Shrike's own. */
    readonly version: string
    readonly warnings: readonly string[]
    readonly command: string
    readonly policy: PolicyFigures
    readonly breakdown: TestBreakdown
    readonly learningCurves: readonly Curve[] | undefined
    readonly search: Origin['search']
  },
  run: Progress,
): Promise<string> {
  const { content, evaluation, test } = outcome
  const progress = run.begin('report')
  const importance = await measureImportance(rows, outcome, plan, run, (done, total) => progress.update(done, total))
  const html = renderReport(
    buildReport(rows, content, evaluation, test, {
      title: `${rows.detector.detector}: ${plan.members.map(({ learner }) => learner).join(' and ')}`,
      bundleId: made.id,
      version: made.version,
      command: made.command,
      policy: made.policy,
      split: describeSplit(rows, outcome, plan),
      ...(plan.objective?.kind === 'cost' && {
        cost: { ...costModelOn(rows, test.rows, plan.objective), asked: plan.objective.falseNegative },
      }),
      ...(outcome.calibrationRatio !== undefined && { calibrationRatio: outcome.calibrationRatio }),
      importance,
      breakdown: made.breakdown,
      ...(made.learningCurves && { learningCurves: made.learningCurves }),
      warnings: made.warnings,
      ...(made.search && { search: made.search.report }),
      includesTrainingRows: false,
    }),
  )
  progress.end()
  return html
}

async function measureImportance(
  rows: LabelledRows,
  { trained, scaling, content, test }: TrainingOutcome,
  { threads }: TrainingPlan,
  { signal }: Progress,
  onProgress: (done: number, total: number) => void,
): Promise<NonNullable<ReportInput['importance']>> {
  const { model } = trained
  const columns = rows.columns.map((column) => pickNumbers(column, test.rows))
  // The model that was evaluated: after a refit the bundle's has seen the test rows.
  const permutation = await withRowsScorer({ model }, { threads, signal }, (score) =>
    permutationImportance({
      // Scaled once, and not again with each shuffle.
      columns: scaling === undefined ? columns : transformColumns(scaling, columns),
      labels: test.labels,
      weights: test.weights,
      score,
      ...(model.kind === 'tree-ensemble' && { used: new Set(model.nodes.feature) }),
      seed: content.seed,
      hints: trained.importance,
      onProgress,
    }),
  )
  const features = rows.features.map((feature, i) => ({
    feature,
    ...(trained.importance && { splitGain: trained.importance[i] }),
    ...(permutation[i] && { permutation: permutation[i] }),
  }))
  return { metric: 'average precision', features }
}

function describeSplit(
  rows: LabelledRows,
  { parts, oversampled }: TrainingOutcome,
  plan: TrainingPlan,
): ReportInput['split'] {
  return {
    method: parts.boundary === undefined ? 'random' : 'time',
    ...(parts.boundary !== undefined && { boundary: formatTime(parts.boundary, rows.isoTimes) }),
    train: countPart(rows.labels, parts.fit),
    ...(parts.calibration && { calibration: countPart(rows.labels, parts.calibration) }),
    test: countPart(rows.labels, parts.test),
    unknownThen: parts.unknownThen,
    ...(oversampled && { oversampled }),
    ...(rows.weights && {
      weights: {
        ...(rows.weightColumn !== undefined && { column: rows.weightColumn }),
        use: plan.weightUse,
      },
    }),
    ...(rows.declined && { declined: rows.declined }),
  }
}
