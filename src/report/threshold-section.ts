import { formatCount, formatGeneral, formatPercent, formatThreshold } from '../pages/format.ts'
import { html, type Markup, nothing } from '../pages/html.ts'
import { drawFigure } from './chart.ts'
import type { ReportInput, ThresholdOutcome } from './report-input.ts'
import { tradeOffFigure, workloadFigure } from './threshold-charts.ts'

/** The thresholds that people ask about; for each, the nearest one that the run looked at is shown. */
const askedFor = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]

function nearest(thresholds: readonly ThresholdOutcome[], wanted: number): readonly ThresholdOutcome[] {
  const away = ({ threshold }: ThresholdOutcome) => Math.abs(threshold - wanted)
  const finite = thresholds.filter(({ threshold }) => Number.isFinite(threshold))
  if (finite.length === 0) return []
  return [finite.reduce((best, outcome) => (away(outcome) < away(best) ? outcome : best))]
}

/** The threshold in use, whose figures are the evaluation's own. */
function inUse({ evaluation, threshold, cost }: ReportInput): ThresholdOutcome {
  const { tp, fp } = evaluation.confusion
  const { recall, precision } = evaluation.classificationReport.fraud
  const outcome = { threshold: threshold.threshold.value, alerts: tp + fp, recall, precision }
  return cost === undefined ? outcome : { ...outcome, cost: cost.atThreshold }
}

function thresholdTable(input: ReportInput): Markup {
  const used = inUse(input)
  const others = new Set(askedFor.flatMap((wanted) => nearest(input.thresholds, wanted)))
  const shown = [used, ...[...others].filter(({ threshold }) => threshold !== used.threshold)]
  const rows = shown
    .sort((a, b) => a.threshold - b.threshold)
    .map((outcome) => {
      const { threshold, alerts, recall, precision, cost } = outcome
      const right = alerts > 0 ? formatPercent(precision) : '–'
      const paid = input.cost === undefined ? nothing : html`<td>${cost === undefined ? '–' : formatGeneral(cost)}</td>`
      const cells = html`<td>${formatCount(alerts)}</td><td>${formatPercent(recall)}</td><td>${right}</td>${paid}`
      return outcome === used
        ? html`<tr class="chosen"><th scope="row">${formatThreshold(threshold)} <small>in use</small></th>${cells}</tr>\n`
        : html`<tr><th scope="row">${formatThreshold(threshold)}</th>${cells}</tr>\n`
    })
  return html`<details class="card" open><summary>Other thresholds</summary>
<p>The figures of other thresholds on the test rows.</p>
<div class="scroll"><table><thead><tr><th scope="col">Threshold</th><th scope="col">Alerts</th><th scope="col">Frauds caught</th><th scope="col">Alerts right</th>${input.cost === undefined ? nothing : html`<th scope="col">Cost</th>`}</tr></thead>
<tbody>${rows}</tbody></table></div></details>
`
}

export function thresholdSection(input: ReportInput): Markup {
  return html`<section id="threshold">
<h2>Threshold</h2>
<p class="intro">The threshold is a choice between missed frauds and disturbed customers. These rows are for measuring it: choosing the one that looks best on them would make the figures optimistic.</p>
<div class="grid">${drawFigure(tradeOffFigure(input))}${drawFigure(workloadFigure(input))}</div>
${thresholdTable(input)}</section>
`
}
