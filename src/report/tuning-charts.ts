import { isMeasured, type Objective, rankTrials } from '../evaluation/tuning/trial.ts'
import { formatGeneral, formatNumberOf, formatTick } from '../pages/format.ts'
import { ticksBetween } from '../pages/ticks.ts'
import type { Figure } from './chart.ts'
import { colors, dots, line, plot, xAxis, yAxis } from './chart-parts.ts'
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
export interface Scale {
  readonly min: number
  readonly max: number
  readonly ticks: readonly number[]
  readonly clamp: (value: number) => number
  /** Room for the widest number beside the axis. */
  readonly room: number
}

export function scaleOf({ search, objective }: SearchView): Scale {
  const ranked = rankTrials(search.trials, objective).map(({ mean }) => mean)
  const [first] = search.trials
  const edge = ranked[Math.ceil(0.8 * (ranked.length - 1))]
  const shown = [ranked[0], edge, ...(isMeasured(first) ? [first.mean] : [])]
  const [low, high] = [Math.min(...shown), Math.max(...shown)]
  const pad = (high - low) * 0.08 || Math.abs(high) * 0.05 || 1
  const [min, max] = [low - pad, high + pad]
  const ticks = ticksBetween(min, max, 5)
  const room = Math.max(plot.left, 14 + 7 * Math.max(...ticks.map((tick) => formatTick(tick).length)))
  return { min, max, ticks, clamp: (value) => Math.min(max, Math.max(min, value)), room }
}

export function progressFigure(view: SearchView): Figure {
  const { search, objective, name } = view
  const scale = scaleOf(view)
  const measured = search.trials.filter(isMeasured)
  const steps: Point[] = []
  for (const { trial } of measured) {
    const [best] = rankTrials(search.trials.slice(0, trial + 1), objective)
    const before = steps.at(-1)
    if (before !== undefined) steps.push([trial, before[1]])
    steps.push([trial, scale.clamp(best.mean)])
  }
  const last = Math.max(1, search.trials.length - 1)
  const [current] = measured.filter(({ trial }) => trial === 0)
  const best = rankTrials(measured, objective)[0]
  return {
    id: 'search-progress',
    title: 'The best so far',
    text: `Each point is one trial: its ${name}, the mean over the folds. The line is the best until then.`,
    legend: [
      { label: 'Trials', color: colors.legitimate, shape: 'point' },
      { label: 'Best so far', color: colors.accent, shape: 'line' },
      ...(current ? [{ label: 'Trial 0, the previous choice', color: colors.ink, shape: 'dashes' as const }] : []),
    ],
    summary: `The best ${name} over ${formatNumberOf(search.trials.length, 'trial')}; it ends at ${formatGeneral(best.mean)}.`,
    chart: () => ({
      grid: { ...plot, left: scale.room },
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
          measured.map(({ trial, mean }) => [trial, scale.clamp(mean)]),
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
    note: 'The worst fifth is drawn on the edge, so that the others stay readable.',
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
    text: `Each point is one fold’s ${name}, each ring the mean. Where the rings are closer together than the points of two trials, their order may be chance.`,
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
