import { formatCount, formatGeneral, formatMetric, formatNumberOf, formatPercent } from '../pages/format.ts'
import { html, type Markup, nothing } from '../pages/html.ts'
import { importanceFigures } from './importance-charts.ts'
import type { ColumnSummary, FeatureImportance, PartSummary, ReportInput, UnlabelledSummary } from './report-input.ts'
import { describeTuning } from './tuning-section.ts'

function importanceRow({ feature, splitGain, permutation }: FeatureImportance): Markup {
  const spread = permutation === undefined ? '' : ` ± ${formatMetric(permutation.standardDeviation)}`
  return html`<tr><th scope="row">${feature}</th><td>${permutation === undefined ? '–' : formatMetric(permutation.mean)}${spread}</td><td>${splitGain === undefined ? '–' : formatMetric(splitGain)}</td></tr>
`
}

export function importanceSection({ importance }: ReportInput): Markup {
  if (importance === undefined || importance.features.length === 0) return nothing
  const fall = ({ permutation }: FeatureImportance) => permutation?.mean ?? Number.NEGATIVE_INFINITY
  const gain = ({ splitGain }: FeatureImportance) => splitGain ?? Number.NEGATIVE_INFINITY
  // Those that were not shuffled come last, by what splits gained on them.
  const sorted = [...importance.features].sort((a, b) => fall(b) - fall(a) || gain(b) - gain(a))
  return html`<section id="importance">
<h2>Importance</h2>
<p class="intro">Which inputs the model relies on. This does not explain why fraud happens, only what this model uses.</p>
<div class="grid">${importanceFigures(importance)}</div>
<details class="card"><summary>${formatNumberOf(sorted.length, 'input')} in full</summary>
<div class="scroll"><table><thead><tr><th scope="col">Input</th><th scope="col">Permutation</th><th scope="col">Splits</th></tr></thead>
<tbody>${sorted.map(importanceRow)}</tbody></table></div></details>
</section>
`
}

/** Terms and their values; a value that is empty is left out. */
function terms(entries: readonly (readonly [name: string, value: string | Markup])[]): Markup {
  const items = entries
    .filter(([, value]) => value !== '')
    .map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)
  return html`<dl class="terms">${items}</dl>`
}

function columnRow({ name, missing, mean, standardDeviation, min, max }: ColumnSummary): Markup {
  const figures = [mean, standardDeviation, min, max].map((figure) => html`<td>${formatGeneral(figure)}</td>`)
  return html`<tr><th scope="row">${name}</th><td>${formatCount(missing)}</td>${figures}</tr>
`
}

interface NamedPart {
  readonly name: string
  readonly tone: string
  readonly part: PartSummary | UnlabelledSummary
}

function tellPart({ rows, frauds }: NamedPart['part']): string {
  const counted = formatNumberOf(rows, 'row')
  return frauds === null
    ? `${counted}, without labels`
    : `${counted}, ${formatNumberOf(frauds, 'fraud')} (${formatPercent(frauds / rows)})`
}

function splitBar(parts: readonly NamedPart[]): Markup {
  const bars = parts.map(
    ({ tone, part }) => html`<span class="${tone}" style="flex-grow:${String(Math.max(part.rows, 0))}"></span>`,
  )
  const items = parts.map(
    ({ name, tone, part }) => html`<li><span class="key block ${tone}"></span><b>${name}</b> ${tellPart(part)}</li>`,
  )
  return html`<div class="split" aria-hidden="true">${bars}</div><ul class="parts">${items}</ul>`
}

function tellDeclined({ passed, weight, stoodFor, unlabelled }: NonNullable<ReportInput['split']['declined']>): string {
  const told = [
    ...(passed === 0
      ? []
      : [`${formatNumberOf(passed, 'row')} let through by the control group, counting for ${formatCount(weight)}`]),
    ...(stoodFor === 0 ? [] : [`${formatCount(stoodFor)} declined beside it and left out`]),
    ...(unlabelled === 0 ? [] : [`${formatCount(unlabelled)} declined without a label and left out`]),
  ]
  return told.join('; ')
}

const splitWords: Readonly<Record<ReportInput['split']['method'], string>> = {
  time: 'The model learned from earlier rows and was tested on later ones.',
  random: 'Rows were split at random, with frauds in proportion. Repeated rows may be on both sides.',
  elsewhere: 'The model was trained elsewhere: which rows it learned from is not known.',
  none: 'The model learned without labels, and was tested on nothing then.',
}

function splitCard({ split }: ReportInput): Markup {
  const { method, boundary, train, calibration, test, unknownThen = 0, oversampled, weights, declined } = split
  const parts: NamedPart[] = [{ name: 'Training', tone: 'tone-1', part: train }]
  if (calibration !== undefined) parts.push({ name: 'Calibration', tone: 'tone-2', part: calibration })
  parts.push({ name: 'Test', tone: 'tone-3', part: test })
  const used = { evaluation: 'the evaluation', training: 'training', both: 'training and evaluation' }
  return html`<div class="card"><h3>Split</h3>
<p>${splitWords[method]}</p>
${splitBar(parts)}
${terms([
  ['Test from', boundary ?? ''],
  [
    'In no part',
    unknownThen === 0
      ? ''
      : `${formatNumberOf(unknownThen, 'row')} before the test, whose labels were not known when it began`,
  ],
  [
    'Oversampled to',
    oversampled === undefined
      ? ''
      : `${formatCount(oversampled.rows)} rows, ${formatNumberOf(oversampled.frauds, 'fraud')} (training rows only)`,
  ],
  [
    'Weights',
    weights === undefined
      ? ''
      : `${weights.column === undefined ? 'by the control group' : `column ${weights.column}`}, for ${used[weights.use]}`,
  ],
  ['Declined', declined === undefined ? '' : tellDeclined(declined)],
])}</div>
`
}

export function dataSection(input: ReportInput): Markup {
  const { source, rows, frauds, fraudRate, period, fingerprint, badRowsSkipped, columns } = input.data
  return html`<section id="data">
<h2>Data</h2>
<div class="grid"><div class="card"><h3>Source</h3>
${terms([
  ['File', source],
  ['Rows', formatCount(rows)],
  ['Frauds', `${formatCount(frauds)} (${formatPercent(fraudRate)})`],
  ['Period', period === undefined ? 'unknown: the rows have no time' : `${period.from} to ${period.to}`],
  ['Bad rows skipped', formatCount(badRowsSkipped)],
  ['Fingerprint', html`<code>${fingerprint}</code>`],
])}</div>
${splitCard(input)}</div>
<details class="card"><summary>${formatNumberOf(columns.length, 'column')} in full</summary>
<div class="scroll"><table><thead><tr><th scope="col">Column</th><th scope="col">Missing</th><th scope="col">Mean</th><th scope="col">Standard deviation</th><th scope="col">Least</th><th scope="col">Most</th></tr></thead>
<tbody>${columns.map(columnRow)}</tbody></table></div></details>
</section>
`
}

export function repeatSection({
  command,
  bundle,
  detector,
  learner,
  options,
  preset,
  seed,
  data,
  versions,
  tuning,
}: ReportInput): Markup {
  const settings = Object.entries(options).map(
    ([name, value]) => [name, value === null ? 'none' : String(value)] as const,
  )
  return html`<section id="repeat">
<h2>Repeat this run</h2>
<p class="intro">The same file, options and versions give exactly the same model and the same page.</p>
<pre class="card command"><code>${command}</code></pre>
<div class="grid"><div class="card"><h3>Model</h3>
${terms([
  ['Bundle', html`<code>${bundle}</code>`],
  ['Detector', detector],
  ['Learner', learner],
  ['Preset', preset],
  ['Seed', String(seed)],
  ['Options found by', tuning === undefined ? '' : describeTuning(tuning)],
  ['Data', html`<code>${data.fingerprint}</code>`],
  ['Shrike', versions.shrike],
  ['Node', `${versions.nodeMajor}, ${versions.arch}`],
])}</div>
<div class="card"><h3>Options</h3>${settings.length === 0 ? html`<p>All options have the learner's defaults.</p>` : terms(settings)}</div></div>
</section>
`
}
