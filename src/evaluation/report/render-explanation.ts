import { type ChartOption, type ChartSize, drawFigure, type Figure } from './chart.ts'
import { colors, plot, xAxis } from './chart-parts.ts'
import { formatGeneral, formatTick } from './format.ts'
import { html, type Markup } from './html.ts'
import { pageHead } from './page.ts'

export interface ExplainedFeature {
  readonly feature: string
  readonly value: number
  /** What a value that is a category's number stands for. */
  readonly category?: string
  /** The value in words: "9 payments of this card within 10 minutes". */
  readonly text: string
  readonly contribution: number
}

/** Why a model answered what it answered for one row. */
export interface ExplanationInput {
  readonly bundle: string
  readonly name: string
  readonly probability: number
  readonly isFraud: boolean
  readonly scale: string
  readonly base: number
  /** The base and all contributions. */
  readonly output: number
  /** Those that say most first. */
  readonly parts: readonly ExplainedFeature[]
  /** What stands together at the end. */
  readonly more?: { readonly features: number; readonly contribution: number }
}

/** A page with one picture: from what the model says of anybody to what it says of this row, feature by feature. */
export function renderExplanation(input: ExplanationInput): string {
  const { bundle, name, probability, isFraud } = input
  const title = `Why ${name} is ${isFraud ? 'called fraud' : 'called legitimate'}`
  return html`<!doctype html>
<html lang="en">
<head>${pageHead(title)}</head>
<body><div class="page"><main>
<header><h1>${title}</h1><ul class="about"><li>Bundle <b>${bundle}</b></li><li>Probability <b>${formatGeneral(probability)}</b></li></ul></header>
<section>${drawFigure(waterfall(input))}
<details class="card" open><summary>In figures</summary>
<div class="scroll"><table><thead><tr><th scope="col">Feature</th><th scope="col">Value in words</th><th scope="col">Adds</th></tr></thead>
<tbody>${tableRows(input)}</tbody></table></div></details></section>
</main></div></body>
</html>
`.markup
}

function tableRows({ parts, more }: ExplanationInput): readonly Markup[] {
  const row = (feature: string, value: string, contribution: number) =>
    html`<tr><th scope="row">${feature}</th><td>${value}</td><td>${contribution > 0 ? '+' : ''}${formatGeneral(contribution)}</td></tr>
`
  const rows = parts.map((part) => row(part.feature, part.text, part.contribution))
  return more === undefined ? rows : [...rows, row(`${more.features} others`, '', more.contribution)]
}

function waterfall({ scale, base, output, parts, more }: ExplanationInput): Figure {
  const steps = parts.map(({ text, contribution }) => ({ label: text, contribution }))
  if (more !== undefined) steps.push({ label: `${more.features} others`, contribution: more.contribution })
  return {
    id: 'waterfall',
    title: 'From anybody to this row',
    text: `Each bar is what one feature adds to the ${scale}: to the right towards fraud, to the left away from it. They begin at ${formatGeneral(base)}, what the model says when nothing is known, and end at ${formatGeneral(output)}, its answer before calibration.`,
    summary: `Contributions. Largest: ${steps[0]?.label ?? 'none'}, ${formatGeneral(steps[0]?.contribution ?? 0, 3)}.`,
    chart: (size) => drawSteps(steps, base, scale, size),
  }
}

/** Of the font that axes are labelled in, with some room. */
const letterWidth = 6.6

function shorten(label: string, letters: number): string {
  if (label.length <= letters) return label
  // The numbers of a value are at its beginning or at its end.
  const half = Math.max(4, Math.floor((letters - 1) / 2))
  return `${label.slice(0, half)}…${label.slice(-half)}`
}

function drawSteps(
  steps: readonly { readonly label: string; readonly contribution: number }[],
  base: number,
  scale: string,
  { width }: ChartSize,
): ChartOption {
  // A third to a half of the width is for names; a long one loses its middle, so that its value is seen.
  const letters = Math.floor((width * (width < 500 ? 0.45 : 0.38)) / letterWidth)
  const labels = steps.map(({ label }) => shorten(label, letters))
  const ends = [base]
  for (const { contribution } of steps) ends.push(ends[ends.length - 1] + contribution)
  const low = Math.min(...ends)
  const high = Math.max(...ends)
  const pad = (high - low) * 0.05 || 1
  const ticks = Array.from({ length: 5 }, (_, i) => low + ((high - low) * i) / 4)
  return {
    grid: { ...plot, top: 6, left: 18 + Math.max(...labels.map(({ length }) => length)) * letterWidth },
    xAxis: xAxis({ name: scale, min: low - pad, max: high + pad, ticks, format: formatTick }),
    yAxis: {
      type: 'category',
      inverse: true,
      data: labels,
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: { color: colors.ink, fontSize: 11, interval: 0, hideOverlap: false },
    },
    series: steps.map(({ contribution }, i) => ({
      type: 'line',
      data: [
        [ends[i], i],
        [ends[i + 1], i],
      ],
      showSymbol: false,
      silent: true,
      lineStyle: { color: contribution > 0 ? colors.fraud : colors.legitimate, width: 12, cap: 'butt' },
    })),
  }
}
