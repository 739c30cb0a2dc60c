import { showEstimate } from '../evaluation/supported-digits.ts'
import { formatCount, formatMetric, formatNumberOf, formatTick } from '../pages/format.ts'
import { html, type Markup, nothing } from '../pages/html.ts'
import { drawFigure, type Figure, type Series } from './chart.ts'
import { colors, dots, line, plot, ticksUpTo, xAxis, yAxis } from './chart-parts.ts'
import type { LearningCurveSummary, ReportInput } from './report-input.ts'
import type { Point } from './thin.ts'

const looks = {
  frauds: { color: colors.accent, name: 'Frauds' },
  history: { color: colors.legitimate, name: 'History' },
}

/** On a scale that doubles. */
const places = [-3, -2, -1, 0, 1, 2]
const formatTimes = (exponent: number) => (exponent < 0 ? `1/${2 ** -exponent}` : `${2 ** exponent}×`)

function seriesOf({ by, points, forecast = [] }: LearningCurveSummary): readonly Series[] {
  const { color } = looks[by]
  const measured = points.map(({ share, averagePrecision }): Point => [Math.log2(share), averagePrecision])
  const ahead = forecast.map(({ times, averagePrecision }): Point => [Math.log2(times), averagePrecision.value])
  const ends = forecast.map(({ times, averagePrecision: { lower, upper } }): readonly Point[] => {
    // The lines of the two curves stand beside each other.
    const x = Math.log2(times) + (by === 'frauds' ? 0.03 : -0.03)
    return [
      [x, lower],
      [x, upper],
    ]
  })
  return [
    line(meanByPlace(measured), { color, width: 1.5 }),
    line([...meanByPlace(measured).slice(-1), ...ahead], { color, width: 1.5, dashed: true }),
    ...ends.map((each) => line(each, { color, width: 1.5 })),
    dots(measured, { color, size: 6 }),
    dots(ahead, { color, size: 7, hollow: true }),
  ]
}

function meanByPlace(points: readonly Point[]): Point[] {
  const byPlace = Map.groupBy(points, ([x]) => x)
  return [...byPlace].map(([x, each]) => [x, each.reduce((sum, [, y]) => sum + y, 0) / each.length])
}

function highest({ points, forecast = [] }: LearningCurveSummary): number {
  const measured = points.map(({ averagePrecision }) => averagePrecision)
  return Math.max(...measured, ...forecast.map(({ averagePrecision }) => averagePrecision.upper))
}

function tell({ by, forecast = [], check }: LearningCurveSummary): string {
  const told = forecast.map(({ times, frauds, averagePrecision }) => {
    const { value, lower, upper } = showEstimate(averagePrecision)
    const what = by === 'frauds' ? `${formatNumberOf(frauds, 'fraud')}` : `${times} times the history`
    return `${what}: ${value} (${lower} to ${upper})`
  })
  const checked =
    check === undefined
      ? ''
      : ` From the points up to a half, ${formatMetric(check.expected.lower)} to ${formatMetric(check.expected.upper)} was expected of the whole, and ${formatMetric(check.measured)} measured: ${check.isWithin ? 'within' : 'outside, so trust the forecast less'}.`
  return `${looks[by].name}: ${told.join('; ') || 'too few points to look ahead'}.${checked}`
}

/** What more labels and more history were worth so far, and where that leads. */
export function learningSection({ learningCurves = [] }: ReportInput): Markup {
  if (learningCurves.length === 0) return nothing
  const ticks = ticksUpTo(Math.max(...learningCurves.map(highest)))
  const figure: Figure = {
    id: 'learning-curve',
    title: 'What more labels are worth',
    text: 'Average precision on the same test rows, after learning from a part. Dots were measured; circles with 95% intervals are where an inverse power law leads.',
    legend: learningCurves.map(({ by }) => ({ label: looks[by].name, color: looks[by].color, shape: 'line' as const })),
    summary: learningCurves.map(tell).join(' '),
    note: learningCurves.map(tell).join(' '),
    chart: () => ({
      grid: plot,
      xAxis: xAxis({ min: -3, max: 2, ticks: places, format: formatTimes, name: 'Of what was learned from' }),
      yAxis: yAxis({ min: 0, max: Math.max(...ticks), ticks, format: formatTick, name: 'Average precision' }),
      series: learningCurves.flatMap(seriesOf),
    }),
  }
  const rows = learningCurves.flatMap(({ by, points }) =>
    points.map(
      ({ share, rows: count, frauds, averagePrecision }) =>
        html`<tr><th scope="row">${looks[by].name}, ${share === 1 ? 'all' : formatTimes(Math.log2(share))}</th><td>${formatCount(count)}</td><td>${formatCount(frauds)}</td><td>${formatMetric(averagePrecision)}</td></tr>
`,
    ),
  )
  return html`<section id="learning">
<h2>Learning curve</h2>
<p class="intro">Whether labels or history are what the model lacks. The intervals speak of which rows were learned from, not of which were tested on.</p>
<div class="grid">${drawFigure(figure)}</div>
<details class="card"><summary>All points</summary>
<div class="scroll"><table><thead><tr><th scope="col">Learned from</th><th scope="col">Rows</th><th scope="col">Frauds</th><th scope="col">Average precision</th></tr></thead>
<tbody>${rows}</tbody></table></div></details>
</section>
`
}
