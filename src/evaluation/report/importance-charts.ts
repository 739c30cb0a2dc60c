import type { ChartOption, ChartSize, Figure, Series } from './chart.ts'
import { colors, line, plot, ticksUpTo, xAxis } from './chart-parts.ts'
import { formatGeneral, formatTick, shorten } from './format.ts'
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

function drawBars(bars: readonly Bar[], name: string, { width }: ChartSize): ChartOption {
  const letters = width < 400 ? 14 : 20
  const labels = bars.map(({ feature }) => shorten(feature, letters))
  const left = 14 + Math.max(4, ...labels.map((label) => [...label].length)) * 7
  const highest = Math.max(...bars.map(({ value, spread }) => value + spread))
  const lowest = Math.min(0, ...bars.map(({ value, spread }) => value - spread))
  const ticks = ticksUpTo(Math.max(highest, -lowest))
  return {
    grid: { ...plot, top: 6, left },
    xAxis: xAxis({ name, min: lowest, max: ticks.at(-1) ?? 1, ticks, format: formatTick }),
    yAxis: {
      type: 'category',
      inverse: true,
      data: labels,
      axisTick: { show: false },
      axisLine: { onZero: true, lineStyle: { color: colors.axis } },
      axisLabel: { color: colors.ink, fontSize: 12, interval: 0, hideOverlap: false },
    },
    series: [
      {
        type: 'bar',
        data: bars.map(({ value }) => value),
        barCategoryGap: '32%',
        barMaxWidth: 22,
        silent: true,
        itemStyle: { color: colors.accent, opacity: 0.75, borderRadius: [0, 2, 2, 0] },
      },
      ...bars.flatMap(({ value, spread }, index): Series[] =>
        spread > 0
          ? [
              line(
                [
                  [value - spread, index],
                  [value + spread, index],
                ],
                { color: colors.ink, width: 1.5 },
              ),
            ]
          : [],
      ),
    ],
  }
}

/** One figure for each kind of importance that was measured. */
export function importanceFigures({ metric, features }: ImportanceSummary): readonly Figure[] {
  const permutation = barsOf(features, (feature) => feature.permutation)
  const splitGain = barsOf(features, ({ splitGain: mean }) =>
    mean === undefined ? undefined : { mean, standardDeviation: 0 },
  )
  const left = features.length > mostBars ? ` The ${mostBars} highest of ${features.length} are drawn.` : ''
  const figures: Figure[] = []
  if (permutation.length > 0) {
    figures.push({
      id: 'permutation',
      title: 'What the model needs',
      text: `How far ${metric} falls when one input's values are shuffled among the rows. The dark lines are one standard deviation either way.${left}`,
      summary: `Permutation importance. Highest: ${permutation[0].feature}, ${formatGeneral(permutation[0].value, 3)}.`,
      note: 'Inputs that say the same can stand in for each other, and then each looks less important than it is.',
      chart: (size) => drawBars(permutation, `Fall in ${metric}`, size),
    })
  }
  if (splitGain.length > 0) {
    figures.push({
      id: 'split-gain',
      title: 'What the trees split on',
      text: `The share of the work of separating the classes that each input did while the trees grew.${left}`,
      summary: `Share of what splits gained. Highest: ${splitGain[0].feature}, ${formatGeneral(splitGain[0].value, 3)}.`,
      note: 'Measured on training rows and partial to inputs with many values: a hint, not a proof.',
      chart: (size) => drawBars(splitGain, 'Share of what splits gained', size),
    })
  }
  return figures
}
