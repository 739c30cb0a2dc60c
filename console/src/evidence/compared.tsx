import { amountOf, amountSent, type Transaction } from '../api/detector.ts'
import { at } from '../shell/place.ts'
import { formatCount, formatMoney } from '../ui/figures.ts'
import { Loading } from '../ui/states.tsx'
import { keysOf, useKnownKey } from './known.ts'
import { tellOthers } from './tell-others.ts'
import './compared.css'

interface ComparedProps {
  readonly transaction: Transaction
  readonly transactionId: string
}

/** How an amount stands beside the mean of the card's, the customer's and so on other payments, in words. */
export function Compared({ transaction, transactionId }: ComparedProps) {
  const amount = amountOf(transaction)
  // Means of several currencies mean nothing.
  if (amount === undefined || (amount.currency !== undefined && amountSent(0).currency !== amount.currency)) return null
  return (
    <div>
      <h3>Beside other payments</h3>
      <ul class="compared">
        {keysOf(transaction).map(({ key, token }) => (
          <Comparison key={key} name={key} token={token} value={amount.value} transactionId={transactionId} />
        ))}
      </ul>
    </div>
  )
}

interface ComparisonProps {
  readonly name: string
  readonly token: string
  readonly value: number
  readonly transactionId: string
}

/** From where on a payment stands out among those of its key. */
const muchTimes = 3

function Comparison({ name, token, value, transactionId }: ComparisonProps) {
  const { data, problem } = useKnownKey(name, token)
  if (data === undefined) return <li>{problem === undefined ? <Loading lines={1} /> : problem.detail}</li>
  const { transactions = 0, amount = 0, frauds = 0 } = data.figures.find(({ windowMs }) => windowMs === null) ?? {}
  // The figures count the payment itself, unless it is older than all that they count.
  const isCounted =
    data.isCut.figuresOf === null || data.transactions.some((each) => each.transactionId === transactionId)
  const others = transactions - Number(isCounted)
  const { value: sum, currency, digits } = amountSent(amount ?? 0)
  const mean = others === 0 || amount === null ? undefined : (sum - (isCounted ? value : 0)) / others
  const times = mean === undefined || mean <= 0 ? undefined : value / mean
  return (
    <li class={times !== undefined && times >= muchTimes ? 'much' : ''}>
      <a href={at(['keys', name, token])} class="clip" title={`${name} ${token}`}>
        <span class="muted">{name}</span> {token}
      </a>
      {times === undefined || mean === undefined ? (
        <span>{amount === null ? 'payments of several currencies' : `the first payment of this ${name}`}</span>
      ) : (
        <span>
          <b>{formatTimes(times)} times</b> the mean of this {name}, {formatMoney(mean, currency, digits)}
        </span>
      )}
      <span class="muted small">
        {tellOthers(others, data.isCut.figuresOf)}
        {frauds > 0 && <span class="bad">, {formatCount(frauds)} fraud</span>}
      </span>
    </li>
  )
}

function formatTimes(times: number): string {
  return times >= 10 ? formatCount(Math.round(times)) : times.toFixed(times < 0.1 ? 2 : 1)
}
