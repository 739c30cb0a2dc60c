import { useState } from 'preact/hooks'
import { ask } from '../../api/client.ts'
import type { Transaction } from '../../api/detector.ts'
import { useEvents } from '../../api/events.ts'
import { useQuery } from '../../api/query.ts'
import { useThrottled } from '../../api/throttled.ts'
import { mayDo, shortName } from '../../api/who.ts'
import { Facts } from '../../evidence/facts.tsx'
import { Network } from '../../evidence/network.tsx'
import { Places } from '../../evidence/places.tsx'
import { Timeline } from '../../evidence/timeline.tsx'
import { Why } from '../../evidence/why.tsx'
import { at, go } from '../../shell/place.ts'
import { formatMinor, majorOf } from '../../ui/figures.ts'
import { OutcomeBadge, Score } from '../../ui/outcome.tsx'
import { Page } from '../../ui/page.tsx'
import type { PageProps } from '../../ui/page-props.ts'
import { Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { formatSpan, Time } from '../../ui/time.tsx'
import { type CaseDetail, caseCalls, titleOf } from '../queue/cases.ts'
import { Deeds } from './deeds.tsx'
import { KeyRows } from './key-rows.tsx'
import { Similar } from './similar.tsx'
import { Verdicts } from './verdicts.tsx'
import '../../evidence/columns.css'
import './case.css'

const mostOftenMs = 1000

/** One case with everything, and the keys that decide it. */
export default function CasePage({ params: { id = '' } }: PageProps) {
  const detail = useQuery(`case ${id}`, (signal) => ask(caseCalls.detail(id, signal)), { everyMs: 30_000 })
  const refresh = useThrottled(detail.refresh, mostOftenMs)
  useEvents(['case', 'label'], ({ events, leftOut, isReset }) => {
    const members = new Set(detail.data?.members.map(({ transactionId }) => transactionId))
    const isOfThis = events.some(
      (event) =>
        (event.type === 'case' && event.case === id) || (event.type === 'label' && members.has(event.transactionId)),
    )
    if (isOfThis || isReset || (leftOut.case ?? leftOut.label ?? 0) > 0) refresh()
  })
  return (
    <Page title={detail.data === undefined ? id : titleOf(detail.data)} above={[['Queue', at(['queue'])]]}>
      <Ready of={detail} lines={12}>
        {(one) => <Opened one={one} onChange={detail.refresh} />}
      </Ready>
    </Page>
  )
}

type Member = CaseDetail['members'][number]

interface OpenedProps {
  readonly one: CaseDetail
  readonly onChange: () => void
}

function Opened({ one, onChange }: OpenedProps) {
  const [chosen, setChosen] = useState<string>()
  // What is most worth a look: the one that was chosen, else the newest that is still open.
  const focused =
    one.members.find(({ transactionId }) => transactionId === chosen) ??
    one.members.findLast(({ verdict }) => verdict === null) ??
    one.members.at(-1)
  const transaction: Transaction | undefined = focused?.decision?.transaction
  const marked = new Set(one.members.map(({ transactionId }) => transactionId))
  return (
    <div class="stack wide case-page">
      <Bar one={one} onChange={onChange} />
      <div class="evidence-columns">
        <div class="stack wide">
          {one.members.length > 1 && <Members one={one} onChoose={setChosen} focused={focused?.transactionId} />}
          {one.isHidden && (
            <p class="banner">A blind sample: what the model and the rules said is shown after a verdict.</p>
          )}
          {focused !== undefined && !one.isHidden && focused.decision !== null && (
            <Why transactionId={focused.transactionId} {...(transaction === undefined ? {} : { transaction })} />
          )}
          {focused !== undefined && transaction !== undefined && (
            <>
              <Timeline transaction={transaction} transactionId={focused.transactionId} marked={marked} />
              <Network transaction={transaction} />
              {mayDo('analyst') && <Places transaction={transaction} transactionId={focused.transactionId} />}
            </>
          )}
          <Similar one={one} />
        </div>
        <div class="stack wide">
          <section class="panel">
            <header>
              <h2>{focused?.transactionId ?? 'Transaction'}</h2>
              {focused !== undefined && <DecisionOf member={focused} />}
            </header>
            <div class="inside">
              {transaction === undefined ? (
                <p class="muted">Its record is no longer kept.</p>
              ) : (
                <Facts transaction={transaction} />
              )}
            </div>
          </section>
          <KeyRows one={one} transaction={transaction} />
          <Deeds one={one} />
        </div>
      </div>
    </div>
  )
}

function DecisionOf({ member: { decision } }: { readonly member: Member }) {
  if (decision === null || !('outcome' in decision)) return null
  return (
    <span class="row">
      <Score score={decision.score} />
      <OutcomeBadge outcome={decision.outcome} />
    </span>
  )
}

function Bar({ one, onChange }: OpenedProps) {
  const { claim, closed, snoozedUntil, escalation, assignee, dueAt, isOverdue } = one
  return (
    <div class="case-bar">
      <div class="what" title="Score times amount of what is open and not labelled">
        <span>At stake</span>
        <b>{formatMinor(one.expectedLossMinor)}</b>
      </div>
      <div class="what">
        <span>{one.transactions === 1 ? 'Payment' : 'Payments'}</span>
        <b>
          {one.transactions}
          {one.openTransactions < one.transactions && <span class="muted"> · {one.openTransactions} open</span>}
        </b>
      </div>
      <div class="what">
        <span>{closed === null ? 'Open for' : 'Closed'}</span>
        <b>{closed === null ? formatSpan(Date.now() - new Date(one.openedAt).getTime()) : <Time at={closed.at} />}</b>
      </div>
      {dueAt !== null && closed === null && (
        <div class="what">
          <span>Due</span>
          <b class={isOverdue ? 'overdue' : undefined}>
            <Time at={dueAt} />
          </b>
        </div>
      )}
      <div class="row wrap">
        {claim !== null && <span class="badge accent">with {shortName(claim.by)}</span>}
        {assignee !== null && <span class="badge">for {shortName(assignee)}</span>}
        {escalation !== null && (
          <span class="badge review">escalated{escalation.to === null ? '' : ` to ${shortName(escalation.to)}`}</span>
        )}
        {snoozedUntil !== null && (
          <span class="badge">
            put off until <Time at={snoozedUntil} />
          </span>
        )}
        {[true, false].map((isFraud) => {
          const count = one.members.filter((member) => member.verdict === null && saidOf(member) === isFraud).length
          if (count === 0) return null
          return (
            <span key={isFraud} class={`badge ${isFraud ? 'decline' : 'approve'}`}>
              {one.members.length > 1 && `${count} `}labelled {isFraud ? 'fraud' : 'legitimate'}
            </span>
          )
        })}
        {one.verdict !== null && (
          <span class={`badge ${{ fraud: 'decline', legitimate: 'approve', unsure: '' }[one.verdict.verdict]}`}>
            {one.verdict.verdict} by {shortName(one.verdict.by)}
          </span>
        )}
      </div>
      {mayDo('analyst') && <Verdicts one={one} onChange={onChange} />}
    </div>
  )
}

const memberColumns: readonly Column<Member>[] = [
  { name: 'id', title: 'Payment', value: ({ transactionId }) => transactionId },
  {
    name: 'time',
    title: 'Time',
    width: '150px',
    value: ({ at: time }) => time,
    cell: ({ at: time }) => <Time at={time} />,
  },
  {
    name: 'amount',
    title: 'Amount',
    width: '104px',
    isFigure: true,
    value: ({ amountMinor }) => (amountMinor === null ? null : majorOf(amountMinor)),
    cell: ({ amountMinor }) => formatMinor(amountMinor),
  },
  {
    name: 'decision',
    title: 'Decision',
    width: '196px',
    shownFrom: 'medium',
    value: ({ decision }) => (decision !== null && 'outcome' in decision ? decision.outcome : null),
    cell: (member) => <DecisionOf member={member} />,
  },
  {
    name: 'verdict',
    title: 'Verdict',
    width: '124px',
    value: verdictOf,
    cell: (member) =>
      member.verdict === null ? <span class="muted">{verdictOf(member) ?? 'open'}</span> : member.verdict,
  },
]

function verdictOf(member: Member): string | null {
  const isFraud = saidOf(member)
  return member.verdict ?? (isFraud === undefined ? null : isFraud ? 'labelled fraud' : 'labelled legitimate')
}

/** Whether the label that counts says fraud; undefined where there is none, or nobody is to be told. */
function saidOf({ decision }: Member): boolean | undefined {
  return decision !== null && 'labels' in decision ? decision.labels.find(({ counts }) => counts)?.isFraud : undefined
}

interface MembersProps {
  readonly one: CaseDetail
  readonly focused: string | undefined
  readonly onChoose: (id: string) => void
}

function Members({ one, focused, onChoose }: MembersProps) {
  return (
    <Table
      label="Payments of the case"
      className="members-table"
      columns={memberColumns}
      rows={one.members}
      rowId={({ transactionId }) => transactionId}
      chosen={new Set(focused === undefined ? [] : [focused])}
      onActive={({ transactionId }) => onChoose(transactionId)}
      onOpen={({ transactionId }) =>
        focused === transactionId ? go(at(['decisions', transactionId])) : onChoose(transactionId)
      }
      tools={<h2>Payments</h2>}
    />
  )
}
