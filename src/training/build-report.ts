import { everyRow, extent } from '../core/rows.ts'
import { z } from '../core/zod.ts'
import { classificationText } from '../evaluation/classification-report.ts'
import { type CostModel, outcomeAt, sweepThresholds, thresholdTable } from '../evaluation/cost.ts'
import { calibrationCurve, precisionRecallCurve, rocCurve, scoreHistogram } from '../evaluation/curves.ts'
import type { Evaluation } from '../evaluation/evaluation.ts'
import type { PolicyFigures } from '../evaluation/policy-figures.ts'
import type { BundleContent } from '../models/bundle.ts'
import type { PredictionThreshold } from '../models/prediction-threshold.ts'
import type { ColumnSummary, OptionValue, PartSummary, ReportInput } from '../report/report-input.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { formatTime } from './read-input.ts'
import type { ScoredRows } from './scored-rows.ts'

/** What a report shows beside what the rows, the bundle and the figures say. */
export interface ReportExtras {
  /** Shrike's own. */
  readonly version: string
  readonly title: string
  readonly bundleId: string
  readonly command: string
  readonly policy: PolicyFigures
  readonly split: ReportInput['split']
  readonly cost?: CostModel & { readonly asked: number | 'amount' }
  readonly calibrationRatio?: number
  readonly importance?: ReportInput['importance']
  readonly breakdown?: ReportInput['breakdown']
  readonly learningCurves?: ReportInput['learningCurves']
  readonly warnings: readonly string[]
  readonly includesTrainingRows: boolean
  readonly search?: ReportInput['search']
}

/** Puts together what `renderReport` draws: curves, tables and the run's own description. */
export function buildReport(
  rows: LabelledRows,
  content: BundleContent,
  evaluation: Evaluation,
  test: ScoredRows,
  extras: ReportExtras,
): ReportInput {
  const { labels, rawScores, probabilities, weights } = test
  const { threshold, calibration } = content
  return {
    title: extras.title,
    bundle: extras.bundleId,
    detector: content.detector.detector,
    learner: learnersOf(content),
    options: plainOptions(content.options),
    preset: content.preset,
    seed: content.seed,
    versions: { shrike: extras.version, nodeMajor: Number(process.versions.node.split('.')[0]), arch: process.arch },
    command: extras.command,
    data: summariseData(rows, weights !== undefined),
    split: extras.split,
    evaluation,
    policy: extras.policy,
    classificationText: classificationText(evaluation),
    calibration: {
      method: calibration.method,
      ...(extras.calibrationRatio !== undefined && { ratio: extras.calibrationRatio }),
    },
    threshold: { threshold, chosen: threshold.chosenBy },
    precisionRecall: precisionRecallCurve(labels, rawScores, weights),
    roc: rocPoints(labels, rawScores, weights),
    calibrationBins: calibrationCurve(labels, probabilities, weights, { bins: 10, strategy: 'uniform' }),
    scores: scoreHistogram(labels, probabilities, weights, { bins: 40 }),
    ...thresholdParts(test, threshold, extras.cost),
    ...(extras.importance && { importance: extras.importance }),
    ...(extras.breakdown && { breakdown: extras.breakdown }),
    ...(extras.learningCurves && { learningCurves: extras.learningCurves }),
    warnings: extras.warnings,
    includesTrainingRows: extras.includesTrainingRows,
    refit: content.training.refit,
    ...(content.tuning && { tuning: content.tuning }),
    ...(extras.search && { search: extras.search }),
  }
}

function rocPoints(labels: Uint8Array, rawScores: Float64Array, weights: Float64Array | undefined): ReportInput['roc'] {
  const { falsePositiveRate, truePositiveRate } = rocCurve(labels, rawScores, weights)
  return { falsePositiveRate, truePositiveRate }
}

const membersIn = z.array(z.looseObject({ learner: z.string() }))

function learnersOf({ learner, options: { members } }: BundleContent): string {
  const { data } = membersIn.safeParse(members)
  return data?.map((member) => member.learner).join(' and ') ?? learner
}

/** Those of an average's members are told by member. */
function plainOptions(options: Readonly<Record<string, unknown>>): Record<string, OptionValue> {
  const plain = ([name, value]: readonly [string, unknown]): (readonly [string, OptionValue])[] => {
    if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') return [[name, value]]
    const { data } = membersIn.safeParse(value)
    if (data === undefined) return [[name, value === null || value === undefined ? null : JSON.stringify(value)]]
    return data.map(({ learner, ...own }, i) => [
      `${i + 1}. ${learner}`,
      Object.entries(own)
        .map(([name, option]) => `${name} ${typeof option === 'number' ? option : JSON.stringify(option)}`)
        .join(', '),
    ])
  }
  return Object.fromEntries(Object.entries(options).flatMap(plain))
}

function thresholdParts(
  { labels, probabilities, weights }: ScoredRows,
  threshold: PredictionThreshold,
  cost: ReportExtras['cost'],
): Pick<ReportInput, 'thresholds' | 'cost'> {
  const sweep = sweepThresholds(labels, probabilities, weights, cost)
  const thresholds = thresholdTable(sweep, 200)
  if (cost === undefined) return { thresholds }
  const { cost: atThreshold = 0, savings = 0 } = outcomeAt(sweep, threshold)
  return { thresholds, cost: { falsePositive: cost.falsePositive, falseNegative: cost.asked, atThreshold, savings } }
}

function summariseData(
  { labels, weights, columns, features, source, fingerprint, times, isoTimes, badRows }: LabelledRows,
  weighted: boolean,
): ReportInput['data'] {
  const used = weighted ? weights : undefined
  let weight = 0
  let fraudWeight = 0
  labels.forEach((label, row) => {
    weight += used?.[row] ?? 1
    fraudWeight += label * (used?.[row] ?? 1)
  })
  const all = everyRow(labels.length)
  const period = times && extent(times, all)
  return {
    source,
    ...countPart(labels, all),
    fraudRate: fraudWeight / weight,
    ...(period && { period: { from: formatTime(period.from, isoTimes), to: formatTime(period.to, isoTimes) } }),
    fingerprint,
    badRowsSkipped: badRows.count,
    columns: features.map((name, i) => summariseColumn(name, columns[i])),
  }
}

export function countPart(labels: Uint8Array, part: Uint32Array): PartSummary {
  return { rows: part.length, frauds: part.reduce((sum, row) => sum + labels[row], 0) }
}

function summariseColumn(name: string, column: Float64Array): ColumnSummary {
  let known = 0
  let sum = 0
  let min = Infinity
  let max = -Infinity
  for (let row = 0; row < column.length; row++) {
    const value = column[row]
    if (Number.isNaN(value)) continue
    known++
    sum += value
    if (value < min) min = value
    if (value > max) max = value
  }
  const mean = sum / known
  let squares = 0
  for (let row = 0; row < column.length; row++) if (!Number.isNaN(column[row])) squares += (column[row] - mean) ** 2
  return { name, missing: column.length - known, mean, standardDeviation: Math.sqrt(squares / known), min, max }
}
