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
  readonly excludesSelf?: true
}
const looks: readonly Look[] = [
  { by: 'card', hours: 3, delay: 0 },
  { by: 'card', hours: 10, delay: 2 },
  { by: 'shop', hours: 7, delay: 0 },
]
/** The same without the transaction itself. */
const selfless: readonly Look[] = [{ by: 'card', hours: 8, delay: 0, excludesSelf: true }]
const windowOf = (scene: Scene, { by, hours, delay, excludesSelf }: Look) =>
  inWindow(scene, by, hours * hourMs, delay * hourMs).filter((each) => excludesSelf !== true || each !== scene.now)
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
  const { by, hours, delay, excludesSelf } = look
  const snake = kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const suffix = delay > 0 ? 'ago' : excludesSelf && 'earlier'
  const as = suffix && `${by}_${of === undefined ? '' : `${of}_`}${snake}_${suffix}`
  const name = as === undefined ? [by, of, snake, `${hours}h`] : [as, `${hours}h`]
  const given = delay > 0 ? `${delay}h` : delayIfNone
  return {
    entry: {
      [kind]: {
        ...{ by, over: `${hours}h`, ...(of && { of }), ...(as && { as }), ...(given && { delay: given }) },
        ...(excludesSelf && { excludeSelf: true }),
      },
    },
    names: [name.filter((part) => part !== undefined).join('_')],
    past: [[by, (hours + delay) * hourMs]],
    value: (scene) => value(windowOf(scene, look), scene),
  }
}

const sums = [...looks, ...selfless].flatMap((look) =>
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

const counted = [...looks, ...selfless].flatMap((look) => [
  windowed('count', look, undefined, (window) => window.length),
  windowed('distinct', look, 'city', (window) => new Set(window.flatMap(({ city }) => city ?? [])).size),
  rounded(
    windowed('zScore', look, 'points', (window, { now }) => {
      const values = known(window, 'points')
      return over(now.points - summaries.mean(values, 1), summaries.standardDeviation(values, 1))
    }),
  ),
  windowed('share', look, 'city', (window, { now }) => {
    const cities = window.flatMap(({ city }) => city ?? [])
    return now.city === undefined ? none : over(cities.filter((city) => city === now.city).length, cities.length)
  }),
  rounded(
    windowed('entropy', look, 'shop', (window) => {
      const shops = window.flatMap(({ shop }) => shop ?? [])
      const shares = [...new Set(shops)].map((shop) => shops.filter((each) => each === shop).length / shops.length)
      return shops.length === 0 ? none : total(shares.map((share) => share * Math.log2(1 / share)))
    }),
  ),
])

function rounded(defined: Defined): Defined {
  return { ...defined, isRounded: true }
}

const counts = looks.flatMap((look) => [
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

/** By conditions on the transactions' own fields, which those that lack them do not have. */
const conditions: readonly (readonly [where: string, holds: (purchase: Purchase) => boolean])[] = [
  ['amount > 100.0 && city == "Rome"', ({ amount, city }) => amount > 10_000 && city === 'Rome'],
  ['points > 0.15 || shop == "s3"', ({ points, shop }) => points > 0.15 || shop === 's3'],
  ['time.getHours("Asia/Tokyo") < 12', ({ time }) => (new Date(time).getUTCHours() + 9) % 24 < 12],
]
const withConditions = conditions.flatMap(([where, holds], i): readonly Defined[] => {
  const inAll = (scene: Scene, hours: number, delay: number) =>
    inWindow(scene, 'card', hours * hourMs, delay * hourMs).filter(holds)
  const past: Defined['past'] = [['card', 9 * hourMs]]
  return [
    {
      entry: { count: { by: 'card', over: '9h', where, as: `card_with_${i}` } },
      names: [`card_with_${i}_9h`],
      past,
      value: (scene) => inAll(scene, 9, 0).length,
    },
    {
      entry: { count: { by: 'card', over: '9h', where, excludeSelf: true, as: `card_earlier_with_${i}` } },
      names: [`card_earlier_with_${i}_9h`],
      past,
      value: (scene) => inAll(scene, 9, 0).filter((each) => each !== scene.now).length,
    },
    {
      entry: { fraudCount: { by: 'card', over: '7h', where, as: `card_frauds_with_${i}` } },
      names: [`card_frauds_with_${i}_7h`],
      past,
      value: (scene) => frauds(scene, inAll(scene, 7, 2)).length,
    },
    {
      entry: { fraudRate: { by: 'card', over: '9h', delay: '0h', where, as: `card_rate_with_${i}` } },
      names: [`card_rate_with_${i}_9h`],
      past,
      value: (scene) => {
        const all = inAll(scene, 9, 0)
        return all.length === 0 ? 0 : frauds(scene, all).length / all.length
      },
    },
  ]
})

const pairs: readonly Defined[] = [
  {
    entry: { newPairs: { of: 'shop', by: 'card', over: '6h', memory: '4h' } },
    names: ['card_shop_new_pairs_6h'],
    past: [['card', 6 * hourMs]],
    value: (scene) => inWindow(scene, 'card', 6 * hourMs).filter((each) => wasNew(scene, each, 4)).length,
  },
  {
    entry: { newPairs: { of: 'city', by: 'card', over: '3h', memory: '12h', excludeSelf: true } },
    names: ['card_city_new_pairs_3h'],
    past: [['card', 12 * hourMs]],
    value: (scene) => earlier(scene, 'card', 3).filter((each) => wasNew(scene, each, 12, 'city')).length,
  },
]

/** Whether a purchase was its card's first at its shop, by what was known when it came. */
function wasNew({ all, spans }: Scene, now: Purchase, hours: number, of: 'shop' | 'city' = 'shop'): boolean {
  const then: Scene = { all: all.slice(0, all.indexOf(now) + 1), now, verdicts: [], spans }
  return now[of] !== undefined && !earlier(then, 'card', hours).some((each) => each[of] === now[of])
}

const frauds2h = (scene: Scene, by: By, hours: number, delay = 2) =>
  frauds(scene, inWindow(scene, by, hours * hourMs, delay * hourMs))

/** The run of frauds that ends at the last known one, instant by instant. */
function runOf(scene: Scene, hours: number, delay = 2): readonly Purchase[] {
  const window = inWindow(scene, 'shop', hours * hourMs, delay * hourMs)
  const known = new Set(frauds(scene, window))
  const instants = [...new Set(window.map(({ time }) => time))].map((at) => window.filter(({ time }) => time === at))
  const run: Purchase[] = []
  const end = instants.findLastIndex((instant) => instant.some((each) => known.has(each)))
  for (const instant of instants.slice(0, end + 1).reverse()) {
    const fraud = instant.filter((each) => known.has(each))
    run.push(...fraud)
    if (fraud.length < instant.length) break
  }
  return run
}
const secondsSince = ({ now }: Scene, purchase: Purchase | undefined) => (now.time - (purchase?.time ?? none)) / 1000

const ofFrauds: readonly Defined[] = [
  {
    entry: { timeSinceFraud: { by: 'shop', over: ['4h', '9h'] } },
    names: ['shop_time_since_fraud_4h', 'shop_time_since_fraud_9h'],
    past: [['shop', 11 * hourMs]],
    value: (scene, name) => secondsSince(scene, frauds2h(scene, 'shop', Number(name.slice(-2, -1))).at(-1)),
  },
  {
    entry: { timeSinceFraud: { by: 'card', over: '12h', delay: '0h', which: 'first' } },
    names: ['card_time_since_first_fraud_12h'],
    past: [['card', 12 * hourMs]],
    value: (scene) => secondsSince(scene, frauds2h(scene, 'card', 12, 0)[0]),
  },
  {
    entry: { fraudRun: { by: 'shop', over: '9h', what: 'length' } },
    names: ['shop_fraud_run_length_9h'],
    past: [['shop', 11 * hourMs]],
    value: (scene) => runOf(scene, 9).length,
  },
  {
    entry: { fraudRun: { by: 'shop', over: '20h', what: 'age', delay: '0h' } },
    names: ['shop_fraud_run_age_20h'],
    past: [['shop', 20 * hourMs]],
    value: (scene) => secondsSince(scene, runOf(scene, 20, 0).at(-1)),
  },
  {
    entry: { linkedFrauds: { of: 'card', by: 'shop', over: '9h', delay: '0h' } },
    names: ['shop_card_linked_frauds_9h'],
    past: [['shop', 9 * hourMs]],
    value: (scene) =>
      frauds2h(scene, 'shop', 9, 0).filter(({ card }) => card !== undefined && card !== scene.now.card).length,
  },
]

const risks = [0, 2].map(
  (delay): Defined => ({
    entry: { riskOf: { of: 'city', over: '9h', prior: 0.05, weight: 3, delay: `${delay}h`, as: `city_risk_${delay}` } },
    names: [`city_risk_${delay}_9h`],
    past: [['city', (9 + delay) * hourMs]],
    value: (scene) => {
      const window = inWindow(scene, 'city', 9 * hourMs, delay * hourMs)
      return (frauds(scene, window).length + 3 * 0.05) / (window.length + 3)
    },
    isRounded: true,
  }),
)

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
export const definedFeatures: readonly Defined[] = [
  ...[...sums, ...counted, ...counts, labelsDelay, ...withConditions],
  ...[...pairs, ...ofFrauds, ...risks, ...lasts, ...shares],
]

/** The longest past by key that some features look at. */
export function spansOf(features: readonly Defined[]): Record<string, number> {
  const spans: Record<string, number> = {}
  for (const [by, span] of features.flatMap(({ past }) => past)) spans[by] = Math.max(spans[by] ?? 0, span)
  return spans
}
