import type { SegmentFigures } from '../evaluation/segment-figures.ts'
import { type Estimate, showEstimate, showShare } from '../evaluation/supported-digits.ts'
import { type BarRow, drawBarRows } from '../pages/bar-rows.ts'
import { frameFigure } from '../pages/figure.ts'
import { formatCount, formatTick } from '../pages/format.ts'
import { breakable, html, type Markup, nothing } from '../pages/html.ts'
import type { BreakdownSummary, DriftSummary, PeriodSummary, ReportInput } from './report-input.ts'

/** A value, and below it the ends of its interval. */
function between(estimate: Estimate | undefined, isShare: boolean, isWeak = false): Markup {
  if (estimate === undefined) return html`<td>–</td>`
  const { value, lower, upper } = isShare ? showShare(estimate) : showEstimate(estimate)
  const unit = isShare ? '%' : ''
  const shown = isWeak ? html`<b>${value}${unit}</b>` : html`${value}${unit}`
  return html`<td>${shown}<small>${lower} to ${upper}${unit}</small></td>`
}

function count(value: number): string {
  return value < 10 ? String(Number(value.toFixed(1))) : formatCount(value)
}

/** Frauds that the probabilities add up to, and those that came. */
function calibration({ expected, found, weakIn }: SegmentFigures): Markup {
  const told = `${count(expected)} / ${count(found.value)}`
  const shown = weakIn.includes('calibration') ? html`<b>${told}</b>` : html`${told}`
  return html`<td>${shown}<small>${count(found.lower)} to ${count(found.upper)}</small></td>`
}

function figureCells(figures: SegmentFigures): Markup {
  const { rows, averagePrecision, recall, precision, weakIn } = figures
  return html`<td>${formatCount(rows)}</td>${between(averagePrecision, false)}${between(recall, true, weakIn.includes('recall'))}${between(precision, true)}${calibration(figures)}`
}

function heads(first: string, more: readonly string[] = []): Markup {
  const names = [first, 'Rows', 'Average precision', 'Recall', 'Precision', 'Frauds expected / found', ...more]
  return html`<thead><tr>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>`
}

function weakMark({ weakIn }: SegmentFigures): Markup {
  return weakIn.length === 0 ? nothing : html`<small class="weak">weak: ${weakIn.join(' and ')}</small>`
}

function divisionBody({ by, groups }: BreakdownSummary['segments'][number]): Markup {
  const rows = groups.map(
    (figures) => html`<tr><th scope="row">${figures.name}${weakMark(figures)}</th>${figureCells(figures)}</tr>
`,
  )
  return html`<tbody><tr><th scope="rowgroup" class="by" colspan="6">${breakable(by)}</th></tr>
${rows}</tbody>
`
}

function divisionTable(segments: BreakdownSummary['segments']): Markup {
  if (segments.length === 0) return nothing
  return html`<div class="card"><h3>By segment</h3>
<div class="scroll"><table>${heads('')}
${segments.map(divisionBody)}</table></div></div>
`
}

/** A PSI below a thousandth is none. */
function psiOf(value: number): string {
  return value.toFixed(3)
}

function drift(summary: DriftSummary | undefined): Markup {
  if (summary === undefined) return html`<td>–</td>`
  const { feature, psi } = summary
  const moved = psi.lower > 0.1 ? html`<b>${psiOf(psi.value)}</b>` : html`${psiOf(psi.value)}`
  return html`<td>${moved}<small>${feature === undefined ? '' : `${feature}, `}chance ${psiOf(psi.noise)}</small></td>`
}

function periodTable({ unit, groups }: NonNullable<BreakdownSummary['periods']>): Markup {
  const hasDrift = groups.some((group) => group.drift !== undefined)
  const rows = groups.map((figures: PeriodSummary) => {
    const drifts = hasDrift ? html`${drift(figures.drift?.score)}${drift(figures.drift?.features[0])}` : nothing
    return html`<tr><th scope="row">${figures.name}${weakMark(figures)}</th>${figureCells(figures)}${drifts}</tr>
`
  })
  const about = hasDrift
    ? html`<p class="note">PSI: how far the score is from the other periods, and the input that moved most from the training rows; below it what chance alone brings. Above 0.1 beyond chance is bold.</p>`
    : nothing
  return html`<div class="card"><h3>By time</h3>
<div class="scroll"><table class="by-time">${heads(`${unit} from`, hasDrift ? ['PSI of the score', 'PSI of an input'] : [])}
<tbody>${rows}</tbody></table></div>${about}</div>
`
}

/** More bars are a list, not a picture. */
const mostBars = 24

function periodChart({ unit, groups }: NonNullable<BreakdownSummary['periods']>): Markup {
  const shown = groups.slice(-mostBars)
  const bars = shown.flatMap(({ name, averagePrecision, frauds }): readonly BarRow[] => {
    if (averagePrecision === undefined) return []
    const { value, lower, upper } = averagePrecision
    const figure = `${showEstimate(averagePrecision).value}, ${frauds} ${frauds === 1 ? 'fraud' : 'frauds'}`
    return [{ name, figure, from: 0, to: value, tone: 'accent', spread: [lower, upper] }]
  })
  if (bars.length === 0) return nothing
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
  const left = groups.length > shown.length ? ` Shown are the last ${shown.length} of ${groups.length}.` : ''
  return frameFigure(
    {
      id: 'by-time',
      title: 'Average precision over the test',
      text: `One bar for each ${unit} with a fraud; the dark lines are 95% intervals.${left}`,
      note: 'Bars whose lines overlap may differ by chance alone.',
    },
    drawBarRows(bars, { name: 'Average precision', min: 0, max: 1, ticks, format: formatTick }),
  )
}

/** Where on the test rows the model is worth less. */
export function segmentSection({ breakdown }: ReportInput): Markup {
  if (!hasBreakdown(breakdown)) return nothing
  const { segments, periods } = breakdown
  return html`<section id="segments">
<h2>Segments and time</h2>
<p class="intro">Where the model is strong and where it is weak, with 95% intervals. Marked as weak is what is worse than on all test rows by more than chance explains among so many lines.</p>
${divisionTable(segments)}
${periods === undefined ? nothing : html`${periodTable(periods)}${periodChart(periods)}`}
</section>
`
}

/** Whether there is anything to show. */
export function hasBreakdown(breakdown: BreakdownSummary | undefined): breakdown is BreakdownSummary {
  return breakdown !== undefined && (breakdown.segments.length > 0 || breakdown.periods !== undefined)
}
