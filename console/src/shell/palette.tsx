import { signal } from '@preact/signals'
import { useId, useState } from 'preact/hooks'
import { Dialog } from '../ui/dialog.tsx'
import { type Found, useFound } from './finders.ts'
import { go } from './place.ts'
import './palette.css'
import { takeFocus } from '../ui/take-focus.ts'

const isOpen = signal(false)

export function openPalette(): void {
  isOpen.value = true
}

/** Goes to a page, or to what an id or a name belongs to. */
export function Palette() {
  return isOpen.value ? <OpenPalette /> : null
}

function OpenPalette() {
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState(0)
  const listId = useId()
  const { found, isSearching } = useFound(text)
  const close = () => {
    isOpen.value = false
  }
  const open = (entry: Found | undefined) => {
    if (entry === undefined) return
    close()
    go(entry.href)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined && found.length > 0) {
      event.preventDefault()
      setChosen((chosen + step + found.length) % found.length)
    } else if (event.key === 'Enter') {
      event.preventDefault()
      open(found[chosen])
    }
  }
  return (
    <Dialog title="Find" onClose={close}>
      <div class="palette">
        <input
          class="input"
          role="combobox"
          aria-label="Page, case, transaction, card, rule or list"
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={found.length === 0 ? undefined : `${listId}-${chosen}`}
          placeholder="Page, case, transaction, card, rule, list"
          autocomplete="off"
          spellcheck={false}
          ref={takeFocus}
          value={text}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value)
            setChosen(0)
          }}
          onKeyDown={onKeyDown}
        />
        <div id={listId} role="listbox" aria-label="Found">
          {found.map((entry, i) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the input above has the keys, as a combobox does.
            <div
              key={entry.href}
              id={`${listId}-${i}`}
              role="option"
              tabIndex={-1}
              aria-selected={i === chosen}
              onClick={() => open(entry)}
            >
              <span class="clip">{entry.name}</span>
              <span class="muted small">{entry.kind}</span>
            </div>
          ))}
        </div>
        <p class="muted small" role="status">
          {isSearching ? 'Searching …' : found.length === 0 ? 'Nothing is called so.' : ''}
        </p>
      </div>
    </Dialog>
  )
}
