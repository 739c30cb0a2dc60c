import { amountOf, amountSent, type Transaction } from '../api/detector.ts'
import { at, go } from '../shell/place.ts'
import { formatMoney, formatSent } from '../ui/figures.ts'
import { Empty, Ready } from '../ui/states.tsx'
import { useWidth } from '../ui/width.ts'
import { KeyTabs, useKeyChoice } from './key-tabs.tsx'
import { type KnownKey, useKnownKey } from './known.ts'
import './timeline.css'

interface TimelineProps {
  readonly transaction: Transaction
  readonly transactionId: string
  /** Those that are marked: the payments of a case. */
  readonly marked: ReadonlySet<string>
}

/** The amounts of a card or a customer over time, with the payments in question marked and the average as a line. */
export function Timeline({ transaction, transactionId, marked }: TimelineProps) {
  const choice = useKeyChoice(transaction)
  const { chosen } = choice
  const known = useKnownKey(chosen?.key, chosen?.token)
  if (chosen === undefined) return null
  return (
    <section class="panel">
      <header>
        <h2>Amounts over time</h2>
        <KeyTabs label="Amounts of" choice={choice} />
      </header>
      <Ready of={known} lines={5}>
        {(found) => (
          <Plot known={found} marked={marked} inQuestion={{ id: transactionId, value: amountOf(transaction)?.value }} />
        )}
      </Ready>
    </section>
  )
}

interface Point {
  readonly id: string
  readonly ms: number
  readonly value: number
  readonly payment: KnownKey['transactions'][number]
}

const height = 170
const inset = { top: 12, right: 12, bottom: 22, left: 54 }

function pointsOf({ transactions }: KnownKey): readonly Point[] {
  return transactions.flatMap((payment) => {
    const { transactionId: id, time, amount } = payment
    return amount === null ? [] : [{ id, ms: new Date(time).getTime(), value: amountSent(amount).value, payment }]
  })
}

interface PlotProps {
  readonly known: KnownKey
  readonly marked: ReadonlySet<string>
  readonly inQuestion: { readonly id: string; readonly value: number | undefined }
}

function Plot({ known, marked, inQuestion }: PlotProps) {
  const { element, width } = useWidth()
  const points = pointsOf(known)
  if (points.length === 0) return <Empty title="No payments with an amount" />
  const firstMs = Math.min(...points.map(({ ms }) => ms))
  const lastMs = Math.max(...points.map(({ ms }) => ms))
  const most = Math.max(...points.map(({ value }) => value)) || 1
  const top = most * 1.08
  const x = (ms: number) =>
    inset.left + (lastMs === firstMs ? 0.5 : (ms - firstMs) / (lastMs - firstMs)) * (width - inset.left - inset.right)
  const y = (value: number) => height - inset.bottom - (value / top) * (height - inset.top - inset.bottom)
  // A sum that is not told would be of several currencies, and so would be the mean.
  const isMixed = known.figures.some(({ windowMs, amount }) => windowMs === null && amount === null)
  const mean = isMixed ? undefined : meanOf(points.filter(({ id }) => !marked.has(id)))
  const { currency, digits } = amountSent(0)
  const said = `${points.length} payments of ${known.key} ${known.token}, from ${day(firstMs)} to ${day(lastMs)}, the largest ${formatMoney(most, currency, digits)}`
  return (
    <div class="timeline" ref={element}>
      <svg width={width} height={height} role="img" aria-label={said}>
        {[0, 0.5, 1].map((share) => (
          <g key={share}>
            <line class="grid" x1={inset.left} x2={width - inset.right} y1={y(most * share)} y2={y(most * share)} />
            <text x={inset.left - 8} y={y(most * share) + 4} text-anchor="end">
              {compact.format(most * share)}
            </text>
          </g>
        ))}
        <text x={inset.left} y={height - 5}>
          {day(firstMs)}
        </text>
        <text x={width - inset.right} y={height - 5} text-anchor="end">
          {day(lastMs)}
        </text>
        {mean !== undefined && <line class="mean" x1={inset.left} x2={width - inset.right} y1={y(mean)} y2={y(mean)} />}
        {/* The marked ones are drawn last, over the others. */}
        {points
          .toSorted((a, b) => Number(marked.has(a.id)) - Number(marked.has(b.id)))
          .map(({ id, ms, value, payment }) => (
            <Dot key={id} x={x(ms)} y={y(value)} base={y(0)} payment={payment} isMarked={marked.has(id)} />
          ))}
      </svg>
      <p class="muted small">{tell(known, points, mean, inQuestion, marked.size > 1)}</p>
    </div>
  )
}

function meanOf(points: readonly Point[]): number | undefined {
  return points.length < 2 ? undefined : points.reduce((sum, { value }) => sum + value, 0) / points.length
}

/** The picture in words, with what is in question as so many times the average. */
function tell(
  known: KnownKey,
  points: readonly Point[],
  mean: number | undefined,
  { id, value }: PlotProps['inQuestion'],
  isOfSeveral: boolean,
) {
  const { currency, digits } = amountSent(0)
  const money = (amount: number) => formatMoney(amount, currency, digits)
  const count = known.next === null ? `${points.length}` : `The newest ${points.length}`
  const counted = points.length === 1 ? 'The only payment' : `${count} payments`
  const average =
    mean === undefined
      ? ''
      : `; the line is the average ${isOfSeveral ? 'without those of the case' : 'of the others'}, ${money(mean)}`
  const times = mean === undefined || mean <= 0 || value === undefined ? undefined : value / mean
  const compared = times === undefined ? '' : `. ${id} is ${times.toFixed(times < 10 ? 1 : 0)} times that`
  return `${counted} of ${known.key} ${known.token}${average}${compared}.`
}

interface DotProps {
  readonly x: number
  readonly y: number
  readonly base: number
  readonly payment: Point['payment']
  readonly isMarked: boolean
}

function Dot({ x, y, base, payment: { transactionId, outcome, isFraud, amount }, isMarked }: DotProps) {
  const label = isFraud === null ? '' : isFraud ? ', fraud' : ', legitimate'
  const shape = (
    <>
      <title>{`${transactionId}: ${formatSent(amount)}, ${outcome ?? 'history'}${label}`}</title>
      <line x1={x} x2={x} y1={base} y2={y} />
      <circle cx={x} cy={y} r={isMarked ? 5 : isFraud ? 4 : 3} />
    </>
  )
  const looks = `dot ${outcome ?? ''} ${isFraud ? 'fraud' : ''} ${isMarked ? 'marked' : ''}`
  // What was only brought in has no page of a decision.
  if (outcome === null) return <g class={looks}>{shape}</g>
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the same payments are links in the tables of the page.
    <g class={`${looks} opens`} onClick={() => go(at(['decisions', transactionId]))}>
      {shape}
    </g>
  )
}

const days = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })

function day(ms: number): string {
  return days.format(ms)
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
