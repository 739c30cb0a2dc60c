import { signal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { detector } from '../../api/detector.ts'
import { type Figures, type SetFigures, useBacktest } from '../../policy/backtest.ts'
import { at } from '../../shell/place.ts'
import { formatCount, formatMoney, formatShare } from '../../ui/figures.ts'
import { Empty, Failed, Loading } from '../../ui/states.tsx'
import { type Rule, tidy } from './draft.ts'

const runsByItself = signal(localStorage.getItem('shrike-backtest') !== 'asked')
const pauseMs = 1200
const spans = { 7: '7 days', 30: '30 days', 90: '90 days' } as const

interface BacktestProps {
  readonly rule: Rule
  readonly isNew: boolean
  /** Whether the condition can be run at all. */
  readonly isSound: boolean
  readonly onFigures: (figures: Figures | undefined) => void
}

/** What a rule would have done on the last days, run anew as it is written. */
export function Backtest({ rule, isNew, isSound, onFigures }: BacktestProps) {
  const [days, setDays] = useState<keyof typeof spans>(30)
  // Tested as what it would be in force; what is only told of it, its name while it has none yet among that, changes nothing.
  const { reason: _, note: __, tags: ___, ...decisive } = rule
  const id = isNew ? 'draft' : rule.id
  const live = tidy({ ...decisive, id, state: 'live' })
  const isTestable = isSound && rule.when.trim() !== ''
  const { figures, problem, isRunning, run } = useBacktest(
    isTestable ? { rule: live } : undefined,
    days,
    runsByItself.value ? pauseMs : undefined,
  )
  useEffect(() => onFigures(figures), [figures])
  return (
    <section class="panel">
      <header>
        <h2>Backtest</h2>
        <div class="row wrap">
          <label class="row small">
            <input
              type="checkbox"
              checked={runsByItself.value}
              onChange={({ currentTarget }) => {
                runsByItself.value = currentTarget.checked
                localStorage.setItem('shrike-backtest', currentTarget.checked ? 'by itself' : 'asked')
              }}
            />
            as I type
          </label>
          <select
            class="input choice"
            aria-label="How far back"
            value={days}
            onChange={({ currentTarget }) => setDays(Number(currentTarget.value) as keyof typeof spans)}
          >
            {Object.entries(spans).map(([each, words]) => (
              <option key={each} value={each}>
                last {words}
              </option>
            ))}
          </select>
          <button type="button" class="button small" disabled={!isSound || isRunning} onClick={() => void run()}>
            {isRunning ? 'Running …' : 'Run'}
          </button>
        </div>
      </header>
      {problem !== undefined && <Failed problem={problem} />}
      {figures === undefined &&
        problem === undefined &&
        (isRunning ? (
          <Loading lines={4} label="Running the backtest" />
        ) : (
          <Empty title="Not run yet">It says what the rule would have caught, and at what price.</Empty>
        ))}
      {figures !== undefined && problem === undefined && (
        <div class={isRunning ? 'inside stack older' : 'inside stack'} aria-busy={isRunning}>
          <Told figures={figures} id={id} />
        </div>
      )}
    </section>
  )
}

/** The figures, as sentences and as few of them as decide. */
function Told({ figures, id }: { readonly figures: Figures; readonly id: string }) {
  const tested = figures.sides.find(({ name }) => name === 'tested')
  if (tested === undefined) return null
  const { focus } = tested
  const own = tested.rules.find((rule) => rule.id === id)
  const moved =
    figures.changes
      .find(({ from, to }) => from === 'inForce' && to === 'tested')
      ?.cells.filter(({ from, to }) => from !== to) ?? []
  const overlaps = figures.overlap.filter(({ rule }) => rule === own?.id).slice(0, 4)
  return (
    <>
      <dl class="tiles">
        <Tile
          name="Hits"
          value={formatCount(focus.transactions)}
          note={`${formatShare(focus.share)} of ${formatCount(figures.all.transactions)}`}
        />
        <Tile
          name="Fraud among them"
          value={formatCount(focus.frauds)}
          note={`${formatCount(focus.legitimate)} legitimate, ${formatCount(focus.unknown + focus.young)} not known yet`}
        />
        <Tile name="Precision" value={shareOf(focus.precision)} note={intervalOf(focus)} />
        <Tile
          name="Of all fraud"
          value={shareOf(focus.recall)}
          note={
            focus.value === null
              ? ''
              : `${money(focus.value.caught)} caught, ${money(focus.value.lost)} of honest customers`
          }
        />
      </dl>
      <Days figures={figures} />
      <p>
        {moved.length === 0
          ? 'No outcome would have changed: what it hits was decided so anyway.'
          : `Outcomes that change: ${moved.map(({ from, to, transactions }) => `${formatCount(transactions)} from ${from} to ${to}`).join(', ')}.`}
        {own !== undefined &&
          own.unknownConditions > 0 &&
          ` It was unknown for ${formatCount(own.unknownConditions)}, where a value was missing.`}
        {overlaps.length > 0 &&
          ` Also hit: ${overlaps.map(({ other, share }) => `${formatShare(share)} by ${other}`).join(', ')}.`}
      </p>
      <Examples figures={figures} />
    </>
  )
}

function money(value: number): string {
  const { currency, digits } = detector.value?.amount ?? {}
  return formatMoney(value, currency, digits)
}

/** A share, or between what it lies where labels that are not known could change it; a dash where they could be all. */
function shareOf({ value, lower, upper }: SetFigures['precision']): string {
  if (value !== null) return formatShare(value)
  return lower <= 0 && upper >= 1 ? '–' : `${formatShare(lower)} to ${formatShare(upper)}`
}

function intervalOf({ precision: { value, lower, upper }, frauds, legitimate }: SetFigures): string {
  if (value !== null) return `${formatShare(lower)} to ${formatShare(upper)}`
  return frauds + legitimate === 0 ? 'without a label' : 'whatever those not known yet turn out to be'
}

function Tile({ name, value, note }: { readonly name: string; readonly value: string; readonly note: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <b>{value}</b>
        <span class="muted small">{note}</span>
      </dd>
    </div>
  )
}

/** Hits by day, fraud below. */
function Days({ figures: { days } }: { readonly figures: Figures }) {
  if (days.length < 2) return null
  const totals = days.map(({ hits }) => hits.fraud + hits.legitimate + hits.unknown + hits.young)
  const most = Math.max(1, ...totals)
  const step = 100 / days.length
  return (
    <svg
      class="days"
      role="img"
      aria-label={`Hits by day, ${days[0]?.day} to ${days.at(-1)?.day}, at most ${most} a day`}
    >
      {days.map(({ day, hits }, i) => (
        <g key={day}>
          <title>{`${day}: ${totals[i]} hits, ${hits.fraud} of them fraud`}</title>
          <rect
            class="all"
            x={`${i * step}%`}
            width={`${step * 0.8}%`}
            y={`${100 - ((totals[i] ?? 0) / most) * 100}%`}
            height={`${((totals[i] ?? 0) / most) * 100}%`}
          />
          <rect
            class="fraud"
            x={`${i * step}%`}
            width={`${step * 0.8}%`}
            y={`${100 - (hits.fraud / most) * 100}%`}
            height={`${(hits.fraud / most) * 100}%`}
          />
        </g>
      ))}
    </svg>
  )
}

function Examples({ figures: { examples } }: { readonly figures: Figures }) {
  const shown = Object.values(examples).flat().slice(0, 6)
  if (shown.length === 0) return null
  return (
    <p class="small">
      Look at{' '}
      {shown.map(({ id, amount, truth }, i) => (
        <span key={id}>
          {i > 0 && ', '}
          <a href={at(['decisions', id])}>{id}</a>{' '}
          <span class="muted">({[amount === null ? undefined : money(amount), truth].filter(Boolean).join(', ')})</span>
        </span>
      ))}
    </p>
  )
}
