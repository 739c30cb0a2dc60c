import type { ComponentChildren } from 'preact'
import { detector } from '../../api/detector.ts'
import type { Figures } from '../../policy/backtest.ts'
import { matureDays, spanInDays } from '../../policy/span-in-days.ts'
import { formatCount, formatMoney, formatShare } from '../../ui/figures.ts'
import { OutcomeBadge, outcomes } from '../../ui/outcome.tsx'
import { type Column, Table } from '../../ui/table.tsx'

type Side = Figures['sides'][number]
type OutcomeName = (typeof outcomes)[number]

interface Row {
  readonly outcome: OutcomeName
  readonly before: number
  readonly after: number
  readonly set: Side['outcomes'][OutcomeName]
}

const columns: readonly Column<Row>[] = [
  {
    name: 'outcome',
    title: 'Outcome',
    width: '120px',
    isSortable: false,
    value: ({ outcome }) => outcome,
    cell: ({ outcome }) => <OutcomeBadge outcome={outcome} />,
  },
  figure('before', 'A day, now', ({ before }) => before, perDay),
  figure('after', 'Would be', ({ after }) => after, perDay),
  {
    ...figure('change', 'Change', ({ before, after }) => after - before, signed),
    shownFrom: 'medium',
  },
  figure('frauds', 'Fraud', ({ set }) => set.frauds, formatCount),
  { ...figure('legitimate', 'Legitimate', ({ set }) => set.legitimate, formatCount), shownFrom: 'medium' },
  { ...figure('unknown', 'Not known', ({ set }) => set.unknown + set.young, formatCount), shownFrom: 'wide' },
]

function figure(
  name: string,
  title: string,
  value: (row: Row) => number,
  format: (value: number) => string,
): Column<Row> {
  return { name, title, isFigure: true, isSortable: false, value, cell: (row) => format(value(row)) }
}

function perDay(value: number): string {
  return value === 0 ? '0' : value < 10 ? value.toFixed(1) : formatCount(Math.round(value))
}

function signed(value: number): string {
  if (Math.abs(value) < 0.05) return '–'
  return `${value < 0 ? '−' : '+'}${perDay(Math.abs(value))}`
}

interface EffectProps {
  readonly figures: Figures
  /** Reviews a day that people can do. */
  readonly capacity: number | undefined
}

/** What a policy would have made of the last days, beside the one in force: rules, lists, segments and all. */
export function Effect({ figures, capacity }: EffectProps) {
  const [now, then] = (['inForce', 'tested'] as const).map((name) => figures.sides.find((side) => side.name === name))
  if (now === undefined || then === undefined) return null
  const days = spanInDays(figures)
  // What transactions cost is known of those alone that are old enough for their labels.
  const costDays = matureDays(figures, figures.basis.matureUntil)
  const costADay = (cost: number | undefined) =>
    cost === undefined || costDays === undefined ? '–' : money(cost / costDays)
  const busiest = Math.max(0, ...figures.days.map((day) => day.outcomes.tested?.review ?? 0))
  const reviews = then.outcomes.review.transactions / days
  return (
    <>
      <dl class="tiles five">
        <Tile name="Declined a day" before={perDay(now.outcomes.decline.transactions / days)}>
          {perDay(then.outcomes.decline.transactions / days)}
        </Tile>
        <Tile
          name="Reviewed a day"
          before={perDay(now.outcomes.review.transactions / days)}
          note={`${capacity === undefined ? '' : `of ${formatCount(capacity)} that people can do, `}${formatCount(busiest)} on the busiest day`}
          isOver={capacity !== undefined && reviews > capacity}
        >
          {perDay(reviews)}
        </Tile>
        <Tile
          name="Fraud stopped"
          before={shareOf(now.focus.frauds, figures.all.frauds)}
          note={
            figures.all.frauds === 0
              ? 'no fraud of these days is known yet'
              : moneyOf(then.focus.value?.caught, figures.all.value?.caught)
          }
        >
          {shareOf(then.focus.frauds, figures.all.frauds)}
        </Tile>
        <Tile
          name="Honest customers stopped"
          before={figures.all.legitimate === 0 ? '–' : formatCount(now.focus.legitimate)}
          note={
            figures.all.legitimate === 0
              ? 'none of these days is known to be legitimate yet'
              : moneyOf(then.focus.value?.lost, figures.all.value?.lost)
          }
        >
          {figures.all.legitimate === 0 ? '–' : formatCount(then.focus.legitimate)}
        </Tile>
        {then.cost !== null && (
          <Tile
            name="Cost a day"
            before={costADay(now.cost?.known)}
            note={
              costDays === undefined
                ? 'none of these days is old enough for its labels to be known'
                : `at least ${costADay(then.cost.atLeast)}, at most ${costADay(then.cost.atMost)}, with those not known`
            }
          >
            {costADay(then.cost.known)}
          </Tile>
        )}
      </dl>
      <Table
        label="Effect by outcome"
        exportName="threshold-effect"
        columns={columns}
        rows={outcomes.map((outcome) => ({
          outcome,
          before: now.outcomes[outcome].transactions / days,
          after: then.outcomes[outcome].transactions / days,
          set: then.outcomes[outcome],
        }))}
        rowId={({ outcome }) => outcome}
        tools={<span class="muted small">{knownOf(figures)}</span>}
      />
    </>
  )
}

/** A share of nothing is not 0 %. */
function shareOf(part: number, all: number): string {
  return all === 0 ? '–' : formatShare(part / all)
}

function knownOf({ all, from, to, basis }: Figures): string {
  const young =
    all.young === 0
      ? ''
      : `, ${formatCount(all.young)} are too young to tell${basis.matureUntil === null ? '' : ` (since ${basis.matureUntil.slice(0, 10)})`}`
  return `${formatCount(all.transactions)} transactions of ${Number(spanInDays({ from, to }).toFixed(1))} days: ${formatCount(all.frauds)} fraud and ${formatCount(all.legitimate)} legitimate by their labels, ${formatCount(all.unknown)} not known${young}`
}

function money(amount: number): string {
  const { currency, digits } = detector.value?.amount ?? {}
  return formatMoney(amount, currency, digits)
}

function moneyOf(part: number | undefined, whole: number | undefined): string {
  return part === undefined || whole === undefined ? '' : `${money(part)} of ${money(whole)}`
}

interface TileProps {
  readonly name: string
  readonly before: string
  readonly note?: string
  readonly isOver?: boolean
  readonly children: ComponentChildren
}

function Tile({ name, before, note, isOver = false, children }: TileProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span>
          <span class="muted">{before} → </span>
          <b class={isOver ? 'overdue' : undefined}>{children}</b>
        </span>
        {note !== undefined && note !== '' && <span class="muted small">{note}</span>}
      </dd>
    </div>
  )
}
