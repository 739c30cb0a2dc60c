import { useState } from 'preact/hooks'
import { amountOf, detector, type Transaction, timeOf } from '../api/detector.ts'
import { at, go } from '../shell/place.ts'
import { formatAmount, formatMoney } from '../ui/figures.ts'
import { Empty, Ready } from '../ui/states.tsx'
import { useWidth } from '../ui/width.ts'
import { type Decision, useKeyHistory } from './history.ts'
import './timeline.css'

interface TimelineProps {
  readonly transaction: Transaction
  /** Those that are marked. */
  readonly marked: ReadonlySet<string>
}

/** The amounts of a card or a customer over time, with the payments in question marked and the average as a line. */
export function Timeline({ transaction, marked }: TimelineProps) {
  const keys = Object.entries(detector.value?.keys ?? {}).filter(([, field]) => isPresent(transaction[field]))
  const [chosen, setChosen] = useState<string>()
  const key = keys.some(([name]) => name === chosen) ? chosen : keys[0]?.[0]
  const value = key === undefined ? undefined : String(transaction[detector.value?.keys[key] ?? ''])
  const history = useKeyHistory(key, value)
  return (
    <section class="panel">
      <header>
        <h2>Amounts over time</h2>
        <div class="row tabs">
          {keys.map(([name]) => (
            <button
              type="button"
              key={name}
              class="button quiet small"
              aria-pressed={name === key}
              onClick={() => setChosen(name)}
            >
              {name}
            </button>
          ))}
        </div>
      </header>
      <Ready of={history} lines={5}>
        {({ decisions }) => <Plot decisions={decisions} marked={marked} label={`${key} ${value}`} />}
      </Ready>
    </section>
  )
}

function isPresent(value: Transaction[string] | undefined): boolean {
  return value !== null && value !== undefined
}

interface Point {
  readonly id: string
  readonly ms: number
  readonly value: number
  readonly decision: Decision
}

const height = 170
const inset = { top: 12, right: 12, bottom: 22, left: 54 }

function pointsOf(decisions: readonly Decision[]): readonly Point[] {
  return decisions.flatMap((decision) => {
    const value = amountOf(decision.transaction)?.value
    const ms = new Date(timeOf(decision.transaction) ?? decision.decidedAt).getTime()
    return value === undefined || Number.isNaN(ms) ? [] : [{ id: decision.transactionId, ms, value, decision }]
  })
}

interface PlotProps {
  readonly decisions: readonly Decision[]
  readonly marked: ReadonlySet<string>
  readonly label: string
}

function Plot({ decisions, marked, label }: PlotProps) {
  const points = pointsOf(decisions)
  const { element, width } = useWidth()
  const currencies = new Set(points.map(({ decision }) => amountOf(decision.transaction)?.currency))
  if (points.length === 0) return <Empty title="No decisions with an amount" />
  const firstMs = Math.min(...points.map(({ ms }) => ms))
  const lastMs = Math.max(...points.map(({ ms }) => ms))
  const most = Math.max(...points.map(({ value }) => value)) * 1.08 || 1
  const x = (ms: number) =>
    inset.left + (lastMs === firstMs ? 0.5 : (ms - firstMs) / (lastMs - firstMs)) * (width - inset.left - inset.right)
  const y = (value: number) => height - inset.bottom - (value / most) * (height - inset.top - inset.bottom)
  const others = points.filter(({ id }) => !marked.has(id))
  const mean = others.length > 1 ? others.reduce((sum, { value }) => sum + value, 0) / others.length : undefined
  const currency = currencies.size === 1 ? [...currencies][0] : undefined
  const said = `${points.length} payments of ${label}, from ${day(firstMs)} to ${day(lastMs)}, the largest ${formatMoney(most / 1.08, currency)}`
  return (
    <div class="timeline" ref={element}>
      <svg width={width} height={height} role="img" aria-label={said}>
        {[0, 0.5, 1].map((share) => (
          <g key={share}>
            <line
              class="grid"
              x1={inset.left}
              x2={width - inset.right}
              y1={y((most / 1.08) * share)}
              y2={y((most / 1.08) * share)}
            />
            <text x={inset.left - 8} y={y((most / 1.08) * share) + 4} text-anchor="end">
              {short((most / 1.08) * share)}
            </text>
          </g>
        ))}
        <text x={inset.left} y={height - 5}>
          {day(firstMs)}
        </text>
        <text x={width - inset.right} y={height - 5} text-anchor="end">
          {day(lastMs)}
        </text>
        {mean !== undefined && (
          <g>
            <line class="mean" x1={inset.left} x2={width - inset.right} y1={y(mean)} y2={y(mean)} />
          </g>
        )}
        {points.toReversed().map(({ id, ms, value, decision }) => (
          <Dot key={id} x={x(ms)} y={y(value)} base={y(0)} decision={decision} isMarked={marked.has(id)} />
        ))}
      </svg>
      <p class="muted small">
        {points.length === 1 ? 'The only payment' : `${points.length} payments`} of {label}
        {mean !== undefined &&
          `; the line is the average of the others, ${formatMoney(mean, currency, detector.value?.amount?.digits)}`}
        {currencies.size > 1 && '; amounts are of several currencies'}
      </p>
    </div>
  )
}

interface DotProps {
  readonly x: number
  readonly y: number
  readonly base: number
  readonly decision: Decision
  readonly isMarked: boolean
}

function Dot({ x, y, base, decision, isMarked }: DotProps) {
  const { transactionId, outcome, transaction } = decision
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the same payments are links in the tables of the page.
    <g class={`dot ${outcome} ${isMarked ? 'marked' : ''}`} onClick={() => go(at(['decisions', transactionId]))}>
      <title>{`${transactionId}: ${formatAmount(transaction)}, ${outcome}`}</title>
      <line x1={x} x2={x} y1={base} y2={y} />
      <circle cx={x} cy={y} r={isMarked ? 5 : 3} />
    </g>
  )
}

const days = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })

function day(ms: number): string {
  return days.format(ms)
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

function short(value: number): string {
  return compact.format(value)
}
