import { useMemo, useState } from 'preact/hooks'
import { useAction } from '../../api/act.ts'
import { ask, client } from '../../api/client.ts'
import { useEvents } from '../../api/events.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { useThrottled } from '../../api/throttled.ts'
import { mayDo, shortName, who } from '../../api/who.ts'
import { useKeys } from '../../shell/keys.ts'
import { at, go, place, setQuery } from '../../shell/place.ts'
import { formatCount, formatMinor, majorOf } from '../../ui/figures.ts'
import { Page } from '../../ui/page.tsx'
import { Empty, Ready } from '../../ui/states.tsx'
import { useSteady } from '../../ui/steady.ts'
import { type Column, Table } from '../../ui/table.tsx'
import { formatSpan, Time } from '../../ui/time.tsx'
import { toast } from '../../ui/toast.tsx'
import { type CaseView, caseCalls, titleOf, type Verdict } from './cases.ts'
import { Filters, filtersOf } from './filters.tsx'

const columns: readonly Column<CaseView>[] = [
  {
    name: 'stake',
    title: 'At stake',
    width: '108px',
    isFigure: true,
    value: ({ expectedLossMinor }) => (expectedLossMinor === null ? null : majorOf(expectedLossMinor)),
    cell: ({ expectedLossMinor }) => formatMinor(expectedLossMinor),
  },
  {
    name: 'what',
    title: 'Case',
    value: titleOf,
    cell: (one) => <a href={at(['cases', one.id])}>{titleOf(one)}</a>,
  },
  {
    name: 'state',
    title: 'State',
    width: '104px',
    shownFrom: 'medium',
    value: ({ state, claim }) => (claim === null ? state : `${state} by ${claim.by}`),
    cell: (one) => <State one={one} />,
  },
  {
    name: 'transactions',
    title: 'Payments',
    width: '80px',
    isFigure: true,
    shownFrom: 'medium',
    value: ({ transactions }) => transactions,
  },
  {
    name: 'newest',
    title: 'Newest amount',
    width: '122px',
    isFigure: true,
    shownFrom: 'medium',
    value: ({ newest }) => (newest?.amountMinor === null || newest === null ? null : majorOf(newest.amountMinor)),
    cell: ({ newest }) => formatMinor(newest?.amountMinor ?? null),
  },
  {
    name: 'age',
    title: 'Open for',
    width: '104px',
    isFigure: true,
    value: ({ openedAt }) => openedAt,
    cell: ({ openedAt }) => formatSpan(Date.now() - new Date(openedAt).getTime()),
  },
  {
    name: 'due',
    title: 'Due',
    width: '112px',
    shownFrom: 'wide',
    value: ({ dueAt }) => dueAt,
    cell: ({ dueAt, isOverdue }) =>
      dueAt === null ? (
        <span class="muted">–</span>
      ) : (
        <span class={isOverdue ? 'badge decline' : undefined}>
          <Time at={dueAt} />
        </span>
      ),
  },
  {
    name: 'assignee',
    title: 'Assigned to',
    width: '104px',
    shownFrom: 'wide',
    value: ({ assignee }) => assignee,
    cell: ({ assignee }) => (assignee === null ? <span class="muted">–</span> : shortName(assignee)),
  },
  {
    name: 'id',
    title: 'Id',
    width: '88px',
    shownFrom: 'wide',
    value: ({ id }) => id,
    cell: ({ id }) => <span class="muted">{id}</span>,
  },
]

function State({ one: { state, claim, escalation, verdict, isOverdue, origin } }: { readonly one: CaseView }) {
  if (verdict !== null) {
    const tone = { fraud: 'decline', legitimate: 'approve', unsure: '' }[verdict.verdict]
    return <span class={`badge ${tone}`}>{verdict.verdict}</span>
  }
  return (
    <span class="row">
      <span class={`badge ${claim !== null ? 'accent' : ''}`}>
        {claim === null ? state : `with ${shortName(claim.by)}`}
      </span>
      {escalation !== null && <span class="badge review">escalated</span>}
      {isOverdue && <span class="badge decline">overdue</span>}
      {origin === 'sample' && <span class="badge">sample</span>}
    </span>
  )
}

type CasePage = paths['/v1/cases']['get']['responses']['200']['content']['application/json']
const perPage = 500
const mostOftenMs = 2000

/** The cases, those with the most at stake first. */
export default function Queue() {
  const filters = filtersOf(place.value.query)
  const cases = useQuery(
    `cases ${JSON.stringify(filters)}`,
    (signal) => ask(caseCalls.list({ limit: perPage, ...filters }, signal)),
    { everyMs: 15_000 },
  )
  useEvents(['case', 'label'], useThrottled(cases.refresh, mostOftenMs))
  const next = useAction(() => ask(caseCalls.claimNext()), {
    then: ({ case: one }) => (one === null ? toast('Nothing is waiting') : go(at(['cases', one.id]))),
  })
  const canWork = mayDo('analyst')
  useKeys([
    ...(canWork ? [{ keys: 'n', does: 'Work on the next case', run: () => void next.run(undefined) }] : []),
    {
      keys: 'm',
      does: 'Cases of mine',
      run: () => setQuery({ claimedBy: filters.claimedBy === undefined ? who.value?.principal : undefined }),
    },
  ])
  return (
    <Page
      title="Queue"
      fills
      actions={
        canWork && (
          <button
            type="button"
            class="button primary"
            disabled={next.isRunning}
            onClick={() => void next.run(undefined)}
          >
            Work on the next <kbd>n</kbd>
          </button>
        )
      }
    >
      <Ready of={cases} lines={10}>
        {(page) => <Pages key={JSON.stringify(filters)} first={page} canWork={canWork} onDone={cases.refresh} />}
      </Ready>
    </Page>
  )
}

const idOf = ({ id }: CaseView) => id

interface PagesProps {
  readonly first: CasePage
  readonly canWork: boolean
  readonly onDone: () => void
}

/** The first page, which is always the newest, and the ones after it as somebody scrolls there. */
function Pages({ first, canWork, onDone }: PagesProps) {
  const [later, setLater] = useState<readonly CasePage[]>([])
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const { state } = filtersOf(place.value.query)
  const showsClosed = state === 'closed' || state === 'all'
  // The first page is asked for again; of the later ones only what is closed meanwhile is known.
  useEvents(['case'], ({ events }) => {
    const done = events.flatMap((event) =>
      event.type === 'case' && event.isClosed && event.case !== null ? [event.case] : [],
    )
    if (later.length > 0 && !showsClosed && done.length > 0) setClosed((before) => before.union(new Set(done)))
  })
  const others = useMemo(() => later.flatMap(({ cases }) => cases).filter(({ id }) => !closed.has(id)), [later, closed])
  const cursor = (later.at(-1) ?? first).cursor
  const more = useAction(
    (after: string) => ask(caseCalls.list({ limit: perPage, ...filtersOf(place.value.query), cursor: after })),
    { then: (page) => setLater((before) => [...before, page]) },
  )
  return (
    <CaseTable
      rows={first.cases}
      others={others}
      hasMore={cursor !== null}
      canWork={canWork}
      onDone={onDone}
      onEnd={() => {
        // Where it was refused once, the next try is the reader's.
        if (cursor !== null && !more.isRunning && more.problem === undefined) void more.run(cursor)
      }}
    />
  )
}

interface CaseTableProps {
  readonly rows: readonly CaseView[]
  /** Of later pages, which somebody asked for and which therefore don't wait. */
  readonly others: readonly CaseView[]
  readonly hasMore: boolean
  readonly onEnd: () => void
  readonly canWork: boolean
  readonly onDone: () => void
}

function CaseTable({ rows, others, hasMore, onEnd, canWork, onDone }: CaseTableProps) {
  const { shown: steady, waiting, showAll, hold } = useSteady(rows, idOf)
  const shown = useMemo(() => {
    // A case may have moved between pages meanwhile; it is shown once.
    const known = new Set(steady.map(idOf))
    return others.length === 0 ? steady : [...steady, ...others.filter(({ id }) => !known.has(id))]
  }, [steady, others])
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [active, setActive] = useState<string>()
  const toggle = (id: string) =>
    setChosen(chosen.has(id) ? chosen.difference(new Set([id])) : chosen.union(new Set([id])))
  useKeys(
    canWork
      ? [
          {
            keys: 'x',
            does: 'Choose the row, for a verdict on several',
            run: () => active !== undefined && toggle(active),
          },
          { keys: 'Escape', does: 'Choose none', run: () => setChosen(new Set()) },
        ]
      : [],
  )
  const isNoFilter = place.value.query.size === 0
  return (
    <div class="table-hold" {...hold}>
      <Table
        label="Cases"
        columns={canWork ? [choiceColumn(chosen, toggle), ...columns] : columns}
        rows={shown}
        rowId={idOf}
        chosen={chosen}
        onEnd={onEnd}
        onActive={({ id }) => setActive(id)}
        onOpen={({ id }) => go(at(['cases', id]))}
        toneOf={({ isOverdue }) => (isOverdue ? 'overdue' : undefined)}
        tools={
          <>
            <Filters />
            <span class="muted small">
              {formatCount(shown.length)} shown{hasMore && ', more follow as you scroll'}
            </span>
            {waiting > 0 && (
              <button type="button" class="pill" onClick={showAll}>
                {waiting} new
              </button>
            )}
            {chosen.size > 0 && (
              <Bulk
                chosen={chosen}
                onDone={() => {
                  setChosen(new Set())
                  onDone()
                }}
              />
            )}
          </>
        }
        empty={
          isNoFilter ? (
            <Empty title="The queue is empty">A case opens when a decision comes out as review. Well done.</Empty>
          ) : (
            <Empty title="No case fits these filters">
              <button type="button" class="button" onClick={() => go(at(['queue']))}>
                Show all that are open
              </button>
            </Empty>
          )
        }
      />
    </div>
  )
}

function choiceColumn(chosen: ReadonlySet<string>, toggle: (id: string) => void): Column<CaseView> {
  return {
    name: 'choice',
    title: 'Chosen',
    width: '40px',
    isTitleHidden: true,
    isSortable: false,
    isExported: false,
    value: () => null,
    cell: ({ id }) => (
      <input
        type="checkbox"
        tabIndex={-1}
        aria-label={`Choose ${id}`}
        checked={chosen.has(id)}
        onChange={() => toggle(id)}
      />
    ),
  }
}

interface BulkProps {
  readonly chosen: ReadonlySet<string>
  readonly onDone: () => void
}

/** A verdict on several cases at once: each is taken or refused alone, and it is said how many were. */
function Bulk({ chosen, onDone }: BulkProps) {
  const give = useAction(
    (verdict: Verdict) => ask(client.POST('/v1/cases/verdicts', { body: { cases: [...chosen], verdict } })),
    {
      said: ({ results }) => {
        const refused = results.filter((result) => 'error' in result).length
        return refused === 0
          ? `${results.length} verdicts given`
          : `${results.length - refused} verdicts given, ${refused} refused`
      },
      then: onDone,
    },
  )
  return (
    <span class="row">
      <b>{chosen.size} chosen</b>
      {(['fraud', 'legitimate'] as const).map((verdict) => (
        <button
          type="button"
          key={verdict}
          class="button small"
          disabled={give.isRunning}
          onClick={() => void give.run(verdict)}
        >
          All {verdict}
        </button>
      ))}
    </span>
  )
}
