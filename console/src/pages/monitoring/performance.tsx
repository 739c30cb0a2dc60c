import { ask, client } from '../../api/client.ts'
import { useQuery } from '../../api/query.ts'
import { formatCount, formatMinor, formatShare, majorOf } from '../../ui/figures.ts'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Day } from '../../ui/time.tsx'
import { PerformancePlot, type Week } from './performance-plot.tsx'

type Figure = Week['precision']

/** What decisions were worth, week by week, as labels say now: they come late, and a week that is not mature says so. */
export function Performance() {
  const known = useQuery('performance', (signal) => ask(client.GET('/v1/monitoring/performance', { signal })), {
    everyMs: 60_000,
  })
  return (
    <Ready of={known} lines={6}>
      {({ weeks }) => (
        <>
          <PerformancePlot weeks={weeks} />
          <Table
            label="Performance by week"
            className="short"
            columns={new Set(weeks.map(({ model }) => model)).size > 1 ? [modelColumn, ...columns] : columns}
            rows={weeks}
            rowId={({ week, model }) => `${week} ${model}`}
            tools={
              <>
                <h2>By week and model</h2>
                <span class="muted small">95 % intervals; weeks begin on Monday, UTC</span>
              </>
            }
            empty={<Empty title="No decisions yet">Each week of decisions becomes a row.</Empty>}
          />
          <RulesByWeek weeks={weeks} />
        </>
      )}
    </Ready>
  )
}

/** A figure with its interval, or why there is none. */
function figureCell(figure: Figure, write: (value: number) => string, why: string | undefined) {
  if (figure === null)
    return (
      <span class="muted" title={why}>
        –
      </span>
    )
  return (
    <span title={`${write(figure.lower)} to ${write(figure.upper)}`}>
      {write(figure.value)}{' '}
      <span class="muted small">
        {write(figure.lower)}–{write(figure.upper)}
      </span>
    </span>
  )
}

const plain = (value: number) => String(Number(value.toPrecision(3)))

function figureColumn(
  name: 'precision' | 'recall' | 'averagePrecision' | 'calibration',
  title: string,
  write: (value: number) => string,
): Column<Week> {
  return {
    ...{ name, title, width: '150px', isFigure: true },
    value: (week) => week[name]?.value,
    cell: (week) => figureCell(week[name], write, week.notKnown[name]),
  }
}

function moneyColumn(name: keyof NonNullable<Week['money']>, title: string): Column<Week> {
  return {
    ...{ name, title, width: '112px', isFigure: true, shownFrom: 'wide' },
    value: ({ money }) => (money === null ? null : majorOf(money[name])),
    cell: ({ money }) => formatMinor(money?.[name] ?? null),
  }
}

const modelColumn: Column<Week> = {
  ...{ name: 'model', title: 'Model', width: '130px', shownFrom: 'medium' },
  value: ({ model }) => model,
  cell: ({ model }) => <span title={model ?? undefined}>{model ?? 'none'}</span>,
}

const columns: readonly Column<Week>[] = [
  {
    name: 'week',
    title: 'Week from',
    value: ({ week }) => week,
    cell: ({ week }) => <Day at={week} />,
  },
  {
    name: 'state',
    title: 'Labels',
    width: '92px',
    shownFrom: 'medium',
    value: ({ isMature }) => (isMature ? 'mature' : 'to come'),
    cell: ({ isMature, maturesAt }) => (
      <span class={isMature ? undefined : 'muted'} title={maturesAt}>
        {isMature ? 'mature' : 'to come'}
      </span>
    ),
  },
  {
    name: 'decisions',
    title: 'Decisions',
    width: '84px',
    isFigure: true,
    shownFrom: 'medium',
    value: ({ decisions }) => decisions,
    cell: ({ decisions }) => formatCount(decisions),
  },
  {
    name: 'frauds',
    title: 'Frauds',
    width: '70px',
    isFigure: true,
    value: ({ frauds }) => frauds,
    cell: ({ frauds }) => formatCount(frauds),
  },
  figureColumn('precision', 'Precision', (value) => formatShare(value)),
  figureColumn('recall', 'Recall', (value) => formatShare(value)),
  { ...figureColumn('averagePrecision', 'Average precision', plain), shownFrom: 'wide' },
  { ...figureColumn('calibration', 'Calibration', plain), shownFrom: 'wide' },
  moneyColumn('stoppedMinor', 'Stopped'),
  moneyColumn('lostMinor', 'Lost'),
]

interface RuleWeek {
  readonly week: string
  readonly rule: Week['rules'][number]
}

function RulesByWeek({ weeks }: { readonly weeks: readonly Week[] }) {
  const rows = weeks.flatMap(({ week, rules }) => rules.map((rule): RuleWeek => ({ week, rule })))
  if (rows.length === 0) return null
  return (
    <Table
      label="Rules by week"
      className="short"
      columns={ruleColumns}
      rows={rows}
      rowId={({ week, rule }) => `${week} ${rule.rule}`}
      tools={<h2>Rules by week</h2>}
    />
  )
}

const ruleColumns: readonly Column<RuleWeek>[] = [
  {
    name: 'week',
    title: 'Week from',
    width: '150px',
    value: ({ week }) => week,
    cell: ({ week }) => <Day at={week} />,
  },
  { name: 'rule', title: 'Rule', value: ({ rule }) => rule.rule },
  { name: 'fired', title: 'Fired', width: '80px', isFigure: true, value: ({ rule }) => rule.fired },
  { name: 'frauds', title: 'Fraud', width: '80px', isFigure: true, value: ({ rule }) => rule.frauds },
  { name: 'legitimate', title: 'Legitimate', width: '100px', isFigure: true, value: ({ rule }) => rule.legitimate },
  {
    name: 'precision',
    title: 'Precision',
    width: '172px',
    isFigure: true,
    value: ({ rule }) => rule.precision?.value,
    cell: ({ rule }) => figureCell(rule.precision, (value) => formatShare(value), 'No label of what it caught yet'),
  },
]
