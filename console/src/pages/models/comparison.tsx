import { ask, client, type Schemas } from '../../api/client.ts'
import { useQuery } from '../../api/query.ts'
import { formatCount } from '../../ui/figures.ts'
import { FormDialog, Labelled } from '../../ui/form-dialog.tsx'
import { OutcomeBadge, outcomes } from '../../ui/outcome.tsx'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { takeFocus } from '../../ui/take-focus.ts'
import { toast } from '../../ui/toast.tsx'
import { nameOfJob } from './job-name.ts'

type Figures = Schemas['ComparisonFigures']
type Metric = readonly [string, NonNullable<Figures['labels']>['metrics'][string]]
type Cell = Figures['outcomes'][number]

interface CompareProps {
  /** The second; the first is what it is held against. */
  readonly model: string
  readonly against: readonly string[]
  readonly onClose: () => void
  readonly onStarted: (id: string) => void
}

/** Holds a model against another, or against rules and lists alone, on the decisions of the log. */
export function Compare({ model, against, onClose, onStarted }: CompareProps) {
  return (
    <FormDialog
      title={`Compare ${model}`}
      submit="Start"
      onClose={onClose}
      send={(text) => {
        const included = text('includeTraining') === '' ? {} : { includeTraining: true }
        const body = { kind: 'comparison' as const, name: nameOfJob('compare'), a: text('a'), b: model, ...included }
        return ask(client.POST('/v1/jobs', { body }))
      }}
      onDone={({ id }) => {
        toast('The comparison has begun')
        onStarted(id)
      }}
    >
      <p>On the same past decisions, under the policy in force, in a process of its own.</p>
      <Labelled id="a" label="Against" hint="none: rules and lists alone">
        <select id="a" name="a" class="input" ref={takeFocus}>
          {[...against, 'none'].map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </Labelled>
      <label class="row">
        <input type="checkbox" name="includeTraining" value="yes" />
        also count transactions that a model was trained on
      </label>
    </FormDialog>
  )
}

/** What metrics are called, for people. */
export const metricWords: Readonly<Record<string, string>> = {
  rows: 'Test rows',
  frauds: 'Fraud among them',
  averagePrecision: 'Average precision',
  rocAuc: 'ROC AUC',
  recall: 'Recall',
  precision: 'Precision',
  recallAt1PercentFpr: 'Recall where 1 % of the legitimate are flagged',
  brier: 'Brier score',
  logLoss: 'Log loss',
  calibrationRatio: 'Predicted over real fraud',
  threshold: 'Threshold',
}

function shown(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(4)
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`
}

const metricColumns: readonly Column<Metric>[] = [
  { name: 'metric', title: 'Metric', value: ([name]) => metricWords[name] ?? name },
  { name: 'a', title: 'First', width: '90px', isFigure: true, value: ([, { a }]) => a, cell: ([, { a }]) => shown(a) },
  { name: 'b', title: 'Second', width: '90px', isFigure: true, value: ([, { b }]) => b, cell: ([, { b }]) => shown(b) },
  {
    name: 'difference',
    title: 'Difference, 95 %',
    width: '250px',
    isFigure: true,
    value: ([, { difference }]) => difference?.value,
    cell: ([, { difference }]) =>
      difference === null
        ? '–'
        : `${signed(difference.value)} (${signed(difference.lower)} to ${signed(difference.upper)})`,
  },
]

const cellColumns: readonly Column<Cell>[] = [
  { name: 'a', title: 'First', width: '120px', value: ({ a }) => a, cell: ({ a }) => <OutcomeBadge outcome={a} /> },
  { name: 'b', title: 'Second', width: '120px', value: ({ b }) => b, cell: ({ b }) => <OutcomeBadge outcome={b} /> },
  {
    name: 'transactions',
    title: 'Transactions',
    isFigure: true,
    value: ({ transactions }) => transactions,
    cell: ({ transactions }) => formatCount(transactions),
  },
  { name: 'frauds', title: 'Fraud', width: '80px', isFigure: true, value: ({ frauds }) => frauds },
  { name: 'legitimate', title: 'Legitimate', width: '96px', isFigure: true, value: ({ legitimate }) => legitimate },
]

/** What a comparison found: metrics with paired intervals, and where outcomes differ. */
export function Comparison({ id }: { readonly id: string }) {
  const figures = useQuery(`comparison ${id}`, (signal) =>
    ask(client.GET('/v1/jobs/{id}/figures', { params: { path: { id } }, signal })),
  )
  return (
    <Ready of={figures} lines={4}>
      {({ a, b, transactions, outcomes: cells, labels, notes }) => (
        <div class="stack">
          <p>
            First <code>{a.id}</code>, second <code>{b.id}</code>, on {formatCount(transactions)} transactions
            {labels !== null &&
              `, ${formatCount(labels.transactions)} of them with a label and ${formatCount(labels.frauds)} fraud`}
            .{' '}
            <a href={`/v1/jobs/${encodeURIComponent(id)}/report`} target="_blank" rel="noreferrer">
              Its page with all figures
            </a>
          </p>
          {labels !== null && (
            <Table
              label="Metrics of both"
              columns={metricColumns}
              rows={Object.entries(labels.metrics)}
              rowId={([name]) => name}
              tools={<h3>Metrics</h3>}
            />
          )}
          <Table
            label="Outcomes that differ"
            className="short"
            columns={cellColumns}
            rows={cells.filter((cell) => cell.a !== cell.b).toSorted((one, other) => order(one) - order(other))}
            rowId={(cell) => `${cell.a} ${cell.b}`}
            tools={<h3>Outcomes that differ</h3>}
            empty={<Empty title="Every transaction would have had the same outcome" />}
          />
          {notes.map((note) => (
            <p key={note} class="muted">
              {note}
            </p>
          ))}
        </div>
      )}
    </Ready>
  )
}

function order({ a, b }: Cell): number {
  return outcomes.indexOf(a) * outcomes.length + outcomes.indexOf(b)
}
