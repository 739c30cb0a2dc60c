import { breakable, html, type Markup, nothing } from './html.ts'

/** A bar with its whole name above it, and its figure at the end of the name's line. */
export interface BarRow {
  readonly name: string
  readonly figure: string
  readonly from: number
  /** Where it ends: a mark stands there where that is where it begins. */
  readonly to: number
  readonly tone: 'fraud' | 'legit' | 'accent' | 'ink'
  /** A line over the bar, from one value to another. */
  readonly spread?: readonly [low: number, high: number]
}

export interface BarAxis {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly ticks: readonly number[]
  readonly format: (value: number) => string
}

/**
 * Bars below each other over one axis. Names are the page's own text and only lengths are drawn, in hundredths of the
 * width: a name of any length is whole in every font, and the letters are as large on a phone as on a desktop.
 */
export function drawBarRows(rows: readonly BarRow[], axis: BarAxis): Markup {
  const ticks = axis.ticks.filter((tick) => tick >= axis.min && tick <= axis.max)
  const place = (value: number) => Math.min(100, Math.max(0, ((value - axis.min) / (axis.max - axis.min)) * 100))
  const grid = ticks.map((tick) => html`<line x1="${at(place(tick))}" x2="${at(place(tick))}" y2="100%"/>`)
  const items = rows.map(
    ({ name, figure, from, to, tone, spread }) =>
      html`<li><span>${breakable(name)}</span> <b>${figure}</b>
<svg aria-hidden="true">${grid}${drawBar(place(from), place(to), tone)}${spread === undefined ? nothing : drawSpread(place(spread[0]), place(spread[1]))}</svg></li>
`,
  )
  const labels = ticks.map((tick) => {
    const x = place(tick)
    // The outermost labels lean inwards, so that they are whole, too.
    const anchor = x < 3 ? 'start' : x > 97 ? 'end' : 'middle'
    return html`<text x="${at(x)}" y="12" text-anchor="${anchor}">${axis.format(tick)}</text>`
  })
  return html`<div><ol class="bars">
${items}</ol>
<svg class="bar-axis" aria-hidden="true">${labels}</svg><p class="axis-name">${axis.name}</p></div>`
}

/** Where nothing is to be seen of a bar, a thin one still says where it is. */
const thinnest = 0.4

function drawBar(from: number, to: number, tone: BarRow['tone']): Markup {
  const width = Math.max(Math.abs(to - from), thinnest)
  const left = Math.min(from, to, 100 - width)
  return html`<rect class="${tone}" x="${at(left)}" width="${at(width)}" y="15%" height="70%" rx="2"/>`
}

function drawSpread(low: number, high: number): Markup {
  return html`<line class="spread" x1="${at(low)}" x2="${at(high)}" y1="50%" y2="50%"/>`
}

function at(percent: number): string {
  return `${Number(percent.toFixed(2))}%`
}
