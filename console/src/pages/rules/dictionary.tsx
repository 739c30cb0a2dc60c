import { useState } from 'preact/hooks'
import { spell } from './check-locally.ts'
import { describeName, type Name } from './names.ts'

interface DictionaryProps {
  readonly names: readonly Name[]
  readonly onInsert: (text: string) => void
}

/** Every name that a condition can use, with what it is and examples; a click writes it into the condition. */
export function Dictionary({ names, onInsert }: DictionaryProps) {
  const [text, setText] = useState('')
  const wanted = text.trim().toLowerCase()
  const found = names.filter(({ name, from }) => `${name} ${from}`.toLowerCase().includes(wanted))
  return (
    <section class="panel dictionary">
      <header>
        <h2>Names</h2>
        <input
          class="input"
          type="search"
          placeholder="Filter"
          aria-label="Filter names"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </header>
      <ul>
        {found.map((name) => (
          <li key={name.name}>
            <button
              type="button"
              onClick={() => onInsert(spell(name.name))}
              title={`Write ${name.name} into the condition`}
            >
              <code>{name.name}</code>
              <span class="muted small">{describeName(name)}</span>
              {name.examples.length > 0 && (
                <span class="muted small clip">
                  such as {[...new Set(name.examples.map(short))].slice(0, 4).join(', ')}
                </span>
              )}
            </button>
          </li>
        ))}
        {found.length === 0 && <li class="muted inside">No name fits.</li>}
      </ul>
    </section>
  )
}

function short(value: string | number): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(4))) : value
}
