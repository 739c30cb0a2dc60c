import { formatMetric, formatNumberOf, formatPower, formatThreshold, formatTick } from '../pages/format.ts'
import type { Figure, Series } from './chart.ts'
import { colors, dots, exponentsBetween, line, plot, shareTicks, xAxis, yAxis } from './chart-parts.ts'
import type { Numbers, ReportInput } from './report-input.ts'
import { type Panel, stackPanels } from './stacked-panels.ts'
import type { Point } from './thin.ts'

/** The largest count, and the floor that an empty bin stays on: below the smallest count, for a logarithm has no zero. */
function heightRange(counts: Numbers): { readonly floor: number; readonly top: number } {
  const heights = Array.from(counts).filter((count) => count > 0 && Number.isFinite(count))
  const smallest = heights.reduce((least, count) => Math.min(least, count), 1)
  const largest = heights.reduce((most, count) => Math.max(most, count), 10)
  return { floor: Math.log10(smallest / 2), top: Math.log10(largest) + 0.15 }
}

/** The bars of a histogram, their heights as exponents of ten, one pen stroke each; an empty bin has none. */
function barsOf(edges: Numbers, counts: Numbers, floor: number): readonly (Point | undefined)[] {
  return Array.from(counts).flatMap((count, bin) => {
    if (!(count > 0) || !Number.isFinite(count)) return []
    const height = Math.log10(count)
    const [left, right] = [edges[bin], edges[bin + 1]]
    return [[left, floor], [left, height], [right, height], [right, floor], undefined] as const
  })
}

/** What the line between left and right costs on both of its sides. */
function scoreNote({ evaluation: { confusion }, threshold: { threshold } }: ReportInput): string {
  const { fn, fp } = confusion
  return `At threshold ${formatThreshold(threshold.value)}, ${formatNumberOf(fn, 'fraud')} on its left ${Math.round(fn) === 1 ? 'is' : 'are'} missed, and ${formatNumberOf(fp, 'legitimate transaction')} on its right ${Math.round(fp) === 1 ? 'raises an alert' : 'raise alerts'}.`
}

export function scoreFigure(input: ReportInput): Figure {
  const { edges, legitimate, fraud } = input.scores
  const { weights } = input.split
  const unit = weights === undefined || weights.use === 'training' ? 'transactions' : 'weight'
  const panelOf = (name: string, counts: Numbers, color: string): Panel => {
    const { floor, top } = heightRange(counts)
    return {
      name: `${name} (${unit}, powers of ten)`,
      bottom: floor,
      top,
      ticks: exponentsBetween(0, top),
      format: formatPower,
      series: (index) => [line(barsOf(edges, counts, floor), { color, width: 1.25, area: 0.3, index })],
    }
  }
  const panels = [panelOf('Frauds', fraud, colors.fraud), panelOf('Legitimate', legitimate, colors.legitimate)]
  const axis = {
    min: edges[0],
    max: edges[edges.length - 1],
    ticks: shareTicks,
    format: formatTick,
    name: 'Predicted probability of fraud',
  }
  const at = input.threshold.threshold.value
  return {
    id: 'scores',
    title: 'Scores by class',
    text: "How the probabilities are distributed. A good model puts frauds to the right and everything else to the left; where they overlap, the model can't separate them.",
    legend: [
      { label: 'Frauds', color: colors.fraud, shape: 'block' },
      { label: 'Legitimate', color: colors.legitimate, shape: 'block' },
      { label: 'Threshold', color: colors.ink, shape: 'dashes' },
    ],
    summary:
      'Histograms of the predicted probability for frauds and for legitimate transactions, counts on a logarithmic scale.',
    note: scoreNote(input),
    chart:
      fraud.length === 0
        ? 'There are no scores to show.'
        : (size) => stackPanels(panels, axis, { at, words: `threshold ${formatThreshold(at)}` }, size),
  }
}

interface CalibrationPoint {
  readonly predicted: number
  readonly observed: number
  readonly lower: number
  readonly upper: number
}

function calibrationPoints({
  calibrationBins: { predicted, observed, intervals },
}: ReportInput): readonly CalibrationPoint[] {
  return Array.from(predicted, (value, bin) => ({
    predicted: value,
    observed: observed[bin],
    ...intervals[bin],
  })).filter((point) => Object.values(point).every(Number.isFinite))
}

/** Most bins of a rare class crowd at zero; then powers of ten keep them apart. */
function isCrowded(points: readonly CalibrationPoint[]): boolean {
  return points.filter(({ predicted }) => predicted < 0.05).length > points.length / 2
}

/** Where a share lies on an axis from `floor` to 1 in powers of ten, or from 0 to 1 as it is. */
function place(share: number, floor: number | undefined): number {
  return floor === undefined ? share : Math.max(floor, Math.log10(share))
}

function calibrationText({ calibration, evaluation }: ReportInput): string {
  const ratio = evaluation.calibrationRatio
  const size = `On the test rows the model expects ${formatMetric(ratio)} times as much fraud as there is`
  const side = Math.abs(ratio - 1) <= 0.1 ? 'about right' : ratio > 1 ? 'too much' : 'too little'
  const before =
    calibration.ratio === undefined ? '' : ` On the calibration rows it was ${formatMetric(calibration.ratio)} times.`
  const how = {
    none: 'The scores are not calibrated.',
    platt: 'Calibrated by Platt scaling.',
    isotonic: 'Calibrated by isotonic regression.',
    rank: 'They are ranks among transactions, and not probabilities: the model learned without labels.',
  }
  return Number.isFinite(ratio) ? `${size}: ${side}.${before} ${how[calibration.method]}` : how[calibration.method]
}

export function calibrationFigure(input: ReportInput): Figure {
  const points = calibrationPoints(input)
  const smallest = points.reduce((least, { predicted }) => Math.min(least, predicted > 0 ? predicted : 1), 1)
  const floor = isCrowded(points) ? Math.max(-6, Math.floor(Math.log10(smallest))) : undefined
  const axis =
    floor === undefined
      ? { min: 0, max: 1, ticks: shareTicks, format: formatTick }
      : { min: floor, max: 0, ticks: exponentsBetween(floor, 0), format: formatPower }
  const isEmpty = ({ observed }: CalibrationPoint) => floor !== undefined && observed === 0
  const scale = floor === undefined ? '' : ' Both axes grow by powers of ten.'
  const hollow = points.some(isEmpty) ? ' A hollow point found no fraud at all.' : ''
  return {
    id: 'calibration',
    title: 'Calibration',
    text: `Whether 10 of 100 transactions with score 0.1 really are fraud. Points on the dashed line are right; below it the model expects too much fraud.${scale}${hollow}`,
    legend: [
      { label: 'Found, with 95% interval', color: colors.accent, shape: 'point' },
      { label: 'Perfect', color: colors.muted, shape: 'dashes' },
    ],
    summary: `Fraud rate found over probability predicted. ${calibrationText(input)}`,
    note: calibrationText(input),
    chart:
      points.length === 0
        ? 'There are no rows to compare predictions with.'
        : () => ({
            grid: plot,
            xAxis: xAxis({ ...axis, name: 'Predicted probability' }),
            yAxis: yAxis({ ...axis, name: 'Fraud rate found' }),
            series: [
              line(
                [
                  [axis.min, axis.min],
                  [axis.max, axis.max],
                ],
                { color: colors.muted, width: 1.25, dashed: true },
              ),
              ...points.map(({ predicted, lower, upper }): Series => {
                const x = place(predicted, floor)
                return line(
                  [
                    [x, place(lower, floor)],
                    [x, place(upper, floor)],
                  ],
                  { color: colors.accent, width: 1.5 },
                )
              }),
              // On a logarithmic axis a bin without fraud has no place of its own: it stands hollow on the floor.
              ...[false, true].map((isHollow) =>
                dots(
                  points
                    .filter((point) => isEmpty(point) === isHollow)
                    .map(({ predicted, observed }): Point => [place(predicted, floor), place(observed, floor)]),
                  { color: colors.accent, hollow: isHollow },
                ),
              ),
            ],
          }),
  }
}
