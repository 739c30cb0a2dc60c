import { html, type Markup, trustMarkup } from '../pages/html.ts'
import { pageHead } from '../pages/page.ts'
import { drawFigure } from './chart.ts'
import { decisionSection } from './decision-section.ts'
import { learningSection } from './learning-section.ts'
import { precisionRecallFigure, rocFigure } from './ranking-charts.ts'
import type { ReportInput } from './report-input.ts'
import { dataSection, importanceSection, repeatSection } from './run-sections.ts'
import { calibrationFigure, scoreFigure } from './score-charts.ts'
import { hasBreakdown, segmentSection } from './segment-section.ts'
import { noticesSection, summarySection } from './summary-section.ts'
import { thresholdSection } from './threshold-section.ts'
import { tuningSection } from './tuning-section.ts'

// A shrike's head: the black mask over the eye and the hooked bill.
const mark = trustMarkup(
  '<svg viewBox="0 0 28 28" aria-hidden="true"><path d="M3 24C3 13 8 5 16 5c4 0 6.600 2.200 7.600 5.200L27 12.500c.4 1.200.1 2.300-.7 3.200-.5-1-1.300-1.600-2.500-1.700C23 20 19 24 13 24Z" fill="currentColor" opacity=".32"/><path d="M6.500 13.500C10 10.600 15 9.600 23.600 10.200L27 12.500c.4 1.200.1 2.300-.7 3.200-.5-1-1.300-1.600-2.500-1.700-6 .9-12 1.500-17.300-.5Z" fill="var(--ink)"/><circle cx="17.500" cy="11.900" r="1" fill="var(--surface)"/></svg>',
)

function pageHeader({ title, bundle, detector, learner, preset, seed }: ReportInput): Markup {
  const facts = [
    ['Bundle', bundle],
    ['Detector', detector],
    ['Learner', learner],
    ['Preset', preset],
    ['Seed', String(seed)],
  ] as const
  return html`<header><div class="brand">${mark}<span>Shrike</span></div>
<h1>${title}</h1>
<ul class="about">${facts.map(([name, value]) => html`<li>${name} <b>${value}</b></li>`)}</ul></header>`
}

function navigation({ breakdown, learningCurves = [], importance, search }: ReportInput): Markup {
  const targets = [
    ['summary', 'Summary'],
    ['decisions', 'Decisions'],
    ['ranking', 'Ranking'],
    ['probability', 'Scores'],
    ['threshold', 'Threshold'],
    ...(hasBreakdown(breakdown) ? [['segments', 'Segments'] as const] : []),
    ...(learningCurves.length === 0 ? [] : [['learning', 'Learning curve'] as const]),
    ...(importance === undefined || importance.features.length === 0 ? [] : [['importance', 'Importance'] as const]),
    ...(search === undefined ? [] : [['search', 'Search'] as const]),
    ['data', 'Data'],
    ['repeat', 'Repeat this run'],
  ] as const
  return html`<nav aria-label="Sections">${targets.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}</nav>`
}

function rankingSection(input: ReportInput): Markup {
  return html`<section id="ranking">
<h2>Ranking</h2>
<p class="intro">How well fraud is ranked above everything else, independent of the threshold.</p>
<div class="grid">${drawFigure(precisionRecallFigure(input))}${drawFigure(rocFigure(input))}</div>
</section>
`
}

function probabilitySection(input: ReportInput): Markup {
  return html`<section id="probability">
<h2>Scores</h2>
<p class="intro">How the probabilities are distributed, and whether they can be trusted.</p>
<div class="grid">${drawFigure(scoreFigure(input))}${drawFigure(calibrationFigure(input))}</div>
</section>
`
}

/**
 * The whole report as one HTML page that fetches nothing and runs nothing. The same input gives the same bytes.
 * Loads echarts: import this file where a report is wanted, not before.
 */
export function renderReport(input: ReportInput): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
${pageHead(input.title)}
</head>
<body>
<div class="page">
${pageHeader(input)}
<div class="columns">
${navigation(input)}
<main>
${noticesSection(input)}
${summarySection(input)}
${decisionSection(input)}
${rankingSection(input)}
${probabilitySection(input)}
${thresholdSection(input)}
${segmentSection(input)}
${learningSection(input)}
${importanceSection(input)}
${tuningSection(input)}
${dataSection(input)}
${repeatSection(input)}
<footer>Made by Shrike ${input.versions.shrike}. This page is complete: it loads nothing and runs no script.</footer>
</main>
</div>
</div>
</body>
</html>
`
  return page.markup
}
