import { ask, client, type Schemas } from '../../api/client.ts'
import { amountSent } from '../../api/detector.ts'
import { useQuery } from '../../api/query.ts'
import { at, go } from '../../shell/place.ts'
import { formatCount, formatSent } from '../../ui/figures.ts'
import { OutcomeBadge, Score } from '../../ui/outcome.tsx'
import { Page } from '../../ui/page.tsx'
import type { PageProps } from '../../ui/page-props.ts'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { formatSpan, Time } from '../../ui/time.tsx'

type Known = Schemas['KnownKey']
type Payment = Known['transactions'][number]
type Figure = Known['figures'][number]
type Linked = Known['linked'][number]

const figureColumns: readonly Column<Figure>[] = [
  {
    name: 'window',
    title: 'Within',
    value: ({ windowMs }) => windowMs,
    cell: ({ windowMs }) => (windowMs === null ? 'all' : formatSpan(windowMs)),
  },
  { name: 'transactions', title: 'Payments', isFigure: true, value: ({ transactions }) => transactions },
  {
    name: 'amount',
    title: 'Amount',
    isFigure: true,
    value: ({ amount }) => (amount === null ? null : amountSent(amount).value),
    cell: ({ amount }) => formatSent(amount),
  },
  { name: 'review', title: 'Review', isFigure: true, value: ({ outcomes }) => outcomes.review ?? 0 },
  { name: 'decline', title: 'Decline', isFigure: true, value: ({ outcomes }) => outcomes.decline ?? 0 },
  { name: 'frauds', title: 'Fraud', isFigure: true, value: ({ frauds }) => frauds },
]

const paymentColumns: readonly Column<Payment>[] = [
  { name: 'time', title: 'Time', width: '190px', value: ({ time }) => time, cell: ({ time }) => <Time at={time} /> },
  {
    name: 'id',
    title: 'Transaction',
    value: ({ transactionId }) => transactionId,
    cell: ({ transactionId }) => <a href={at(['decisions', transactionId])}>{transactionId}</a>,
  },
  {
    name: 'outcome',
    title: 'Outcome',
    width: '110px',
    value: ({ outcome }) => outcome,
    cell: ({ outcome }) => (outcome === null ? <span class="muted">history</span> : <OutcomeBadge outcome={outcome} />),
  },
  {
    name: 'score',
    title: 'Score',
    width: '120px',
    isFigure: true,
    shownFrom: 'medium',
    value: ({ score }) => score,
    cell: ({ score }) => <Score score={score} />,
  },
  {
    name: 'amount',
    title: 'Amount',
    width: '120px',
    isFigure: true,
    value: ({ amount }) => (amount === null ? null : amountSent(amount).value),
    cell: ({ amount }) => formatSent(amount),
  },
  {
    name: 'label',
    title: 'Label',
    width: '100px',
    value: ({ isFraud }) => (isFraud === null ? null : isFraud ? 'fraud' : 'legitimate'),
    cell: ({ isFraud }) =>
      isFraud === null ? (
        <span class="muted">none</span>
      ) : isFraud ? (
        <span class="badge decline">fraud</span>
      ) : (
        'legitimate'
      ),
  },
]

const linkedColumns: readonly Column<Linked>[] = [
  { name: 'key', title: 'Key', width: '100px', value: ({ key }) => key },
  {
    name: 'token',
    title: 'Value',
    value: ({ token }) => token,
    cell: ({ key, token }) => <a href={at(['keys', key, token])}>{token}</a>,
  },
  { name: 'steps', title: 'Steps', width: '70px', isFigure: true, value: ({ steps }) => steps },
  { name: 'transactions', title: 'Payments', width: '90px', isFigure: true, value: ({ transactions }) => transactions },
  { name: 'frauds', title: 'Fraud', width: '70px', isFigure: true, value: ({ frauds }) => frauds },
]

/** One card, customer and so on: how much, how it came out, and what it is linked with. */
export default function KeyPage({ params: { key = '', token = '' } }: PageProps) {
  const known = useQuery(`key ${key} ${token}`, (signal) =>
    ask(client.GET('/v1/keys/{key}/{token}', { params: { path: { key, token } }, signal })),
  )
  return (
    <Page title={`${key} ${token}`} above={[['Search', at(['search'])]]}>
      <Ready of={known} lines={10}>
        {({ figures, transactions, linked, asOf, next, isCut }) => (
          <div class="stack wide">
            <Table
              label="Figures"
              columns={figureColumns}
              rows={figures}
              rowId={({ windowMs }) => String(windowMs)}
              tools={
                <>
                  <h2>Figures</h2>
                  {asOf !== null && (
                    <span class="muted small">
                      back from <Time at={asOf} shows="both" />
                      {isCut.figuresOf !== null && `, of the newest ${formatCount(isCut.figuresOf)} payments alone`}
                    </span>
                  )}
                </>
              }
            />
            <Table
              label="Payments"
              className="short"
              columns={paymentColumns}
              rows={transactions}
              rowId={({ transactionId }) => transactionId}
              onOpen={({ transactionId }) => go(at(['decisions', transactionId]))}
              tools={
                <>
                  <h2>Payments</h2>
                  {next !== null && <span class="muted small">the newest {formatCount(transactions.length)}</span>}
                </>
              }
              empty={<Empty title="None are known" />}
            />
            <Table
              label="Linked"
              className="short"
              columns={linkedColumns}
              rows={linked}
              rowId={(one) => `${one.key} ${one.token}`}
              onOpen={(one) => go(at(['keys', one.key, one.token]))}
              tools={
                <>
                  <h2>Linked</h2>
                  <span class="muted small">
                    {formatCount(linked.length)} within two steps{isCut.links && ', and more'}
                  </span>
                </>
              }
              empty={<Empty title="Nothing is linked with it" />}
            />
          </div>
        )}
      </Ready>
    </Page>
  )
}
