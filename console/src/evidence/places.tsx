import { ask, client, type Schemas } from '../api/client.ts'
import { detector, type Transaction, timeOf } from '../api/detector.ts'
import { useQuery } from '../api/query.ts'
import { formatSpan } from '../ui/time.tsx'
import { useWidth } from '../ui/width.ts'
import { keysOf } from './known.ts'
import { kmBetween, onPlane, type Position } from './positions.ts'
import './places.css'

type Decision = Schemas['DecisionPage']['decisions'][number]

interface Visit extends Position {
  readonly id: string
  readonly ms: number
}

const most = 50

/** Where a card was, without a map: how far its payments are apart, to scale, and how fast it had to travel. */
export function Places({
  transaction,
  transactionId,
}: {
  readonly transaction: Transaction
  readonly transactionId: string
}) {
  const [first] = keysOf(transaction)
  const here = visitOf(transactionId, transaction)
  const name = first === undefined || here === undefined ? undefined : `places ${first.key} ${first.token}`
  const { data } = useQuery(name, (signal) =>
    ask(
      client.GET('/v1/decisions', {
        params: { query: { key: `${first?.key}:${first?.token}`, limit: most } },
        signal,
      }),
    ),
  )
  if (first === undefined || here === undefined || data === undefined) return null
  const visits = visitsOf(data.decisions)
  if (visits.length < 2) return null
  return (
    <section class="panel">
      <header>
        <h2>Where</h2>
        <span class="muted small">
          the newest {visits.length} of {first.key} {first.token}
        </span>
      </header>
      <Sketch visits={visits} here={here} />
    </section>
  )
}

function visitOf(id: string, transaction: Transaction): Visit | undefined {
  const { latitude = '', longitude = '' } = detector.value?.position ?? {}
  const [lat, lon] = [transaction[latitude], transaction[longitude]]
  const ms = new Date(timeOf(transaction) ?? Number.NaN).getTime()
  return typeof lat === 'number' && typeof lon === 'number' && !Number.isNaN(ms) ? { id, ms, lat, lon } : undefined
}

/** In the order in which they happened. */
function visitsOf(decisions: readonly Decision[]): readonly Visit[] {
  return decisions
    .flatMap(({ transactionId, transaction }) => visitOf(transactionId, transaction) ?? [])
    .toSorted((a, b) => a.ms - b.ms)
}

const height = 150
const margin = 16

function Sketch({ visits, here }: { readonly visits: readonly Visit[]; readonly here: Visit }) {
  const { element, width } = useWidth()
  const plane = onPlane(visits)
  const points = visits.map((visit) => ({ ...visit, ...plane(visit) }))
  const [minX, maxX] = extent(points.map(({ xKm }) => xKm))
  const [minY, maxY] = extent(points.map(({ yKm }) => yKm))
  const pxPerKm = Math.min(
    (width - 2 * margin) / Math.max(maxX - minX, 0.5),
    (height - 2 * margin - 14) / Math.max(maxY - minY, 0.5),
  )
  const x = (xKm: number) => width / 2 + (xKm - (minX + maxX) / 2) * pxPerKm
  const y = (yKm: number) => (height - 14) / 2 - (yKm - (minY + maxY) / 2) * pxPerKm
  const barKm = roundDown(width / 4 / pxPerKm)
  return (
    <div class="places" ref={element}>
      <svg width={width} height={height} role="img" aria-label={tell(visits, here)}>
        <polyline points={points.map(({ xKm, yKm }) => `${x(xKm)},${y(yKm)}`).join(' ')} />
        {points.map(({ id, xKm, yKm }) => (
          <circle key={id} cx={x(xKm)} cy={y(yKm)} r={3} />
        ))}
        {points
          .filter(({ id }) => id === here.id)
          .map(({ id, xKm, yKm }) => (
            <circle key={id} class="here" cx={x(xKm)} cy={y(yKm)} r={5.5} />
          ))}
        <line class="scale" x1={margin} x2={margin + barKm * pxPerKm} y1={height - 8} y2={height - 8} />
        <text x={margin + barKm * pxPerKm + 8} y={height - 4}>
          {formatKm(barKm)}
        </text>
      </svg>
      <p class="muted small">{tell(visits, here)}</p>
    </div>
  )
}

/** From the payment before, and from the middle of all others. */
function tell(visits: readonly Visit[], here: Visit): string {
  const before = visits.findLast(({ id, ms }) => id !== here.id && ms <= here.ms)
  if (before === undefined) return `${here.id} is the first of these.`
  const km = kmBetween(before, here)
  const hours = (here.ms - before.ms) / 3_600_000
  const speed = hours > 0 && km > 1 ? `, which takes ${Math.round(km / hours).toLocaleString('en')} km an hour` : ''
  const others = visits.filter(({ id }) => id !== here.id)
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
  const usual = { lat: median(others.map(({ lat }) => lat)), lon: median(others.map(({ lon }) => lon)) }
  return `${here.id} is ${formatKm(km)} from the payment before, ${formatSpan(here.ms - before.ms)} later${speed}; ${formatKm(kmBetween(usual, here))} from the middle of the others.`
}

function extent(values: readonly number[]): readonly [number, number] {
  return [Math.min(...values), Math.max(...values)]
}

/** 1, 2 or 5 times a power of ten. */
function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([5, 2, 1].find((each) => each * power <= value) ?? 1)
}

function formatKm(km: number): string {
  return km < 1 ? `${Math.round(km * 1000)} m` : `${km < 10 ? km.toFixed(1) : Math.round(km).toLocaleString('en')} km`
}
