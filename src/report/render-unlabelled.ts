import {
  formatCount,
  formatGeneral,
  formatNumberOf,
  formatPercent,
  formatThreshold,
  formatTick,
} from '../pages/format.ts'
import { html, type Markup } from '../pages/html.ts'
import { pageHead } from '../pages/page.ts'
import { drawFigure, type Figure } from './chart.ts'
import { colors, line, plot, ticksUpTo, xAxis, yAxis } from './chart-parts.ts'
import type { Numbers } from './report-input.ts'

/** What a training without labels can tell of itself. */
export interface UnlabelledReport {
  readonly title: string
  readonly bundle: string
  readonly detector: string
  readonly learner: string
  readonly seed: number
  readonly rows: number
  readonly source: string
  /** None where the rows have no time. */
  readonly period?: { readonly from: string; readonly to: string }
  readonly threshold: { readonly value: number; readonly chosenBy: string }
  readonly fingerprint: string
  readonly command: string
  /** Rows that were held out, and those of them that are flagged. */
  readonly held: number
  readonly flagged: number
  /** Raw scores of the rows that were held out, in bins, and the one from which on a row is flagged. */
  readonly scores: { readonly edges: Numbers; readonly rows: Numbers; readonly threshold: number }
  /** The inputs in which flagged rows differ most come first. */
  readonly inputs: readonly InputContrast[]
  readonly version: string
}

/** A typical value among all rows and among those that are flagged. */
export interface InputContrast {
  readonly name: string
  readonly usual: number
  readonly flagged: number
  /** Of the rows outside the middle half of all rows, the share among those that are flagged. */
  readonly outside: number
}

/** The report of a training without labels as one HTML page that fetches nothing and runs nothing. */
export function renderUnlabelled(input: UnlabelledReport): string {
  const { title, inputs, held, flagged, version } = input
  const notice = 'Nothing was measured: there were no labels of fraud, so nobody knows yet what this model finds.'
  const rows = inputs.map(
    ({ name, usual, flagged: typical, outside }) =>
      html`<tr><th scope="row">${name}</th><td>${formatGeneral(usual)}</td><td>${formatGeneral(typical)}</td><td>${formatPercent(outside)}</td></tr>
`,
  )
  return html`<!doctype html>
<html lang="en">
<head>${pageHead(title)}</head>
<body><div class="page"><main>
<header><h1>${title}</h1><ul class="about">${factsOf(input).map(([name, value]) => html`<li>${name} <b>${value}</b></li>`)}</ul></header>
<ul class="notices"><li class="warning"><strong>Warning</strong> <span>${notice}</span></li></ul>
<section id="scores"><h2>Scores</h2>
<p class="intro">The model learned what is usual. Its score says how strange a transaction is among others, and is not a probability of fraud. Strange is often honest, and fraud is often usual: have people look at what is flagged, and label what they find.</p>
<div class="grid">${drawFigure(scoreFigure(input))}
<div class="card"><h3>Flagged</h3>${flaggedTerms(input)}</div></div></section>
<section id="flagged"><h2>What is flagged</h2>
<p class="intro">Medians of ${formatNumberOf(held, 'later row')} and of ${formatNumberOf(flagged, 'flagged one')}. Of any rows, half lie outside the middle half of an input; where many more of the flagged ones do, the input is why.</p>
<div class="scroll"><table><thead><tr><th scope="col">Input</th><th scope="col">Usually</th><th scope="col">Flagged</th><th scope="col">Outside the middle half</th></tr></thead>
<tbody>${rows}</tbody></table></div></section>
<section id="run"><h2>This run</h2><div class="card">${termsOf([
    ['File', input.source],
    [
      'Period',
      input.period === undefined ? 'unknown: the rows have no time' : `${input.period.from} to ${input.period.to}`,
    ],
    ['Fingerprint', html`<code>${input.fingerprint}</code>`],
    ['Command', html`<code>${input.command}</code>`],
  ])}</div></section>
<footer>Made by Shrike ${version}. This page is complete: it loads nothing and runs no script.</footer>
</main></div></body>
</html>
`.markup
}

function factsOf({ bundle, detector, learner, seed, rows }: UnlabelledReport) {
  return [
    ['Bundle', bundle],
    ['Detector', detector],
    ['Learner', learner],
    ['Seed', String(seed)],
    ['Rows', formatCount(rows)],
  ] as const
}

function flaggedTerms({ rows, held, flagged, threshold }: UnlabelledReport): Markup {
  return termsOf([
    ['Learned from', formatNumberOf(rows - held, 'row')],
    ['Ranked on', formatNumberOf(held, 'later row')],
    ['Threshold', `${formatThreshold(threshold.value)}, ${threshold.chosenBy}`],
    ['Flagged', `${formatCount(flagged)}, ${formatPercent(flagged / held)} of the later rows`],
  ])
}

function termsOf(terms: readonly (readonly [name: string, value: string | Markup])[]): Markup {
  return html`<dl class="terms">${terms.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

function scoreFigure({ scores: { edges, rows, threshold } }: UnlabelledReport): Figure {
  const heights = Array.from(rows)
  const top = Math.max(...heights) * 1.05
  const bars = heights.flatMap(
    (count, bin) =>
      [
        [edges[bin], 0],
        [edges[bin], count],
        [edges[bin + 1], count],
        [edges[bin + 1], 0],
      ] as const,
  )
  const ends = { min: edges[0], max: edges[edges.length - 1] }
  return {
    id: 'anomaly',
    title: 'How strange rows are',
    text: 'The raw score of later rows, which the model did not learn from: above one half a row is set apart sooner than usual.',
    legend: [
      { label: 'Rows', color: colors.legitimate, shape: 'block' },
      { label: 'Flagged from here', color: colors.ink, shape: 'dashes' },
    ],
    summary: `A histogram of raw scores. Rows from ${formatGeneral(threshold)} on are flagged.`,
    chart: () => ({
      grid: plot,
      xAxis: xAxis({
        name: 'Raw score',
        ...ends,
        ticks: [0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1],
        format: formatTick,
      }),
      yAxis: yAxis({ name: 'Rows', min: 0, max: top, ticks: ticksUpTo(top), format: formatCount }),
      series: [
        line(bars, { color: colors.legitimate, width: 1, area: 0.3 }),
        line(
          [
            [threshold, 0],
            [threshold, top],
          ],
          { color: colors.ink, dashed: true, z: 3 },
        ),
      ],
    }),
  }
}
