import { type Dimension, indexOf } from '../evaluation/tuning/dimension.ts'
import { optionOf } from '../evaluation/tuning/suggest.ts'
import { type MeasuredTrial, rankTrials } from '../evaluation/tuning/trial.ts'
import { formatCount, formatNumberOf, formatThreshold, formatTick, shorten } from '../pages/format.ts'
import { ticksBetween } from '../pages/ticks.ts'
import type { ChartOption, Figure } from './chart.ts'
import { colors, dots, exponentsBetween, xAxis, yAxis } from './chart-parts.ts'
import type { Point } from './thin.ts'
import { type Scale, type SearchView, scaleOf } from './tuning-charts.ts'

/** A place on a small plot's axis for every value of an option. */
interface OptionAxis {
  readonly min: number
  readonly max: number
  readonly ticks: readonly number[]
  readonly format: (place: number) => string
  readonly placeOf: (value: unknown) => number
}

function axisOf(dimension: Dimension): OptionAxis {
  if (dimension.kind === 'choice') {
    const names = dimension.values.map((value) => showOption(value))
    return {
      min: -0.5,
      max: names.length - 0.5,
      ticks: [...names.keys()],
      format: (place) => shorten(names[place] ?? '', Math.max(4, Math.floor(26 / names.length))),
      placeOf: (value) => indexOf(dimension, value),
    }
  }
  const { from, to, scale } = dimension
  const onScale = (value: number) => (scale === 'log' ? Math.log10(value) : value)
  const [low, high] = [onScale(from), onScale(to)]
  const pad = (high - low) * 0.04
  const exponents = exponentsBetween(low, high)
  return {
    min: low - pad,
    max: high + pad,
    ticks: scale === 'linear' ? ticksBetween(low, high, 4) : exponents.length > 1 ? exponents : [low, high],
    format: (place) => formatTick(scale === 'log' ? 10 ** place : place),
    placeOf: (value) => (typeof value === 'number' && value >= from && value <= to ? onScale(value) : Number.NaN),
  }
}

export function showOption(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? formatCount(value) : formatThreshold(value)
  if (value === null || value === undefined) return 'none'
  return typeof value === 'string' ? value : JSON.stringify(value).replaceAll(',', ', ')
}

const rowHeight = 170

function columnsOf(width: number): number {
  return width > 600 ? 4 : width > 400 ? 3 : 2
}

/** Small plots side by side, one for each option of a learner. */
export function optionsFigure(view: SearchView, learner: string): Figure | undefined {
  const { search, objective, name } = view
  const dimensions = search.spaces.find((space) => space.learner === learner)?.dimensions ?? []
  const own = rankTrials(search.trials, objective).filter(({ model }) => model.learner === learner)
  if (own.length === 0 || dimensions.length === 0) return undefined
  const size = (width: number) => {
    return { width, height: Math.ceil(dimensions.length / columnsOf(width)) * rowHeight - 8 }
  }
  return {
    id: `search-${learner}`,
    title: `Options of ${learner}`,
    text: `The ${name} of ${formatNumberOf(own.length, 'trial')} over each option. Where the points ${objective === 'log-loss' ? 'fall' : 'rise'} to one side, search further there; where they are level, the option matters little.`,
    legend: [
      { label: 'Trials', color: colors.legitimate, shape: 'point' },
      { label: 'The best of this learner', color: colors.fraud, shape: 'point' },
    ],
    summary: `The ${name} over ${dimensions.map((each) => each.name).join(', ')}.`,
    sizes: { wide: size(960), middle: size(520), narrow: size(320) },
    chart: ({ width }) => drawOptions(dimensions, own, scaleOf(view), width, columnsOf(width)),
  }
}

function drawOptions(
  dimensions: readonly Dimension[],
  ranked: readonly MeasuredTrial[],
  scale: Scale,
  width: number,
  columns: number,
): ChartOption {
  const each = (width - 8) / columns
  const axes = dimensions.map(axisOf)
  const series = dimensions.flatMap(({ name }, index) => {
    const points = ranked.map(
      ({ model, mean }): Point => [axes[index].placeOf(optionOf(model, name)), scale.clamp(mean)],
    )
    const drawn = points.filter(([x]) => x >= axes[index].min)
    return [
      dots(drawn.slice(1).reverse(), { color: colors.legitimate, size: 6, index }),
      dots(drawn.slice(0, 1), { color: colors.fraud, size: 9, index }),
    ]
  })
  return {
    grid: dimensions.map((_, i) => ({
      left: (i % columns) * each + scale.room,
      top: Math.floor(i / columns) * rowHeight + 30,
      width: each - scale.room - 16,
      height: rowHeight - 66,
      outerBoundsMode: 'none' as const,
    })),
    xAxis: axes.map(({ min, max, ticks, format }, gridIndex) => xAxis({ min, max, ticks, format, gridIndex })),
    yAxis: dimensions.map(({ name }, gridIndex) =>
      yAxis({ name, ...scale, ticks: scale.ticks, format: formatTick, gridIndex }),
    ),
    series,
  }
}
