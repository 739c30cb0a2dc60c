import { formatCount, formatMetric, formatPower, formatTick } from '../pages/format.ts'
import type { Figure, Series } from '../report/chart.ts'
import { colors, dots, exponentsBetween, line, plot, ticksUpTo, xAxis, yAxis } from '../report/chart-parts.ts'
import type { LabelFigures, ScoreFigures } from './comparison-figures.ts'

/** An axis of scores: plain, or in powers of ten where most are small, as scores of fraud are. */
function axisFor(values: readonly number[]) {
  const small = values.filter((value) => value < 0.05).length
  if (small <= values.length / 2) {
    const highest = values.reduce((most, value) => Math.max(most, value), 0)
    const max = [0.1, 0.25, 0.5].find((each) => highest <= each) ?? 1
    return { ...{ min: 0, max, ticks: ticksUpTo(max), format: formatTick }, place: (value: number) => value }
  }
  const least = values.reduce((lowest, value) => (value > 0 ? Math.min(lowest, value) : lowest), 1)
  const floor = Math.max(-5, Math.floor(Math.log10(least)))
  const place = (value: number) => Math.max(floor, Math.log10(value))
  return { ...{ min: floor, max: 0, ticks: exponentsBetween(floor, 0), format: formatPower }, place }
}

function diagonalOf({ min, max }: { readonly min: number; readonly max: number }): Series {
  return line(
    [
      [min, min],
      [max, max],
    ],
    { color: colors.muted, width: 1.25, dashed: true },
  )
}

/** The scores of one model over those of the other. */
export function scoresFigure({ points, pearson, spearman, transactions }: ScoreFigures): Figure {
  const { place, ...axis } = axisFor(points.flatMap(({ a, b }) => [a, b]))
  const kinds = [
    { isFraud: false, color: colors.legitimate },
    { isFraud: true, color: colors.fraud },
  ]
  const powers = axis.min < 0 ? ' Both axes grow by powers of ten.' : ''
  const alike = spearman === null ? '' : ` Spearman's rank correlation is ${formatMetric(spearman)}.`
  return {
    id: 'score-pairs',
    title: 'Scores against each other',
    text: `Each point is a transaction: ${formatCount(points.length)} of ${formatCount(transactions)}, with more of the frauds. On the dashed line both models say the same; above it B is more certain of fraud.${powers}`,
    legend: [
      { label: 'Known frauds', color: colors.fraud, shape: 'point' },
      { label: 'Others', color: colors.legitimate, shape: 'point' },
      { label: 'The same', color: colors.muted, shape: 'dashes' },
    ],
    summary: `Scores of model B over those of model A.${alike}`,
    note:
      pearson === null
        ? 'A model gives all the same score.'
        : `Pearson's correlation is ${formatMetric(pearson)}.${alike}`,
    chart: () => ({
      grid: plot,
      xAxis: xAxis({ ...axis, name: 'Score of A' }),
      yAxis: yAxis({ ...axis, name: 'Score of B' }),
      series: [
        diagonalOf(axis),
        ...kinds.map(({ isFraud, color }) =>
          dots(
            points.filter((point) => point.isFraud === isFraud).map(({ a, b }) => [place(a), place(b)] as const),
            { color, size: 5 },
          ),
        ),
      ],
    }),
  }
}

/** What each model predicted, and what came. */
export function calibrationFigures({ calibration }: LabelFigures): readonly Figure[] {
  const all = [...calibration.a.bins, ...calibration.b.bins]
  const { place, ...axis } = axisFor(all.flatMap(({ predicted, upper }) => [predicted, predicted, predicted, upper]))
  return (['a', 'b'] as const).map((side): Figure => {
    const { bins, ratio } = calibration[side]
    const name = side.toUpperCase()
    const color = side === 'a' ? colors.legitimate : colors.accent
    const lost = axis.min < 0 && bins.some(({ observed }) => observed === 0)
    return {
      id: `calibration-${side}`,
      title: `Calibration of ${name}`,
      text: `Transactions by their score, in up to ten parts of the same size. On the dashed line as much fraud came as was predicted; below it ${name} expects too much.`,
      legend: [
        { label: 'Came, with 95% interval', color, shape: 'point' },
        { label: 'Perfect', color: colors.muted, shape: 'dashes' },
      ],
      summary: `Share of fraud over mean score of model ${name}, whose ratio is ${formatMetric(ratio)}.`,
      note: `It expects ${formatMetric(ratio)} times as much fraud as came.${lost ? ' A hollow point had none at all.' : ''}`,
      chart: () => ({
        grid: plot,
        xAxis: xAxis({ ...axis, name: 'Mean score' }),
        yAxis: yAxis({ ...axis, name: 'Share of fraud' }),
        series: [
          diagonalOf(axis),
          ...bins.map(({ predicted, lower, upper }) =>
            line(
              [
                [place(predicted), place(lower)],
                [place(predicted), place(upper)],
              ],
              { color, width: 1.5 },
            ),
          ),
          ...[false, true].map((hollow) =>
            dots(
              bins
                .filter(({ observed }) => (axis.min < 0 && observed === 0) === hollow)
                .map(({ predicted, observed }) => [place(predicted), place(observed)] as const),
              { color, hollow },
            ),
          ),
        ],
      }),
    }
  })
}
