import { useState } from 'preact/hooks'
import type { Transaction } from '../api/detector.ts'
import { keysOf } from './known.ts'

/** Which key of a transaction a panel is about: its first one, until another is chosen. */
export function useKeyChoice(transaction: Transaction) {
  const keys = keysOf(transaction)
  const [name, choose] = useState<string>()
  return { keys, chosen: keys.find(({ key }) => key === name) ?? keys[0], choose }
}

type Choice = ReturnType<typeof useKeyChoice>

export function KeyTabs({
  label,
  choice: { keys, chosen, choose },
}: {
  readonly label: string
  readonly choice: Choice
}) {
  return (
    <fieldset class="row tabs" aria-label={label}>
      {keys.map(({ key }) => (
        <button
          type="button"
          key={key}
          class="button quiet small"
          aria-pressed={key === chosen?.key}
          onClick={() => choose(key)}
        >
          {key}
        </button>
      ))}
    </fieldset>
  )
}
