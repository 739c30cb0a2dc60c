import { html, type Markup, nothing } from './html.ts'

export interface LegendEntry {
  readonly label: string
  readonly color: string
  readonly shape: 'line' | 'dashes' | 'block' | 'point'
}

/** What stands around a drawing. */
export interface Caption {
  readonly id: string
  readonly title: string
  /** What is seen, for a reader who is no statistician. */
  readonly text: string
  readonly legend?: readonly LegendEntry[]
  /** A caution or a reading, below the drawing. */
  readonly note?: string
}

/** A drawing with its title, its explanation and its legend. */
export function frameFigure({ id, title, text, legend, note }: Caption, drawing: Markup, isWhole = false): Markup {
  return html`<figure class="card${isWhole ? ' whole' : ''}" id="${id}">
<figcaption><h3>${title}</h3><p>${text}</p>${legend === undefined ? nothing : drawLegend(legend)}</figcaption>
${drawing}
${note === undefined ? nothing : html`<p class="note">${note}</p>`}
</figure>
`
}

function drawLegend(entries: readonly LegendEntry[]): Markup {
  const items = entries.map(
    ({ label, color, shape }) => html`<li><span class="key ${shape}" style="color:${color}"></span>${label}</li>`,
  )
  return html`<ul class="legend">${items}</ul>`
}
