import type { LineSeriesOption, ScatterSeriesOption } from 'echarts/charts'
import type { GridComponentOption } from 'echarts/components'
import type { ComposeOption } from 'echarts/core'
// All in one file, which loads in a tenth of the time that its hundreds of modules take.
import { init } from 'echarts/dist/echarts.esm.min.mjs'
import { escapeHtml } from '../core/escape-html.ts'
import { type Caption, frameFigure } from '../pages/figure.ts'
import { html, type Markup, trustMarkup } from '../pages/html.ts'

export type Series = LineSeriesOption | ScatterSeriesOption
export type ChartOption = ComposeOption<Series | GridComponentOption>

/** The size in which a chart is laid out; the page then scales it. */
export interface ChartSize {
  readonly width: number
  readonly height: number
}

export interface Figure extends Caption {
  /** What a reader who cannot see the chart is told. */
  readonly summary: string
  /** The chart at a size, or what to say where there is nothing to draw. */
  readonly chart: ((size: ChartSize) => ChartOption) | string
  /** The size of a figure that has a whole row of the page. */
  readonly sizes?: { readonly wide: ChartSize; readonly middle: ChartSize; readonly narrow: ChartSize }
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

/**
 * A chart in its frame, drawn for a desktop and for a phone, and for what lies between where it is as wide as the page.
 */
export function drawFigure(figure: Figure): Markup {
  const { chart, sizes = usualSizes, legend, ...caption } = figure
  if (typeof chart === 'string')
    return frameFigure(caption, html`<p class="empty">${chart}</p>`, figure.sizes !== undefined)
  const drawings = Object.entries(sizes).map(
    ([variant, size]) => html`<div class="${variant}">${drawSvg(figure, variant, size, chart(size))}</div>
`,
  )
  return frameFigure({ ...caption, ...(legend && { legend }) }, html`${drawings}`, figure.sizes !== undefined)
}
