import { type BarRow, drawBarRows } from '../pages/bar-rows.ts'
import { frameFigure } from '../pages/figure.ts'
import { formatMetric, formatTick } from '../pages/format.ts'
import type { Markup } from '../pages/html.ts'
import { ticksUpTo } from './chart-parts.ts'
import type { FeatureImportance, ImportanceSummary } from './report-input.ts'

/** More than these is a list, not a picture; the table has them all. */
const mostBars = 12

interface Bar {
  readonly feature: string
  readonly value: number
  readonly spread: number
}

/** The most important features first. */
function barsOf(
  features: readonly FeatureImportance[],
  read: (feature: FeatureImportance) => { readonly mean: number; readonly standardDeviation: number } | undefined,
): readonly Bar[] {
  return features
    .flatMap((importance): Bar[] => {
      const value = read(importance)
      if (value === undefined || !Number.isFinite(value.mean)) return []
      const spread = Number.isFinite(value.standardDeviation) ? value.standardDeviation : 0
      return [{ feature: importance.feature, value: value.mean, spread }]
    })
    .sort((a, b) => b.value - a.value)
    .slice(0, mostBars)
}

function drawBars(bars: readonly Bar[], name: string): Markup {
  const highest = Math.max(...bars.map(({ value, spread }) => value + spread))
  const lowest = Math.min(0, ...bars.map(({ value, spread }) => value - spread))
  const ticks = ticksUpTo(Math.max(highest, -lowest))
  const rows = bars.map(({ feature, value, spread }): BarRow => {
    const ends = [value - spread, value + spread] as const
    const figure = `${formatMetric(value)}${spread > 0 ? ` ± ${formatMetric(spread)}` : ''}`
    return { name: feature, figure, from: 0, to: value, tone: 'accent', ...(spread > 0 && { spread: ends }) }
  })
  return drawBarRows(rows, { name, min: lowest, max: ticks.at(-1) ?? 1, ticks, format: formatTick })
}

/** One figure for each kind of importance that was measured. */
export function importanceFigures({ metric, features }: ImportanceSummary): readonly Markup[] {
  const permutation = barsOf(features, (feature) => feature.permutation)
  const splitGain = barsOf(features, ({ splitGain: mean }) =>
    mean === undefined ? undefined : { mean, standardDeviation: 0 },
  )
  const shuffled = features.filter((feature) => feature.permutation !== undefined).length
  const spared =
    shuffled < features.length
      ? ` Only the ${shuffled} of ${features.length} inputs that trees split on most were shuffled.`
      : ''
  const left = features.length > mostBars ? ` Shown are the ${mostBars} highest of ${features.length}.` : ''
  const figures: Markup[] = []
  if (permutation.length > 0) {
    const caption = {
      id: 'permutation',
      title: 'What the model needs',
      text: `How far ${metric} falls when one input's values are shuffled among the rows. The dark lines are one standard deviation either way.${spared}${left}`,
      note: 'Inputs with the same information can replace each other, so each looks less important than it is.',
    }
    figures.push(frameFigure(caption, drawBars(permutation, `Fall in ${metric}`)))
  }
  if (splitGain.length > 0) {
    const caption = {
      id: 'split-gain',
      title: 'What the trees split on',
      text: `The share of each input in separating the classes while the trees grew.${left}`,
      note: 'This is measured on training rows and favours inputs with many values, so it is only a hint.',
    }
    figures.push(frameFigure(caption, drawBars(splitGain, 'Share of what splits gained')))
  }
  return figures
}
