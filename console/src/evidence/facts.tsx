import type { ComponentChildren } from 'preact'
import { detector, type Transaction } from '../api/detector.ts'
import { formatAmount } from '../ui/figures.ts'
import { Time } from '../ui/time.tsx'

interface FactsProps {
  readonly transaction: Transaction
  /** What stands behind the value of a key: what can be done with it. */
  readonly afterKey?: (key: string, value: string) => ComponentChildren
}

/** Everything that a transaction says of itself, the known fields first, and what it does not say as missing. */
export function Facts({ transaction, afterKey }: FactsProps) {
  const declared = detector.value
  const { amount, time, keys = {} } = declared ?? {}
  const keyFields = new Map(Object.entries(keys).map(([key, field]) => [field, key]))
  const first = [amount?.field, time, ...keyFields.keys()].filter((field) => field !== undefined)
  const names = [...new Set([...first, ...Object.keys(transaction)])].filter((name) => name !== declared?.id)
  return (
    <dl class="facts">
      {names.map((name) => (
        <Fact key={name} name={keyFields.get(name) ?? name} title={name}>
          {name === amount?.field ? (
            formatAmount(transaction)
          ) : (
            <ValueOf name={name} value={transaction[name]} isTime={name === time} />
          )}
          {keyFields.has(name) && transaction[name] !== null && transaction[name] !== undefined
            ? afterKey?.(keyFields.get(name) ?? '', String(transaction[name]))
            : null}
        </Fact>
      ))}
    </dl>
  )
}

function Fact({
  name,
  title,
  children,
}: {
  readonly name: string
  readonly title: string
  readonly children: ComponentChildren
}) {
  return (
    <>
      <dt title={title}>{name.replaceAll('_', ' ')}</dt>
      <dd>{children}</dd>
    </>
  )
}

interface ValueProps {
  readonly name: string
  readonly value: Transaction[string] | undefined
  readonly isTime: boolean
}

function ValueOf({ value, isTime }: ValueProps) {
  if (value === null || value === undefined) return <span class="muted">missing</span>
  if (isTime && typeof value !== 'boolean') return <Time at={value} shows="both" />
  return <span class="value">{String(value)}</span>
}
