import type { ComponentChildren } from 'preact'
import type { Schemas } from '../api/client.ts'
import { amountOf, timeOf } from '../api/detector.ts'
import { at, go } from '../shell/place.ts'
import { formatAmount } from './figures.ts'
import { OutcomeBadge, Score } from './outcome.tsx'
import { Empty } from './states.tsx'
import { useSteady } from './steady.ts'
import { type Column, Table } from './table.tsx'
import { Time } from './time.tsx'

export type Decision = Schemas['DecisionPage']['decisions'][number]

export const decisionColumns: readonly Column<Decision>[] = [
  {
    name: 'decided',
    title: 'Decided',
    width: '150px',
    value: ({ decidedAt }) => decidedAt,
    cell: ({ decidedAt }) => <Time at={decidedAt} />,
  },
  {
    name: 'id',
    title: 'Transaction',
    width: '130px',
    shownFrom: 'medium',
    value: ({ transactionId }) => transactionId,
    cell: ({ transactionId }) => <a href={at(['decisions', transactionId])}>{transactionId}</a>,
  },
  {
    name: 'outcome',
    title: 'Outcome',
    width: '108px',
    value: ({ outcome }) => outcome,
    cell: ({ outcome }) => <OutcomeBadge outcome={outcome} />,
  },
  {
    name: 'score',
    title: 'Score',
    width: '118px',
    isFigure: true,
    value: ({ score }) => score,
    cell: ({ score }) => <Score score={score} />,
  },
  {
    name: 'amount',
    title: 'Amount',
    width: '122px',
    isFigure: true,
    value: ({ transaction }) => amountOf(transaction)?.value,
    cell: ({ transaction }) => formatAmount(transaction),
  },
  {
    name: 'why',
    title: 'Why',
    shownFrom: 'medium',
    value: whyOf,
    cell: (decision) => <span title={whyOf(decision)}>{whyOf(decision)}</span>,
  },
  {
    name: 'rules',
    title: 'Rules',
    width: '150px',
    shownFrom: 'wide',
    value: ({ rules }) => rules.map(({ id }) => id).join(' '),
  },
  {
    name: 'time',
    title: 'Event time',
    width: '150px',
    shownFrom: 'wide',
    value: ({ transaction }) => timeOf(transaction),
    cell: ({ transaction }) => {
      const time = timeOf(transaction)
      return time === undefined ? '–' : <Time at={time} />
    },
  },
]

/** The reasons of a decision in one line; what made it degraded comes first. */
export function whyOf({ reasons, degraded }: Decision): string {
  return [
    ...(degraded.length === 0 ? [] : [`degraded: ${degraded.join(', ')}`]),
    ...reasons.map(({ text }) => text),
  ].join('; ')
}

interface DecisionTableProps {
  readonly label: string
  readonly decisions: readonly Decision[]
  readonly tools?: ComponentChildren
  readonly onEnd?: () => void
}

const idOf = ({ transactionId, decidedAt }: Decision) => `${transactionId} ${decidedAt}`

/** Decisions, the newest first; those that come while the pointer is over them wait. */
export function DecisionTable({ label, decisions, tools, onEnd }: DecisionTableProps) {
  const { shown, waiting, showAll, hold } = useSteady(decisions, idOf)
  return (
    <div class="table-hold" {...hold}>
      <Table
        label={label}
        columns={decisionColumns}
        rows={shown}
        rowId={idOf}
        onOpen={({ transactionId }) => go(at(['decisions', transactionId]))}
        {...(onEnd === undefined ? {} : { onEnd })}
        tools={
          <>
            {tools}
            {waiting > 0 && (
              <button type="button" class="pill" onClick={showAll}>
                {waiting} new
              </button>
            )}
          </>
        }
        empty={<Empty title="No decisions yet">They appear here as transactions are decided.</Empty>}
      />
    </div>
  )
}
