import type { ChartOption, ChartSize, Series } from './chart.ts'
import { type AxisOptions, plot, thresholdLine, xAxis, yAxis } from './chart-parts.ts'

/** One of several plots above each other, over the same axis. */
export interface Panel {
  readonly name: string
  readonly bottom: number
  readonly top: number
  readonly ticks: readonly number[]
  readonly format: (at: number) => string
  /** What is drawn in it, for the number that the panel gets. */
  readonly series: (index: number) => readonly Series[]
}

/** Room for the name of the next panel. */
const gap = 34

/** Panels above each other with the threshold through all of them, named in the first. */
export function stackPanels(
  panels: readonly Panel[],
  axis: AxisOptions,
  threshold: { readonly at: number; readonly words: string },
  { height }: ChartSize,
): ChartOption {
  const each = (height - plot.top - plot.bottom - gap * (panels.length - 1)) / panels.length
  return {
    grid: panels.map((_, index) => ({ ...plot, bottom: 'auto', top: plot.top + index * (each + gap), height: each })),
    xAxis: panels.map((_, gridIndex) => {
      const isLast = gridIndex === panels.length - 1
      return xAxis({ ...axis, gridIndex, hideLabels: !isLast, name: isLast ? (axis.name ?? '') : '' })
    }),
    yAxis: panels.map(({ name, bottom, top, ticks, format }, gridIndex) =>
      yAxis({ name, min: bottom, max: top, ticks, format, gridIndex }),
    ),
    series: panels.flatMap(({ series, bottom, top }, index): readonly Series[] => [
      ...series(index),
      ...thresholdLine(threshold.at, index === 0 ? threshold.words : '', { ...axis, bottom, top }, index),
    ]),
  }
}
