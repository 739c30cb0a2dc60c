import { type Dimension, indexOf } from '../tuning/dimension.ts'
import { optionOf } from '../tuning/suggest.ts'
import { isJudged, type JudgedTrial, type Objective, rankTrials } from '../tuning/trial.ts'
import type { ChartOption, Figure } from './chart.ts'
import { colors, dots, exponentsBetween, line, plot, xAxis, yAxis } from './chart-parts.ts'
import { formatCount, formatGeneral, formatNumberOf, formatThreshold, formatTick } from './format.ts'
import type { SearchSummary } from './report-input.ts'
import type { Point } from './thin.ts'

/** What the charts of a search share. */
export interface SearchView {
  readonly search: SearchSummary
  readonly objective: Objective
  /** The objective in words. */
  readonly name: string
}

/** What is drawn of an objective: the worst fifth would squeeze all others, so it lies on the edge. */
interface Scale {
  readonly min: number
  readonly max: number
  readonly ticks: readonly number[]
  readonly clamp: (value: number) => number
}

function scaleOf({ search, objective }: SearchView): Scale {
  const ranked = rankTrials(search.trials, objective).map(({ mean }) => mean)
  const [first] = search.trials
  const edge = ranked[Math.ceil(0.8 * (ranked.length - 1))]
  const shown = [ranked[0], edge, ...(isJudged(first) ? [first.mean] : [])]
  const [low, high] = [Math.min(...shown), Math.max(...shown)]
  const pad = (high - low) * 0.08 || Math.abs(high) * 0.05 || 1
  const [min, max] = [low - pad, high + pad]
  return { min, max, ticks: ticksBetween(min, max, 5), clamp: (value) => Math.min(max, Math.max(min, value)) }
}

/** Round steps within a range, about as many as wanted. */
function ticksBetween(low: number, high: number, wanted: number): readonly number[] {
  const power = 10 ** Math.floor(Math.log10((high - low) / wanted))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => (high - low) / each <= wanted) ?? power
  const first = Math.ceil(low / step - 1e-9)
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step)
}

export function progressFigure(view: SearchView): Figure {
  const { search, objective, name } = view
  const scale = scaleOf(view)
  const judged = search.trials.filter(isJudged)
  const steps: Point[] = []
  for (const { trial } of judged) {
    const [best] = rankTrials(search.trials.slice(0, trial + 1), objective)
    const before = steps.at(-1)
    if (before !== undefined) steps.push([trial, before[1]])
    steps.push([trial, scale.clamp(best.mean)])
  }
  const last = Math.max(1, search.trials.length - 1)
  const [current] = judged.filter(({ trial }) => trial === 0)
  const best = rankTrials(judged, objective)[0]
  return {
    id: 'search-progress',
    title: 'The best so far',
    text: `Each point is one trial: its ${name}, the mean over the folds. The line is the best until then.`,
    legend: [
      { label: 'Trials', color: colors.legitimate, shape: 'point' },
      { label: 'Best so far', color: colors.accent, shape: 'line' },
      ...(current ? [{ label: 'Trial 0, the choice before', color: colors.ink, shape: 'dashes' as const }] : []),
    ],
    summary: `The best ${name} over ${formatNumberOf(search.trials.length, 'trial')}; it ends at ${formatGeneral(best.mean)}.`,
    chart: () => ({
      grid: plot,
      xAxis: xAxis({
        name: 'Trial',
        min: 0,
        max: last,
        ticks: ticksBetween(0, last, 6).filter(Number.isInteger),
        format: formatTick,
      }),
      yAxis: yAxis({ name, ...scale, format: formatTick }),
      series: [
        dots(
          judged.map(({ trial, mean }) => [trial, scale.clamp(mean)]),
          { color: colors.legitimate, size: 6 },
        ),
        line([...steps, [last, scale.clamp(best.mean)]], { color: colors.accent }),
        ...(current
          ? [
              line(
                [
                  [0, current.mean],
                  [last, current.mean],
                ],
                { color: colors.ink, width: 1.25, dashed: true },
              ),
            ]
          : []),
      ],
    }),
    note: 'The worst fifth lies on the edge where it would squeeze the others.',
  }
}

const mostCompared = 8

export function foldFigure({ search, objective, name }: SearchView): Figure {
  const ranked = rankTrials(search.trials, objective)
  const current = ranked.find(({ trial }) => trial === 0)
  const best = ranked.slice(0, mostCompared)
  const rows = current === undefined || best.includes(current) ? best : [...best, current]
  const values = rows.flatMap(({ folds }) => folds)
  const pad = (Math.max(...values) - Math.min(...values)) * 0.06 || 0.01
  const [min, max] = [Math.min(...values) - pad, Math.max(...values) + pad]
  return {
    id: 'search-folds',
    title: 'The best, fold by fold',
    text: `Each point is one fold’s ${name}, each ring the mean. Where the rings lie closer together than the points of two trials, chance may have ranked them.`,
    summary: `The ${name} of each fold for the ${rows.length} best trials.`,
    chart: () => ({
      grid: { ...plot, top: 6, left: 64 },
      xAxis: xAxis({ name, min, max, ticks: ticksBetween(min, max, 5), format: formatTick }),
      yAxis: {
        type: 'category',
        inverse: true,
        data: rows.map(({ trial }) => `trial ${trial}`),
        axisTick: { show: false },
        axisLine: { show: false },
        axisLabel: { color: colors.ink, fontSize: 12, interval: 0 },
      },
      series: [
        dots(
          rows.flatMap(({ folds }, i) => folds.map((value): Point => [value, i])),
          { color: colors.accent, size: 8 },
        ),
        dots(
          rows.map(({ mean }, i) => [mean, i]),
          { color: colors.ink, size: 10, hollow: true },
        ),
      ],
    }),
  }
}

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

function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}

export function showOption(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? formatCount(value) : formatThreshold(value)
  if (value === null || value === undefined) return 'none'
  return typeof value === 'string' ? value : JSON.stringify(value).replaceAll(',', ', ')
}

/** Small plots side by side, one for each option of a learner. */
export function optionsFigure(view: SearchView, learner: string): Figure | undefined {
  const { search, objective, name } = view
  const dimensions = search.spaces.find((space) => space.learner === learner)?.dimensions ?? []
  const own = rankTrials(search.trials, objective).filter(({ model }) => model.learner === learner)
  if (own.length === 0 || dimensions.length === 0) return undefined
  const size = (width: number, columns: number) => {
    return { width, height: Math.ceil(dimensions.length / columns) * rowHeight - 8 }
  }
  return {
    id: `search-${learner}`,
    title: `Options of ${learner}`,
    text: `The ${name} of ${formatNumberOf(own.length, 'trial')} over each option. Where the points rise to one side, look further there; where they lie level, the option matters little.`,
    legend: [
      { label: 'Trials', color: colors.legitimate, shape: 'point' },
      { label: 'The best of this learner', color: colors.fraud, shape: 'point' },
    ],
    summary: `The ${name} over ${dimensions.map((each) => each.name).join(', ')}.`,
    sizes: { wide: size(960, 4), narrow: size(320, 2) },
    chart: ({ width }) => drawOptions(dimensions, own, scaleOf(view), width, width > 400 ? 4 : 2),
  }
}

const rowHeight = 170

function drawOptions(
  dimensions: readonly Dimension[],
  ranked: readonly JudgedTrial[],
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
      left: (i % columns) * each + 44,
      top: Math.floor(i / columns) * rowHeight + 30,
      width: each - 60,
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
