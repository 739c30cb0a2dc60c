import { formatCount, formatThreshold } from '../pages/format.ts'
import { html, type Markup, nothing } from '../pages/html.ts'
import { pageHead } from '../pages/page.ts'
import { drawFigure } from '../report/chart.ts'
import type { Comparison } from './compare-models.ts'
import { calibrationFigures, scoresFigure } from './comparison-charts.ts'
import { comparisonTables } from './comparison-tables.ts'
import { tableOf } from './render-backtest.ts'

/** A comparison as one HTML page that fetches nothing and runs nothing. The same figures give the same bytes. */
export function renderComparison(comparison: Comparison): string {
  const { a, b, basis, from, to, transactions } = comparison
  const title = `${b.id} against ${a.id}`
  const facts = [
    ['A', nameOf(a)],
    ['B', nameOf(b)],
    ['Source', basis.source],
    ['From', from ?? '–'],
    ['To', to ?? '–'],
    ['Transactions', formatCount(transactions)],
  ] as const
  const sections = comparisonTables(comparison).map(
    ({ id, title: heading, intro, heads, rows }) =>
      html`<section id="${id}"><h2>${heading}</h2><p class="intro">${intro}</p>${chartsOf(id, comparison)}${tableOf(heads, rows)}</section>
`,
  )
  return html`<!doctype html>
<html lang="en">
<head>${pageHead(title)}</head>
<body><div class="page"><main>
<header><h1>${title}</h1><ul class="about">${facts.map(([name, value]) => html`<li>${name} <b>${value}</b></li>`)}</ul></header>
${notices(comparison)}
${sections}</main></div></body>
</html>
`.markup
}

function nameOf({ id, threshold }: Comparison['a']): string {
  return threshold === null ? 'no model: rules and lists alone' : `${id}, threshold ${formatThreshold(threshold)}`
}

function chartsOf(section: string, { scores, labels }: Comparison): Markup {
  if (section === 'scores' && scores !== null) return html`<div class="grid">${drawFigure(scoresFigure(scores))}</div>`
  if (section !== 'calibration' || labels === null) return nothing
  return html`<div class="grid">${calibrationFigures(labels).map(drawFigure)}</div>`
}

function notices({ notes }: Comparison): Markup {
  if (notes.length === 0) return nothing
  return html`<ul class="notices">${notes.map((note) => html`<li class="note"><strong>Note</strong> <span>${note}</span></li>`)}</ul>`
}
