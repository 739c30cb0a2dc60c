import { useMemo, useState } from 'preact/hooks'
import { ask, client } from '../../api/client.ts'
import { amountSent, type DetectorFields, detector, type Transaction, timeOf } from '../../api/detector.ts'
import { type DecisionEvent, type Happened, isLive, useEvents } from '../../api/events.ts'
import { useQuery } from '../../api/query.ts'
import { at, go, place, setQuery } from '../../shell/place.ts'
import { formatCount, formatSent } from '../../ui/figures.ts'
import { OutcomeBadge, outcomes, Score } from '../../ui/outcome.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty, Ready } from '../../ui/states.tsx'
import { useSteady } from '../../ui/steady.ts'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { Attention } from './attention.tsx'
import { Day } from './day.tsx'
import { Pace } from './pace.tsx'
import './now.css'

type Stored = Awaited<ReturnType<typeof loadNewest>>[number]

const most = 500

function loadNewest(signal: AbortSignal) {
  return ask(client.GET('/v1/decisions', { params: { query: { limit: most } }, signal })).then(
    ({ decisions }) => decisions,
  )
}

/** A decision out of the log in the shape of one that is told of as it is made. */
function asEvent({ transaction, rules, ...decision }: Stored): DecisionEvent {
  const keys = Object.entries(detector.value?.keys ?? ({} as DetectorFields['keys']))
  return {
    type: 'decision',
    transactionId: decision.transactionId,
    time: String(timeOf(transaction) ?? decision.decidedAt),
    outcome: decision.outcome,
    score: decision.score,
    amount: sentAmountOf(transaction),
    keys: Object.fromEntries(
      keys.map(([key, field]) => [key, transaction[field] === null ? null : String(transaction[field] ?? '')]),
    ),
    rules: rules.map(({ id }) => id),
    model: decision.model,
    policy: decision.policy,
    decidedAt: decision.decidedAt,
    degraded: decision.degraded,
  }
}

function sentAmountOf(transaction: Transaction): number | null {
  const value = transaction[detector.value?.amount?.field ?? '']
  return typeof value === 'number' ? value : null
}

/** Decisions as they come, and what wants to be looked at. */
export default function Now() {
  const [news, setNews] = useState<readonly DecisionEvent[]>([])
  const [leftOut, setLeftOut] = useState(0)
  const newest = useQuery('newest decisions', loadNewest)
  useEvents(['decision'], ({ events, leftOut: uncounted, isReset }: Happened) => {
    if (isReset) {
      setNews([])
      return newest.refresh()
    }
    const told = events.filter((event) => event.type === 'decision')
    setNews((before) => [...told.toReversed(), ...before].slice(0, most))
    setLeftOut((before) => before + (uncounted.decision ?? 0))
  })
  return (
    <Page
      title="Now"
      fills
      actions={
        <span class="row muted">
          <span class={isLive.value ? 'lamp' : 'lamp wait'} aria-hidden="true" />{' '}
          {isLive.value ? 'Live' : 'Waiting for news'}
        </span>
      }
    >
      <Attention />
      <div class="now-columns">
        <div class="stream">
          <Ready of={newest} lines={12}>
            {(stored) => <Stream stored={stored} news={news} leftOut={leftOut} />}
          </Ready>
        </div>
        <Day />
      </div>
    </Page>
  )
}

interface StreamProps {
  readonly stored: readonly Stored[]
  readonly news: readonly DecisionEvent[]
  readonly leftOut: number
}

const idOf = ({ transactionId }: DecisionEvent) => transactionId

function Stream({ stored, news, leftOut }: StreamProps) {
  const old = useMemo(() => stored.map(asEvent), [stored])
  const all = useMemo(
    () =>
      [...new Map([...old.toReversed(), ...news.toReversed()].map((each) => [idOf(each), each])).values()]
        .reverse()
        .slice(0, most),
    [old, news],
  )
  const wanted = place.value.query.get('outcome')
  const rows = useMemo(() => (wanted === null ? all : all.filter(({ outcome }) => outcome === wanted)), [all, wanted])
  const { shown, waiting, showAll, hold } = useSteady(rows, idOf)
  return (
    <>
      <Pace decisions={all} leftOut={leftOut} />
      <div class="table-hold" {...hold}>
        <Table
          label="Decisions"
          columns={columns}
          rows={shown}
          rowId={idOf}
          onOpen={({ transactionId }) => go(at(['decisions', transactionId]))}
          tools={
            <>
              <div class="row tabs">
                {[undefined, ...outcomes].map((outcome) => (
                  <button
                    type="button"
                    key={outcome ?? 'all'}
                    class="button quiet small"
                    aria-pressed={(outcome ?? null) === wanted}
                    onClick={() => setQuery({ outcome })}
                  >
                    {outcome ?? 'all'}
                  </button>
                ))}
              </div>
              {waiting > 0 && (
                <button type="button" class="pill" onClick={showAll}>
                  {waiting} new
                </button>
              )}
            </>
          }
          empty={
            wanted === null ? (
              <Empty title="No decisions yet">They appear here as transactions are decided.</Empty>
            ) : (
              <Empty title={`None of the last ${formatCount(all.length)} came out as ${wanted}`} />
            )
          }
        />
      </div>
    </>
  )
}

const firstKeys = 2

const columns: readonly Column<DecisionEvent>[] = [
  {
    name: 'decided',
    title: 'Decided',
    width: '84px',
    value: ({ decidedAt }) => decidedAt,
    cell: ({ decidedAt }) => <Time at={decidedAt} shows="here" />,
  },
  {
    name: 'id',
    title: 'Transaction',
    width: '96px',
    shownFrom: 'medium',
    value: idOf,
    cell: ({ transactionId }) => <a href={at(['decisions', transactionId])}>{transactionId}</a>,
  },
  {
    name: 'outcome',
    title: 'Outcome',
    width: '106px',
    value: ({ outcome }) => outcome,
    cell: ({ outcome }) => <OutcomeBadge outcome={outcome} />,
  },
  {
    name: 'score',
    title: 'Score',
    width: '104px',
    isFigure: true,
    value: ({ score }) => score,
    cell: ({ score }) => <Score score={score} />,
  },
  {
    name: 'amount',
    title: 'Amount',
    width: '104px',
    isFigure: true,
    value: ({ amount }) => (amount === null ? null : amountSent(amount).value),
    cell: ({ amount }) => formatSent(amount),
  },
  {
    name: 'keys',
    title: 'Of',
    shownFrom: 'medium',
    value: ({ keys }) =>
      Object.entries(keys)
        .map(([key, value]) => `${key} ${value ?? ''}`)
        .join(' '),
    cell: ({ keys }) => (
      <span class="keys-of">
        {Object.entries(keys)
          .filter(([, value]) => value !== null && value !== '')
          .slice(0, firstKeys)
          .map(([key, value]) => (
            <span key={key}>
              <span class="muted">{key}</span> {value}
            </span>
          ))}
      </span>
    ),
  },
  {
    name: 'rules',
    title: 'Rules',
    shownFrom: 'medium',
    value: ({ rules }) => rules.join(' '),
    cell: ({ rules, degraded }) => (
      <>
        {degraded.length > 0 && <span class="badge review">{degraded.join(', ')}</span>}{' '}
        <span title={rules.join(', ')}>{rules.join(', ')}</span>
      </>
    ),
  },
  {
    name: 'time',
    title: 'Event time',
    width: '186px',
    shownFrom: 'wide',
    value: ({ time }) => time,
    cell: ({ time }) => <Time at={time} />,
  },
]
