import type { ClassScores } from '../evaluation/evaluation.ts'
import { formatCount, formatPercent, formatThreshold } from '../pages/format.ts'
import { html, type Markup } from '../pages/html.ts'
import type { ReportInput } from './report-input.ts'

function confusionCell(name: string, count: number, of: number, tone: string): Markup {
  const share = of > 0 ? html`<small>${formatPercent(count / of)}</small>` : html`<small>–</small>`
  return html`<td class="${tone}"><b>${formatCount(count)}</b><span>${name}</span>${share}</td>`
}

function confusionMatrix({ evaluation }: ReportInput): Markup {
  const { tn, fp, fn, tp } = evaluation.confusion
  return html`<div class="card" id="confusion"><h3>Confusion matrix</h3>
<p>The label and the prediction, with shares of each row. Strong colours are correct predictions, pale ones mistakes.</p>
<table class="confusion"><thead><tr><td></td><th scope="col">No alert</th><th scope="col">Alert</th></tr></thead>
<tbody>
<tr><th scope="row">Legitimate</th>${confusionCell('left alone', tn, tn + fp, 'legit right')}${confusionCell('false alarms', fp, tn + fp, 'legit wrong')}</tr>
<tr><th scope="row">Fraud</th>${confusionCell('missed', fn, fn + tp, 'fraud wrong')}${confusionCell('caught', tp, fn + tp, 'fraud right')}</tr>
</tbody></table></div>
`
}

function scoresRow(name: string, { precision, recall, f1, support }: ClassScores): Markup {
  const cells = [precision, recall, f1].map(
    (score) => html`<td>${Number.isFinite(score) ? score.toFixed(3) : '–'}</td>`,
  )
  return html`<tr><th scope="row">${name}</th>${cells}<td>${formatCount(support)}</td></tr>
`
}

function classificationTable({ evaluation }: ReportInput): Markup {
  const { legitimate, fraud, accuracy, macroAverage, weightedAverage } = evaluation.classificationReport
  return html`<div class="card" id="classification"><h3>Classification report</h3>
<p>Precision: the share of predictions of a class that are right. Recall: the share of a class that is found. F1 combines the two; support is the number of rows.</p>
<div class="scroll"><table><thead><tr><th scope="col">Class</th><th scope="col">Precision</th><th scope="col">Recall</th><th scope="col">F1</th><th scope="col">Support</th></tr></thead>
<tbody>${scoresRow('Legitimate', legitimate)}${scoresRow('Fraud', fraud)}</tbody>
<tbody class="total">${scoresRow('Macro average', macroAverage)}${scoresRow('Weighted average', weightedAverage)}</tbody></table></div>
<p class="note">Accuracy is ${formatPercent(accuracy)}. Where fraud is rare it says little: predicting no fraud at all would reach ${formatPercent(legitimate.support / (legitimate.support + fraud.support))}.</p>
</div>
`
}

export function decisionSection(input: ReportInput): Markup {
  const { threshold, chosen } = input.threshold
  const comparison = threshold.inclusive ? 'at least' : 'above'
  return html`<section id="decisions">
<h2>Decisions</h2>
<p class="intro">Fraud is predicted when the probability is ${comparison} <b>${formatThreshold(threshold.value)}</b>. This threshold was chosen ${chosen}.</p>
<div class="grid roomy">${confusionMatrix(input)}${classificationTable(input)}</div>
<details class="card" open><summary>The same as plain text</summary><pre class="monospace">${input.classificationText}</pre></details>
</section>
`
}
