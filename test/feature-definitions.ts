import { frauds, hourMs, inWindow, type Purchase, type Scene } from './feature-stream.ts'

/** A feature, how a detector declares it, and the past that it looks at: its key, and how far back that goes. */
export interface Defined {
  readonly entry: string | Record<string, unknown>
  readonly names: readonly string[]
  readonly past: readonly (readonly [by: string, span: number])[]
  /** What each of its names is, straight from its definition. */
  readonly value: (scene: Scene, name: string) => number
  /** Values of floating point that another formula may round differently. */
  readonly isRounded?: boolean
}

type By = 'card' | 'shop' | 'city' | ''
const none = Number.NaN
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b)
const mean = (values: readonly number[]) => total(values) / values.length
const over = (value: number, base: number) => (base === 0 ? none : value / base)

/** Of the known values of a window, oldest first, in minor units or as they are. */
const summaries: Readonly<Record<string, (values: readonly number[], unit: number) => number>> = {
  sum: (values, unit) => total(values) / unit,
  mean: (values, unit) => (values.length === 0 ? none : mean(values) / unit),
  min: (values, unit) => (values.length === 0 ? none : ascending(values)[0] / unit),
  max: (values, unit) => (values.length === 0 ? none : ascending(values)[values.length - 1] / unit),
  standardDeviation: (values, unit) =>
    values.length === 0 ? none : Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2))) / unit,
  median: (values, unit) => {
    const [low, high] = [(values.length - 1) >> 1, values.length >> 1].map((at) => ascending(values)[at])
    return values.length === 0 ? none : (low === high ? low : (low + high) / 2) / unit
  },
}
const known = (purchases: readonly Purchase[], of: 'amount' | 'points') =>
  purchases.map((each) => each[of]).filter((value) => !Number.isNaN(value))

interface Look {
  readonly by: By
  readonly hours: number
  readonly delay: number
}
const looks: readonly Look[] = [
  { by: 'card', hours: 3, delay: 0 },
  { by: 'card', hours: 10, delay: 2 },
  { by: 'shop', hours: 7, delay: 0 },
]
const windowOf = (scene: Scene, { by, hours, delay }: Look) => inWindow(scene, by, hours * hourMs, delay * hourMs)
const earlier = (scene: Scene, by: By, hours: number) =>
  inWindow(scene, by, hours * hourMs).filter((each) => each !== scene.now)

/** Declared without a delay where it is 0, so that both ways of writing are tried. */
function windowed(
  kind: string,
  look: Look,
  of: string | undefined,
  value: (window: readonly Purchase[], scene: Scene) => number,
  delayIfNone?: string,
): Defined {
  const { by, hours, delay } = look
  const snake = kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const as = delay > 0 ? `${by}_${of === undefined ? '' : `${of}_`}${snake}_ago` : undefined
  const name = as === undefined ? [by, of, snake, `${hours}h`] : [as, `${hours}h`]
  const given = delay > 0 ? `${delay}h` : delayIfNone
  return {
    entry: {
      [kind]: { by, over: `${hours}h`, ...(of && { of }), ...(as && { as }), ...(given && { delay: given }) },
    },
    names: [name.filter((part) => part !== undefined).join('_')],
    past: [[by, (hours + delay) * hourMs]],
    value: (scene) => value(windowOf(scene, look), scene),
  }
}

const sums = looks.flatMap((look) =>
  (['amount', 'points'] as const).flatMap((of) => {
    const unit = of === 'amount' ? 100 : 1
    const plain = Object.entries(summaries).map(([kind, summary]) =>
      windowed(kind, look, of, (window) => summary(known(window, of), unit)),
    )
    const ratios = ['mean', 'max', 'median'].map((kind) =>
      windowed(`ratioTo${kind[0].toUpperCase()}${kind.slice(1)}`, look, of, (window, { now }) =>
        over(now[of] / unit, summaries[kind](known(window, of), unit)),
      ),
    )
    return [...plain, ...ratios]
  }),
)

const counts = looks.flatMap((look) => [
  windowed('count', look, undefined, (window) => window.length),
  windowed('distinct', look, 'city', (window) => new Set(window.flatMap(({ city }) => city ?? [])).size),
  windowed('fraudCount', look, undefined, (window, scene) => frauds(scene, window).length, '0s'),
  windowed(
    'fraudRate',
    look,
    undefined,
    (window, scene) => (window.length === 0 ? 0 : frauds(scene, window).length / window.length),
    '0h',
  ),
])

/** Without a delay of its own, it is the label's: two hours. */
const labelsDelay: Defined = {
  entry: { fraudRate: { by: 'shop', over: ['1h', '4h'] } },
  names: ['shop_fraud_rate_1h', 'shop_fraud_rate_4h'],
  past: [['shop', 6 * hourMs]],
  value: (scene, name) => {
    const window = inWindow(scene, 'shop', Number(name.slice(-2, -1)) * hourMs, 2 * hourMs)
    return window.length === 0 ? 0 : frauds(scene, window).length / window.length
  },
}

const lasts: readonly Defined[] = [
  {
    entry: { timeSinceLast: { by: 'card', over: '6h' } },
    names: ['card_time_since_last_6h'],
    past: [['card', 6 * hourMs]],
    value: (scene) => (scene.now.time - (earlier(scene, 'card', 6).at(-1)?.time ?? none)) / 1000,
  },
  {
    entry: { timeSinceLast: { by: 'shop' } },
    names: ['shop_time_since_last'],
    past: [['shop', 720 * hourMs]],
    value: (scene) => (scene.now.time - (earlier(scene, 'shop', 720).at(-1)?.time ?? none)) / 1000,
  },
  {
    entry: { firstSeen: { of: 'shop', by: 'card', over: '12h' } },
    names: ['card_shop_first_seen_12h'],
    past: [['card', 12 * hourMs]],
    value: (scene) => {
      const { card, shop } = scene.now
      if (card === undefined || shop === undefined) return none
      return earlier(scene, 'card', 12).some((each) => each.shop === shop) ? 0 : 1
    },
  },
  {
    entry: { distanceFromLast: { by: 'card', over: '12h' } },
    names: ['card_distance_from_last_12h'],
    past: [['card', 12 * hourMs]],
    value: (scene) => kilometres(lastPlace(scene), scene.now),
    isRounded: true,
  },
  {
    entry: { speedFromLast: { by: 'card', over: '12h', as: 'speed' } },
    names: ['speed_12h'],
    past: [['card', 12 * hourMs]],
    value: (scene) => {
      const last = lastPlace(scene)
      const hours = Math.max(1000, scene.now.time - (last?.time ?? none)) / hourMs
      return kilometres(last, scene.now) / hours
    },
    isRounded: true,
  },
]

const lastPlace = (scene: Scene) =>
  earlier(scene, 'card', 12)
    .filter(({ latitude }) => !Number.isNaN(latitude))
    .at(-1)

/** By the angle between two directions from the centre of the earth, another way than the haversine. */
function kilometres(from: Purchase | undefined, to: Purchase): number {
  if (from === undefined) return none
  const direction = ({ latitude, longitude }: Purchase) => {
    const [north, east] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180]
    return [Math.cos(north) * Math.cos(east), Math.cos(north) * Math.sin(east), Math.sin(north)]
  }
  const [[a, b, c], [x, y, z]] = [direction(from), direction(to)]
  const sine = Math.hypot(b * z - c * y, c * x - a * z, a * y - b * x)
  return 6371.0088 * Math.atan2(sine, a * x + b * y + c * z)
}

const shares: readonly Defined[] = [
  {
    entry: { frequency: { of: 'city', over: '6h' } },
    names: ['city_frequency_6h'],
    past: [
      ['', 6 * hourMs],
      ['city', 6 * hourMs],
    ],
    value: (scene) => inWindow(scene, 'city', 6 * hourMs).length / inWindow(scene, '', 6 * hourMs).length,
  },
  {
    entry: { frequency: { of: 'city', by: 'card', over: '12h' } },
    names: ['card_city_frequency_12h'],
    past: [['card', 12 * hourMs]],
    value: (scene) => {
      const cities = inWindow(scene, 'card', 12 * hourMs).flatMap(({ city }) => city ?? [])
      return scene.now.city === undefined || cities.length === 0
        ? 0
        : cities.filter((city) => city === scene.now.city).length / cities.length
    },
  },
]

/** Those that look at the past. */
export const definedFeatures: readonly Defined[] = [...sums, ...counts, labelsDelay, ...lasts, ...shares]

/** The longest past by key that some features look at. */
export function spansOf(features: readonly Defined[]): Record<string, number> {
  const spans: Record<string, number> = {}
  for (const [by, span] of features.flatMap(({ past }) => past)) spans[by] = Math.max(spans[by] ?? 0, span)
  return spans
}
