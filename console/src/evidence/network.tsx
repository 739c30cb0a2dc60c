import { detector, type Transaction } from '../api/detector.ts'
import { at } from '../shell/place.ts'
import { Loading } from '../ui/states.tsx'
import { type Decision, useKeyHistory } from './history.ts'
import './network.css'

interface NetworkProps {
  readonly transaction: Transaction
}

/** Who else met this payment's device, terminal and so on: two steps, from the first key over each other one and on. */
export function Network({ transaction }: NetworkProps) {
  const present = Object.entries(detector.value?.keys ?? {}).filter(
    ([, field]) => transaction[field] !== null && transaction[field] !== undefined,
  )
  const [first, ...others] = present
  if (first === undefined || others.length === 0) return null
  const [of, field] = first
  return (
    <section class="panel">
      <header>
        <h2>
          Other {plural(of)} at the same {others.map(([key]) => key).join(', ')}
        </h2>
      </header>
      <ul class="network">
        {others.map(([key, column]) => (
          <Step
            key={key}
            name={key}
            value={String(transaction[column])}
            of={of}
            field={field}
            self={String(transaction[field])}
          />
        ))}
      </ul>
    </section>
  )
}

interface StepProps {
  readonly name: string
  readonly value: string
  readonly of: string
  readonly field: string
  readonly self: string
}

const mostNodes = 18

/** One middle of the graph, and what is beyond it: a mark for each other card, by the worst that came of it there. */
function Step({ name, value, of, field, self }: StepProps) {
  const history = useKeyHistory(name, value)
  if (history.data === undefined)
    return <li>{history.problem === undefined ? <Loading lines={1} /> : history.problem.detail}</li>
  const beyond = worstBy(history.data.decisions, field)
  const own = beyond.get(self)
  beyond.delete(self)
  const severe = [...beyond].toSorted(([, a], [, b]) => rank(b) - rank(a))
  const bad = severe.filter(([, decisions]) => rank(decisions) > 1).length
  return (
    <li>
      <span class="node-name">
        <span class="muted">{name}</span> {value}
      </span>
      <span class="edges">
        {severe.slice(0, mostNodes).map(([id, decisions]) => (
          <a
            key={id}
            href={at(['decisions', decisions[0].transactionId])}
            class={`node ${worst(decisions)}`}
            title={`${id}: ${decisions.length} here, worst ${worst(decisions)}`}
          >
            <span class="visually-hidden">
              {of} {id}, {worst(decisions)}
            </span>
          </a>
        ))}
        {severe.length > mostNodes && <span class="muted small">+{severe.length - mostNodes}</span>}
      </span>
      <span class="muted small">
        {severe.length === 0
          ? `no other ${of}`
          : `${severe.length} ${severe.length === 1 ? `other ${of}` : `other ${plural(of)}`}`}
        {bad > 0 && <b class="bad">, {bad} in review or declined</b>}
        {own !== undefined && own.length > 1 && `; this ${of} ${own.length} times`}
      </span>
    </li>
  )
}

const severity = ['approve', 'challenge', 'review', 'decline']

function rank(decisions: readonly Decision[]): number {
  return Math.max(...decisions.map(({ outcome }) => severity.indexOf(outcome)))
}

function worst(decisions: readonly Decision[]): string {
  return severity[rank(decisions)] ?? 'approve'
}

function worstBy(decisions: readonly Decision[], field: string): Map<string, Decision[]> {
  const found = new Map<string, Decision[]>()
  for (const decision of decisions) {
    const value = decision.transaction[field]
    if (value === null || value === undefined) continue
    const id = String(value)
    const known = found.get(id)
    if (known === undefined) found.set(id, [decision])
    else known.push(decision)
  }
  return found
}

function plural(word: string): string {
  return `${word}s`
}
