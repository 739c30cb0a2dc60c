import type { Series } from './chart.ts'
import type { Point } from './thin.ts'

/** The palette by meaning. The style sheet holds the values, one set for light and one for dark. */
export const colors = {
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  line: 'var(--line)',
  axis: 'var(--line-strong)',
  fraud: 'var(--fraud)',
  legitimate: 'var(--legit)',
  accent: 'var(--accent)',
  surface: 'var(--surface)',
} as const

const fontSize = 12

export interface AxisOptions {
  readonly name?: string
  readonly min: number
  readonly max: number
  readonly ticks: readonly number[]
  readonly format: (value: number) => string
  readonly gridIndex?: number
  readonly hideLabels?: boolean
  readonly z?: number
}

function valueAxis({ name = '', min, max, ticks, format, gridIndex = 0, hideLabels = false, z = 0 }: AxisOptions) {
  const values = ticks.filter((tick) => tick >= min && tick <= max)
  return {
    type: 'value' as const,
    gridIndex,
    z,
    name,
    min,
    max,
    nameTextStyle: { color: colors.muted, fontSize },
    axisLine: { show: true, onZero: false, lineStyle: { color: colors.axis, width: 1 } },
    axisTick: { show: false, customValues: values },
    axisLabel: { show: !hideLabels, color: colors.muted, fontSize, customValues: values, formatter: format },
    splitLine: { show: true, lineStyle: { color: colors.line, width: 1 } },
  }
}

/** An axis across, its name centred below. */
export function xAxis(options: AxisOptions) {
  return { ...valueAxis(options), nameLocation: 'middle' as const, nameGap: 30 }
}

/** An axis upward, its name written above it, where it need not be read sideways. */
export function yAxis(options: AxisOptions) {
  const axis = valueAxis(options)
  return {
    ...axis,
    nameLocation: 'end' as const,
    nameGap: 12,
    axisLine: { show: false, onZero: false },
    nameTextStyle: { ...axis.nameTextStyle, align: 'left' as const, padding: [0, 0, 0, -38] },
  }
}

/** The area of a plot inside its drawing, with room for the names of its axes. */
export const plot = { left: 46, right: 20, top: 30, bottom: 44, outerBoundsMode: 'none' as const }

export interface LineLook {
  readonly color: string
  readonly width?: number
  readonly dashed?: boolean
  /** How opaque the area below it is; none by default. */
  readonly area?: number
  readonly index?: number
  /** What has a higher one is drawn later; 2 by default. */
  readonly z?: number
}

/** A line through points; `undefined` lifts the pen. */
export function line(
  points: readonly (Point | undefined)[],
  { color, width = 2, dashed, area, index = 0, z = 2 }: LineLook,
): Series {
  return {
    type: 'line',
    xAxisIndex: index,
    yAxisIndex: index,
    data: points.map((point) => (point === undefined ? ['-', '-'] : [point[0], point[1]])),
    showSymbol: false,
    silent: true,
    z,
    lineStyle: { color, width, type: dashed ? [4, 4] : 'solid', join: 'round' },
    ...(area === undefined ? {} : { areaStyle: { color, opacity: area, origin: 'start' as const } }),
  }
}

export interface PointLook {
  readonly color: string
  readonly size?: number
  readonly hollow?: boolean
  readonly index?: number
}

export function dots(points: readonly Point[], { color, size = 9, hollow, index = 0 }: PointLook): Series {
  return {
    type: 'scatter',
    xAxisIndex: index,
    yAxisIndex: index,
    data: points.map(([x, y]) => [x, y]),
    symbolSize: size,
    silent: true,
    z: 6,
    itemStyle: {
      color: hollow ? colors.surface : color,
      borderColor: hollow ? color : colors.surface,
      borderWidth: 1.5,
      opacity: 1,
    },
  }
}

interface TextLook {
  readonly color?: string
  readonly position: 'left' | 'right' | 'top' | 'bottom' | 'insideTopLeft'
  readonly index?: number
}

/** Words at a place in the plot. */
function text(at: Point, words: string, { color = colors.muted, position, index = 0 }: TextLook): Series {
  return {
    type: 'scatter',
    xAxisIndex: index,
    yAxisIndex: index,
    data: [[at[0], at[1]]],
    symbolSize: 0.001,
    silent: true,
    z: 6,
    label: { show: true, position, distance: 7, color, fontSize, formatter: () => words },
  }
}

/** A line at the threshold, named at its top on the side where there is room. */
export function thresholdLine(x: number, words: string, axis: AxisRange, index = 0): readonly Series[] {
  const { min, max, bottom, top } = axis
  if (!(x >= min && x <= max)) return []
  const isLeft = x < min + (max - min) / 2
  return [
    line(
      [
        [x, bottom],
        [x, top],
      ],
      { color: colors.ink, width: 1.25, dashed: true, index },
    ),
    ...(words === ''
      ? []
      : [
          text([x, top - (top - bottom) * 0.06], words, {
            color: colors.ink,
            position: isLeft ? 'right' : 'left',
            index,
          }),
        ]),
  ]
}

export interface AxisRange {
  readonly min: number
  readonly max: number
  readonly bottom: number
  readonly top: number
}

/** Whole powers of ten, as exponents, that cover a range of exponents. */
export function exponentsBetween(low: number, high: number): readonly number[] {
  const first = Math.ceil(low)
  const every = Math.max(1, Math.ceil((high - first + 1) / 6))
  return Array.from({ length: Math.max(0, Math.floor((high - first) / every) + 1) }, (_, step) => first + step * every)
}

/** Round steps from 0 to at least `high`: three to six of them. */
export function ticksUpTo(high: number): readonly number[] {
  if (!(high > 0) || !Number.isFinite(high)) return [0, 1]
  const power = 10 ** Math.floor(Math.log10(high / 4))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => high / candidate <= 5) ?? 10 * power
  return Array.from({ length: Math.ceil(high / step - 1e-9) + 1 }, (_, index) => index * step)
}

export const diagonal: readonly Point[] = [
  [0, 0],
  [1, 1],
]

export const shareTicks = [0, 0.2, 0.4, 0.6, 0.8, 1]
