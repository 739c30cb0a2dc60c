import type { ScatterSeriesOption } from 'echarts/charts'
import { BarChart, type BarSeriesOption, LineChart, type LineSeriesOption, ScatterChart } from 'echarts/charts'
import { GridComponent, type GridComponentOption } from 'echarts/components'
import { type ComposeOption, init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { escapeHtml } from '../../core/escape-html.ts'
import { html, type Markup, nothing, trustMarkup } from './html.ts'

use([BarChart, LineChart, ScatterChart, GridComponent, SVGRenderer])

export type Series = LineSeriesOption | BarSeriesOption | ScatterSeriesOption
export type ChartOption = ComposeOption<Series | GridComponentOption>

/** The size in which a chart is laid out; the page then scales it. */
export interface ChartSize {
  readonly width: number
  readonly height: number
}

export interface LegendEntry {
  readonly label: string
  readonly color: string
  readonly shape: 'line' | 'dashes' | 'block' | 'point'
}

export interface Figure {
  readonly id: string
  readonly title: string
  /** What is seen, for a reader who is no statistician. */
  readonly text: string
  readonly legend?: readonly LegendEntry[]
  /** What a reader who cannot see the chart is told. */
  readonly summary: string
  /** The chart at a size, or what to say where there is nothing to draw. */
  readonly chart: ((size: ChartSize) => ChartOption) | string
  /** A caution or a reading, below the chart. */
  readonly note?: string
  /** Of a figure that has a row of the page for itself. */
  readonly sizes?: { readonly wide: ChartSize; readonly narrow: ChartSize }
}

// Letters that are legible on a desktop are not on a phone when one drawing is scaled to both, so there are two.
const usualSizes = { wide: { width: 460, height: 300 }, narrow: { width: 320, height: 270 } }

/**
 * What echarts writes, as plain as it gets and the same at every call: without its counters in names, its rules for
 * a mouse, its fonts and its namespaces, which markup inside a page does not need.
 */
function plainSvg(svg: string, name: string, { width, height }: ChartSize, summary: string): Markup {
  const body = svg
    .replace(/^<svg[^>]*>\s*<rect[^>]*><\/rect>/, '')
    .replace(/<style[^>]*>[\s\S]*?<\/style>/g, '')
    .replace(/ (?:class="zr\d+-cls-\d+"|ecmeta_\w+="[^"]*"|pointer-events="visible")/g, '')
    .replace(/(id="|url\(#)zr\d+-/g, `$1${name}-`)
    .replace(/="(\d+\.\d{2})\d{6,}"/g, '="$1"')
    .replace(/font-family:[^;"]*;?/g, '')
    .replace(/ dominant-baseline="central"/g, ' dy="0.35em"')
    .replace(/\n+/g, '\n')
  return trustMarkup(
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(summary)}">${body.trimStart()}`,
  )
}

function drawSvg(figure: Figure, variant: string, size: ChartSize, option: ChartOption): Markup {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: size.width, height: size.height })
  try {
    chart.setOption({ animation: false, ...option })
    return plainSvg(chart.renderToSVGString(), `${figure.id}-${variant}`, size, figure.summary)
  } finally {
    // Without this the process never ends.
    chart.dispose()
  }
}

function drawLegend(entries: readonly LegendEntry[]): Markup {
  const items = entries.map(
    ({ label, color, shape }) => html`<li><span class="key ${shape}" style="color:${color}"></span>${label}</li>`,
  )
  return html`<ul class="legend">${items}</ul>`
}

/** A chart with its title, its explanation and its legend, drawn for a desktop and for a phone. */
export function drawFigure(figure: Figure): Markup {
  const { chart, sizes = usualSizes } = figure
  const drawing =
    typeof chart === 'string'
      ? html`<p class="empty">${chart}</p>`
      : html`<div class="wide">${drawSvg(figure, 'wide', sizes.wide, chart(sizes.wide))}</div>
<div class="narrow">${drawSvg(figure, 'narrow', sizes.narrow, chart(sizes.narrow))}</div>`
  const legend = figure.legend !== undefined && typeof chart !== 'string' ? drawLegend(figure.legend) : nothing
  return html`<figure class="card${figure.sizes === undefined ? '' : ' whole'}" id="${figure.id}">
<figcaption><h3>${figure.title}</h3><p>${figure.text}</p>${legend}</figcaption>
${drawing}
${figure.note === undefined ? nothing : html`<p class="note">${figure.note}</p>`}
</figure>
`
}
