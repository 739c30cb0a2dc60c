import { signal } from '@preact/signals'
import { Dialog } from '../ui/dialog.tsx'
import { shortcuts, spellKeys } from './keys.ts'
import './help.css'

const isOpen = signal(false)

export function openHelp(): void {
  isOpen.value = true
}

/** Every key that works here. */
export function Help() {
  if (!isOpen.value) return null
  const shown = shortcuts.value.flat().filter(({ isHidden }) => !isHidden)
  const groups = [...Map.groupBy(shown, ({ group }) => group ?? 'This page')].reverse()
  return (
    <Dialog
      title="Keys"
      isWide
      onClose={() => {
        isOpen.value = false
      }}
    >
      <div class="inside help">
        {groups.map(([group, members]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {members.map(({ keys, does }) => (
                <div key={keys + does}>
                  <dt>{does}</dt>
                  <dd>
                    {spellKeys(keys).map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Tables</h3>
          <dl>
            <div>
              <dt>Next, previous row</dt>
              <dd>
                <kbd>j</kbd>
                <kbd>k</kbd>
              </dd>
            </div>
            <div>
              <dt>Open the row</dt>
              <dd>
                <kbd>↵</kbd>
              </dd>
            </div>
            <div>
              <dt>First, last row</dt>
              <dd>
                <kbd>Home</kbd>
                <kbd>End</kbd>
              </dd>
            </div>
          </dl>
        </section>
      </div>
    </Dialog>
  )
}
