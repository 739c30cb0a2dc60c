import {
  formatGeneral,
  formatNumberOf,
  formatPercent,
  formatPower,
  formatThreshold,
  formatTick,
} from '../pages/format.ts'
import type { ChartSize, Figure } from './chart.ts'
import {
  type AxisOptions,
  colors,
  exponentsBetween,
  line,
  plot,
  shareTicks,
  thresholdLine,
  ticksUpTo,
  xAxis,
  yAxis,
} from './chart-parts.ts'
import type { CostSummary, ReportInput, ThresholdOutcome } from './report-input.ts'
import { type Panel, stackPanels } from './stacked-panels.ts'
import { type Point, thinPoints } from './thin.ts'

/** Below this the chosen threshold would stick to the left edge, so the axis grows by powers of ten. */
const smallThreshold = 0.02

interface ThresholdScale {
  readonly axis: AxisOptions
  readonly place: (threshold: number) => number
}

function scaleOf({ threshold: { threshold } }: ReportInput): ThresholdScale {
  if (!(threshold.value > 0 && threshold.value < smallThreshold)) {
    return {
      axis: { min: 0, max: 1, ticks: shareTicks, format: formatTick, name: 'Threshold' },
      place: (threshold) => threshold,
    }
  }
  const min = Math.max(-6, Math.floor(Math.log10(threshold.value)) - 1)
  return {
    axis: { min, max: 0, ticks: exponentsBetween(min, 0), format: formatPower, name: 'Threshold (powers of ten)' },
    place: (threshold) => Math.log10(threshold),
  }
}

/** One column over the thresholds, as far as it lies on the axis. */
function curveOf(
  { axis, place }: ThresholdScale,
  thresholds: readonly ThresholdOutcome[],
  read: (outcome: ThresholdOutcome) => number | undefined,
): readonly Point[] {
  const points = thresholds.flatMap((outcome): Point[] => {
    const x = place(outcome.threshold)
    const y = read(outcome)
    return y !== undefined && Number.isFinite(y) && x >= axis.min && x <= axis.max ? [[x, y]] : []
  })
  return thinPoints(points.sort((a, b) => a[0] - b[0]))
}

function readingOf({ evaluation, threshold }: ReportInput): string {
  const { fraud } = evaluation.classificationReport
  const { fp, tp } = evaluation.confusion
  const right = fp + tp > 0 ? `${formatPercent(fraud.precision)} of the alerts are right` : 'there is no alert'
  return `At threshold ${formatThreshold(threshold.threshold.value)}, ${formatPercent(fraud.recall)} of the frauds are caught and ${right}.`
}

export function tradeOffFigure(input: ReportInput): Figure {
  const { thresholds, threshold } = input
  const scale = scaleOf(input)
  const recall = curveOf(scale, thresholds, (outcome) => outcome.recall)
  const precision = curveOf(scale, thresholds, (outcome) => (outcome.alerts > 0 ? outcome.precision : undefined))
  const format = (share: number) => `${Math.round(share * 100)}%`
  const reading = readingOf(input)
  return {
    id: 'trade-off',
    title: 'What a threshold buys',
    text: 'A low threshold catches more frauds and stops more honest customers; a high one does the reverse.',
    legend: [
      { label: 'Frauds caught (recall)', color: colors.fraud, shape: 'line' },
      { label: 'Alerts right (precision)', color: colors.accent, shape: 'line' },
      { label: 'Threshold', color: colors.ink, shape: 'dashes' },
    ],
    summary: `Recall and precision over the threshold. ${reading}`,
    note: reading,
    chart:
      recall.length === 0
        ? 'There are no thresholds to compare.'
        : () => ({
            grid: plot,
            xAxis: xAxis(scale.axis),
            yAxis: yAxis({ min: 0, max: 1, ticks: shareTicks, format, name: 'Share' }),
            series: [
              line(recall, { color: colors.fraud }),
              line(precision, { color: colors.accent }),
              ...thresholdLine(scale.place(threshold.threshold.value), '', { ...scale.axis, bottom: 0, top: 1 }),
            ],
          }),
  }
}

function highestOf(points: readonly Point[]): number {
  return points.reduce((highest, [, y]) => Math.max(highest, y), 0)
}

function alertsPanel(points: readonly Point[]): Panel {
  const top = Math.max(1, highestOf(points)) + 0.1
  return {
    name: 'Alerts (powers of ten)',
    bottom: 0,
    top,
    ticks: exponentsBetween(0, top),
    format: formatPower,
    series: (index) => [line(points, { color: colors.accent, area: 0.12, index })],
  }
}

/** The cost, cut off above what it costs to have no model: how much worse it gets beyond that is of no interest. */
function costPanel(points: readonly Point[], { atThreshold, savings }: CostSummary, { min, max }: AxisOptions): Panel {
  const noModel = atThreshold + savings
  const isKnown = Number.isFinite(noModel) && noModel > 0
  const ticks = ticksUpTo(isKnown ? Math.max(noModel, atThreshold) * 1.1 : highestOf(points))
  const reference: readonly Point[] = [
    [min, noModel],
    [max, noModel],
  ]
  return {
    name: 'Cost',
    bottom: 0,
    top: ticks.at(-1) ?? 1,
    ticks,
    format: formatTick,
    series: (index) => [
      ...(isKnown ? [line(reference, { color: colors.muted, width: 1.25, dashed: true, index })] : []),
      line(points, { color: colors.fraud, area: 0.12, index }),
    ],
  }
}

/** What was paid at the threshold, and what would have been paid at the best one, which nobody knew. */
function costText({ falsePositive, falseNegative, atThreshold, savings }: CostSummary, input: ReportInput): string {
  const missed = falseNegative === 'amount' ? 'its amount' : formatGeneral(falseNegative)
  const against = `${formatGeneral(Math.abs(savings))} ${savings < 0 ? 'more' : 'less'} than with no model`
  const least = input.thresholds.reduce<ThresholdOutcome | undefined>(
    (best, outcome) => ((outcome.cost ?? Number.NaN) >= (best?.cost ?? Number.POSITIVE_INFINITY) ? best : outcome),
    undefined,
  )
  const hindsight =
    least?.cost === undefined || least.cost >= atThreshold
      ? ''
      : ` In hindsight ${formatThreshold(least.threshold)} would have cost ${formatGeneral(least.cost)}.`
  return `A false alarm costs ${formatGeneral(falsePositive)} and a missed fraud ${missed}: together ${formatGeneral(atThreshold)}, ${against}.${hindsight}`
}

export function workloadFigure(input: ReportInput): Figure {
  const { threshold, thresholds, evaluation, cost } = input
  const scale = scaleOf(input)
  const alerts = curveOf(scale, thresholds, (outcome) => Math.log10(Math.max(outcome.alerts, 1)))
  const costs = curveOf(scale, thresholds, (outcome) => outcome.cost)
  const panels = [...(cost === undefined ? [] : [costPanel(costs, cost, scale.axis)]), alertsPanel(alerts)]
  const value = threshold.threshold.value
  const named = { at: scale.place(value), words: `threshold ${formatThreshold(value)}` }
  const { fp, tp, tn, fn } = evaluation.confusion
  const work = `At the threshold: ${formatNumberOf(fp + tp, 'alert')}, ${formatPercent((fp + tp) / (fp + tp + tn + fn))} of all transactions.`
  const chart =
    alerts.length === 0
      ? 'There are no thresholds to compare.'
      : (size: ChartSize) => stackPanels(panels, scale.axis, named, size)
  if (cost === undefined) {
    return {
      id: 'workload',
      title: 'Alerts by threshold',
      text: 'How many alerts have to be reviewed. Their cost is not shown, because the costs of a false alarm and a missed fraud were not given.',
      summary: `Alerts over the threshold. ${work}`,
      note: work,
      chart,
    }
  }
  return {
    id: 'workload',
    title: 'Cost and alerts by threshold',
    text: 'What false alarms and missed frauds cost together, and how many alerts have to be reviewed.',
    legend: [
      { label: 'Cost', color: colors.fraud, shape: 'line' },
      { label: 'Without a model', color: colors.muted, shape: 'dashes' },
      { label: 'Alerts', color: colors.accent, shape: 'line' },
    ],
    summary: `Cost and alerts over the threshold. ${work}`,
    note: `${work} ${costText(cost, input)}`,
    chart,
  }
}
