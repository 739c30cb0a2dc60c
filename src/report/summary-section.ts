import type { Interval } from '../evaluation/evaluation.ts'
import { policyVerdict } from '../evaluation/policy-words.ts'
import { showEstimate, showShare } from '../evaluation/supported-digits.ts'
import { formatCount, formatMetric, formatPercent } from '../pages/format.ts'
import { html, type Markup, nothing } from '../pages/html.ts'
import { policyCards } from './policy-section.ts'
import { fraudRateOf } from './ranking-charts.ts'
import type { ReportInput } from './report-input.ts'
import { countsBehind, noticesOf, verdictOf } from './verdict.ts'

interface KeyFigure {
  readonly name: string
  readonly value: number
  readonly format: (value: number) => string
  readonly interval: Interval | undefined
  readonly meaning: string
}

export function noticesSection(input: ReportInput): Markup {
  const notices = noticesOf(input)
  if (notices.length === 0) return nothing
  const items = notices.map(
    ({ level, text }) =>
      html`<li class="${level}"><strong>${level === 'warning' ? 'Warning' : 'Note'}</strong> <span>${text}</span></li>`,
  )
  return html`<ul class="notices">${items}</ul>`
}

/** Where a share and its interval lie between 0 and 1; no bar for what does not exist. */
function rangeBar(value: number, interval: Interval): Markup {
  if (![value, interval.lower, interval.upper].every(Number.isFinite)) return nothing
  const at = (share: number) => (Math.min(1, Math.max(0, share)) * 100).toFixed(2)
  const width = Math.max(0.5, (interval.upper - interval.lower) * 100).toFixed(2)
  return html`<svg class="range" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="track" y="2" width="100" height="2"/><rect class="between" x="${at(interval.lower)}" y="1" width="${width}" height="4"/><rect class="value" x="${at(value - 0.004)}" width="0.8" height="6"/></svg>`
}

/** A headline: it shows the digits that its interval supports, as a share or as a number between 0 and 1. */
function card({ name, value, format, interval, meaning }: KeyFigure): Markup {
  const isShare = format === formatPercent
  const figure = interval && { value, ...interval }
  const shown = figure && (isShare ? showShare(figure) : showEstimate(figure))
  const between =
    interval === undefined || shown === undefined
      ? nothing
      : html`${rangeBar(value, interval)}<span class="interval">95% interval ${shown.lower} to ${shown.upper}${isShare ? '%' : ''}</span>`
  const headline = shown === undefined ? format(value) : `${shown.value}${isShare ? '%' : ''}`
  return html`<div class="card figure"><dt>${name}</dt><dd><b>${headline}</b>${between}<small>${meaning}</small></dd></div>
`
}

function row({ name, value, format, interval, meaning }: KeyFigure): Markup {
  const between = interval === undefined ? '–' : `${format(interval.lower)} to ${format(interval.upper)}`
  return html`<tr><th scope="row">${name}<small>${meaning}</small></th><td>${format(value)}</td><td>${between}</td></tr>
`
}

function mainFigures({ evaluation }: ReportInput): readonly KeyFigure[] {
  const { averagePrecision, rocAuc, intervals, classificationReport } = evaluation
  const { fraud } = classificationReport
  return [
    {
      name: 'Frauds caught',
      value: fraud.recall,
      format: formatPercent,
      interval: intervals.recall,
      meaning: 'Recall at the threshold.',
    },
    {
      name: 'Alerts that are right',
      value: fraud.precision,
      format: formatPercent,
      interval: intervals.precision,
      meaning: 'Precision at the threshold.',
    },
    {
      name: 'Average precision',
      value: averagePrecision,
      format: formatMetric,
      interval: intervals.averagePrecision,
      meaning: `Over all thresholds. Guessing gets ${formatMetric(fraudRateOf(evaluation))}.`,
    },
    {
      name: 'ROC AUC',
      value: rocAuc,
      format: formatMetric,
      interval: intervals.rocAuc,
      meaning: 'How often a fraud outscores a legitimate transaction. Guessing gets 0.5.',
    },
  ]
}

function furtherFigures({ evaluation }: ReportInput): readonly KeyFigure[] {
  const { intervals, precisionAt } = evaluation
  const metric = (name: string, value: number, interval: Interval | undefined, meaning: string): KeyFigure => ({
    name,
    value,
    format: formatMetric,
    interval,
    meaning,
  })
  return [
    metric(
      'F1',
      evaluation.classificationReport.fraud.f1,
      intervals.f1,
      'Precision and recall in one figure, at the threshold.',
    ),
    {
      name: 'Recall at 1% false positives',
      value: evaluation.recallAt1PercentFpr,
      format: formatPercent,
      interval: intervals.recallAt1PercentFpr,
      meaning: 'Frauds caught if one in a hundred legitimate transactions may be stopped.',
    },
    ...precisionAt.map(({ k, precision, interval }) => ({
      name: `Precision of the top ${formatCount(k)}`,
      value: precision,
      format: formatPercent,
      interval,
      meaning: 'Frauds among the transactions with the highest scores.',
    })),
    metric(
      'Calibration ratio',
      evaluation.calibrationRatio,
      intervals.calibrationRatio,
      'Fraud expected over fraud found. 1 is right.',
    ),
    metric('Brier score', evaluation.brier, intervals.brier, 'Mean squared error of the probability. Lower is better.'),
    metric('Log loss', evaluation.logLoss, intervals.logLoss, 'Price of confident mistakes. Lower is better.'),
  ]
}

export function summarySection(input: ReportInput): Markup {
  return html`<section id="summary" class="lead">
<h2 class="eyebrow">Summary</h2>
<p class="verdict">${policyVerdict(input.policy)}</p>
<p class="counts">What the policy does with the test rows; 95% intervals are in parentheses.</p>
${policyCards(input.policy)}
<p class="counts">The model, independent of the policy: ${verdictOf(input.evaluation)} ${countsBehind(input)}</p>
<dl class="figures">${mainFigures(input).map(card)}</dl>
<details class="card"><summary>Further figures</summary>
<div class="scroll"><table><thead><tr><th scope="col">Figure</th><th scope="col">Value</th><th scope="col">95% interval</th></tr></thead>
<tbody>${furtherFigures(input).map(row)}</tbody></table></div></details>
</section>
`
}
