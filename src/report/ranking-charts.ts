import type { Evaluation, Interval } from '../evaluation/evaluation.ts'
import type { LegendEntry } from '../pages/figure.ts'
import { formatMetric } from '../pages/format.ts'
import type { ChartOption, ChartSize, Figure, Series } from './chart.ts'
import { colors, diagonal, dots, line, plot, shareTicks, xAxis, yAxis } from './chart-parts.ts'
import type { ReportInput } from './report-input.ts'
import { type Point, pointsOf, thinPoints } from './thin.ts'

const formatShare = (share: number) => `${Math.round(share * 100)}%`
const unit = { min: 0, max: 1, ticks: shareTicks, format: formatShare }

const legend: readonly LegendEntry[] = [
  { label: 'Model', color: colors.accent, shape: 'line' },
  { label: 'At the threshold', color: colors.ink, shape: 'point' },
  { label: 'Guessing', color: colors.muted, shape: 'dashes' },
]

/** The stairs that average precision sums up: each precision holds from the recall before it. */
function stairs(points: readonly Point[]): readonly Point[] {
  return points.flatMap((point, index): Point[] => (index === 0 ? [point] : [[points[index - 1][0], point[1]], point]))
}

interface OperatingPoint {
  readonly at: Point
  readonly horizontal?: Interval | undefined
  readonly vertical?: Interval | undefined
}

/** Where the threshold puts the model, with its intervals as a cross. */
function operatingPoint({ at: [x, y], horizontal, vertical }: OperatingPoint, index = 0): readonly Series[] {
  if (!Number.isFinite(x) || !Number.isFinite(y)) return []
  const look = { color: colors.ink, width: 1.5, index }
  const across: Point[] =
    horizontal === undefined
      ? []
      : [
          [horizontal.lower, y],
          [horizontal.upper, y],
        ]
  const upward: Point[] =
    vertical === undefined
      ? []
      : [
          [x, vertical.lower],
          [x, vertical.upper],
        ]
  return [line(across, look), line(upward, look), dots([[x, y]], { color: colors.ink, index })]
}

function withInterval(value: number, interval: Interval | undefined): string {
  if (interval === undefined) return formatMetric(value)
  return `${formatMetric(value)} (95% interval ${formatMetric(interval.lower)} to ${formatMetric(interval.upper)})`
}

/** Frauds over all rows, as weighted. */
export function fraudRateOf({ confusion: { tn, fp, fn, tp } }: Evaluation): number {
  return (tp + fn) / (tn + fp + fn + tp)
}

export function precisionRecallFigure({ evaluation, precisionRecall }: ReportInput): Figure {
  const points = thinPoints(stairs(pointsOf(precisionRecall.recall, precisionRecall.precision)))
  const guessing = fraudRateOf(evaluation)
  const { fraud } = evaluation.classificationReport
  const { recall, precision } = evaluation.intervals
  const area = withInterval(evaluation.averagePrecision, evaluation.intervals.averagePrecision)
  return {
    id: 'precision-recall',
    title: 'Precision and recall',
    text: 'Lowering the threshold moves to the right: more frauds are caught, and fewer alerts are right. The further the line stays up, the better.',
    legend,
    summary: `Precision over recall. Average precision ${area}; guessing would reach ${formatMetric(guessing)}.`,
    note: `Average precision, the area below the line, is ${area}; guessing reaches ${formatMetric(guessing)}.`,
    chart:
      points.length === 0
        ? 'Without frauds in the test rows there is no curve.'
        : () => ({
            grid: plot,
            xAxis: xAxis({ ...unit, name: 'Frauds caught (recall)' }),
            yAxis: yAxis({ ...unit, name: 'Alerts that are right (precision)' }),
            series: [
              line(
                [
                  [0, guessing],
                  [1, guessing],
                ],
                { color: colors.muted, width: 1.25, dashed: true },
              ),
              line(points, { color: colors.accent, area: 0.12 }),
              ...operatingPoint({ at: [fraud.recall, fraud.precision], horizontal: recall, vertical: precision }),
            ],
          }),
  }
}

/** The stretch of false positive rates that the inset enlarges: few legitimate transactions can be stopped. */
const insetUpTo = 0.02

interface RocInset {
  readonly points: readonly Point[]
  readonly threshold: readonly Series[]
}

/** The ROC curve, and in its lower right, which a good curve leaves empty, its beginning. */
function drawRoc(
  points: readonly Point[],
  threshold: readonly Series[],
  inset: RocInset,
  size: ChartSize,
): ChartOption {
  const left = size.width * 0.45
  const top = size.height * 0.42
  const hasInset = inset.points.length > 1
  const place = (x: number) => (x - plot.left) / (size.width - plot.left - plot.right)
  const height = 1 - (top - 18 - plot.top) / (size.height - plot.top - plot.bottom)
  // Hides what the large plot has behind the small one.
  const cover: Point[] = [
    [place(left - 42), height],
    [place(size.width - 24), height],
  ]
  return {
    grid: [plot, ...(hasInset ? [{ ...plot, left, top, right: 34, bottom: plot.bottom + 34 }] : [])],
    xAxis: [
      xAxis({ ...unit, name: 'Legitimate stopped (false positive rate)' }),
      ...(hasInset
        ? [xAxis({ min: 0, max: insetUpTo, ticks: [0, 0.01, 0.02], format: formatShare, gridIndex: 1, z: 4 })]
        : []),
    ],
    yAxis: [
      yAxis({ ...unit, name: 'Frauds caught (true positive rate)' }),
      ...(hasInset ? [yAxis({ min: 0, max: 1, ticks: [0, 0.5, 1], format: formatShare, gridIndex: 1, z: 4 })] : []),
    ],
    series: [
      line(diagonal, { color: colors.muted, width: 1.25, dashed: true }),
      ...(hasInset ? [line(cover, { color: colors.surface, width: 0, area: 1, z: 3 })] : []),
      line(points, { color: colors.accent }),
      ...threshold,
      ...(hasInset ? [line(inset.points, { color: colors.accent, index: 1, z: 5 }), ...inset.threshold] : []),
    ],
  }
}

export function rocFigure({ evaluation, roc }: ReportInput): Figure {
  const all = pointsOf(roc.falsePositiveRate, roc.truePositiveRate)
  const points = thinPoints(all)
  const { tn, fp } = evaluation.confusion
  const at: Point = [fp / (fp + tn), evaluation.classificationReport.fraud.recall]
  const vertical = evaluation.intervals.recall
  const area = withInterval(evaluation.rocAuc, evaluation.intervals.rocAuc)
  const inset: RocInset = {
    points: evaluation.rocAuc > 0.75 ? thinPoints(all.filter(([rate]) => rate <= insetUpTo)) : [],
    threshold: at[0] <= insetUpTo ? operatingPoint({ at, vertical }, 1) : [],
  }
  const enlarged = inset.points.length > 1 ? ' Few can be, so the small plot enlarges the first 2%.' : ''
  return {
    id: 'roc',
    title: 'ROC curve',
    text: `How many frauds are caught for each share of legitimate transactions that is stopped by mistake.${enlarged}`,
    legend,
    summary: `True over false positive rate. The area below the curve is ${area}.`,
    note: `The area, ROC AUC, is ${area}: how often a fraud scores above a legitimate transaction. Where fraud is rare even a poor model comes near 1; prefer average precision.`,
    chart:
      points.length === 0
        ? 'Without both frauds and legitimate rows among the test rows there is no curve.'
        : (size) => drawRoc(points, operatingPoint({ at, vertical }), inset, size),
  }
}
