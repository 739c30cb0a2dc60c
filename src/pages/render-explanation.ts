import { type BarRow, drawBarRows } from './bar-rows.ts'
import { frameFigure } from './figure.ts'
import { formatGeneral, formatTick } from './format.ts'
import { breakable, html, type Markup } from './html.ts'
import { pageHead } from './page.ts'
import { ticksBetween } from './ticks.ts'

export interface ExplainedFeature {
  readonly feature: string
  readonly value: number | null
  /** What a value that is a category's number stands for. */
  readonly category?: string
  /** The value in words: "9 payments of this card within 10 minutes". */
  readonly text: string
  readonly contribution: number
}

/** What each feature added to a model's answer, for a picture. */
export interface Picture {
  readonly scale: string
  readonly base: number
  /** The base and all contributions. */
  readonly output: number
  /** Those that say most first. */
  readonly parts: readonly ExplainedFeature[]
  /** What stands together at the end. */
  readonly more?: { readonly features: number; readonly contribution: number }
}

/** Why a model answered what it answered for one row. */
export interface ExplanationInput extends Picture {
  readonly bundle: string
  readonly name: string
  readonly probability: number
  readonly isFraud: boolean
  /** What the row was to the bundle's training, where it was anything. */
  readonly note?: string
}

/** A page with one picture: from what the model says of anybody to what it says of this row, feature by feature. */
export function renderExplanation(input: ExplanationInput): string {
  const { bundle, name, probability, isFraud, note } = input
  const verdict = isFraud ? 'called fraud' : 'called legitimate'
  return html`<!doctype html>
<html lang="en">
<head>${pageHead(`Why ${name} is ${verdict}`)}</head>
<body><div class="page"><main>
<header><h1>Why <span class="whole">${breakable(name)}</span> is ${verdict}</h1><ul class="about"><li>Bundle <b>${bundle}</b></li><li>Probability <b>${formatGeneral(probability)}</b></li></ul>${note === undefined ? '' : html`<p>${note}</p>`}</header>
<section>${waterfall(input)}
<details class="card" open><summary>In figures</summary>
<div class="scroll"><table><thead><tr><th scope="col">Feature</th><th class="words" scope="col">Value in words</th><th scope="col">Adds</th></tr></thead>
<tbody>${tableRows(input)}</tbody></table></div></details></section>
</main></div></body>
</html>
`.markup
}

function tableRows(input: ExplanationInput): readonly Markup[] {
  const { parts, more } = input
  const decimals = decimalsOf(input)
  const row = (feature: string, value: string, contribution: number) =>
    html`<tr><th scope="row">${breakable(feature)}</th><td class="words">${breakable(value)}</td><td>${formatSigned(contribution, decimals)}</td></tr>
`
  const rows = parts.map((part) => row(part.feature, part.text, part.contribution))
  return more === undefined ? rows : [...rows, row(nameOfOthers(more), '', more.contribution)]
}

/** Bars that begin where the one before ended. */
export function waterfall(input: Picture): Markup {
  const { scale, base, output, parts, more } = input
  // A row that few splits set apart from the others is unlike them, so the less depth, the more fraud.
  const [rightwards, leftwards] = scale === 'depth' ? (['legit', 'fraud'] as const) : (['fraud', 'legit'] as const)
  const decimals = decimalsOf(input)
  const mark = (name: string, at: number): BarRow => {
    return { name, figure: formatSigned(at, decimals).replace('+', ''), from: at, to: at, tone: 'ink' }
  }
  const steps = parts.map(({ text, contribution }) => ({ name: text, contribution }))
  if (more !== undefined) steps.push({ name: nameOfOthers(more), contribution: more.contribution })
  const rows: BarRow[] = [mark('With nothing known', base)]
  let end = base
  for (const { name, contribution } of steps) {
    const from = end
    end += contribution
    const tone = contribution > 0 ? rightwards : leftwards
    rows.push({ name, figure: formatSigned(contribution, decimals), from, to: end, tone })
  }
  rows.push(mark('The model’s answer', output))
  const ends = rows.map(({ to }) => to)
  const [low, high] = [Math.min(...ends), Math.max(...ends)]
  const pad = (high - low) * 0.05 || Math.abs(high) * 0.05 || 1
  const [min, max] = [low - pad, high + pad]
  const [towards, away] = scale === 'depth' ? ['left', 'right'] : ['right', 'left']
  const caption = {
    id: 'waterfall',
    title: 'From the average to this row',
    text: `Each bar is what one feature adds to the ${scale}: to the ${towards} towards fraud, to the ${away} away from it. They begin at ${formatGeneral(base)}, the model's answer when nothing is known, and end at ${formatGeneral(output)}, its answer before calibration.`,
  }
  const axis = { name: scale, min, max, ticks: ticksBetween(min, max, 7), format: formatTick }
  return frameFigure(caption, drawBarRows(rows, axis))
}

function nameOfOthers({ features }: { readonly features: number }): string {
  return `${features} others`
}

function formatSigned(value: number, decimals: number): string {
  const sign = value > 0 ? '+' : value < 0 ? '−' : ''
  return `${sign}${Math.abs(value).toFixed(decimals)}`
}

/** So many that the largest part has four digits, for all parts, so that they can be compared at a glance. */
function decimalsOf({ parts, more }: Picture): number {
  const most = Math.max(...[...parts, ...(more ? [more] : [])].map(({ contribution }) => Math.abs(contribution)))
  return most > 0 ? Math.min(12, Math.max(1, 3 - Math.floor(Math.log10(most)))) : 1
}
