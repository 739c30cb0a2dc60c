import { useState } from 'preact/hooks'
import { ask, client } from '../../api/client.ts'
import { useQuery } from '../../api/query.ts'
import { mayDo } from '../../api/who.ts'
import { at } from '../../shell/place.ts'
import { tellChange } from '../../ui/changed.ts'
import { FormDialog, WhyField } from '../../ui/form-dialog.tsx'
import { Ready } from '../../ui/states.tsx'
import { toast } from '../../ui/toast.tsx'

/** Whether what decides is changed by one person, or by two. */
export function FourEyes() {
  const known = useQuery('four eyes', (signal) => ask(client.GET('/v1/four-eyes', { signal })))
  const [isAsked, setAsked] = useState(false)
  return (
    <section class="panel">
      <header>
        <h2>Four eyes</h2>
        {mayDo('admin') && known.data !== undefined && (
          <button type="button" class="button small" onClick={() => setAsked(true)}>
            {known.data.on ? 'Turn off' : 'Turn on'}
          </button>
        )}
      </header>
      <Ready of={known} lines={1}>
        {({ on }) => (
          <p class="inside">
            {on ? <b>On.</b> : <b>Off.</b>} Changes of rules, lists, the policy and models{' '}
            {on ? 'wait until somebody else approves them: ' : 'count at once. '}
            {on && (
              <a class="text" href={at(['audit'])}>
                those that wait
              </a>
            )}
          </p>
        )}
      </Ready>
      {isAsked && known.data !== undefined && (
        <Switch isOn={known.data.on} onClose={() => setAsked(false)} onDone={known.refresh} />
      )}
    </section>
  )
}

interface SwitchProps {
  readonly isOn: boolean
  readonly onClose: () => void
  readonly onDone: () => void
}

function Switch({ isOn, onClose, onDone }: SwitchProps) {
  return (
    <FormDialog
      title={isOn ? 'Turn four eyes off' : 'Turn four eyes on'}
      submit={isOn ? 'Turn off' : 'Turn on'}
      isDangerous={isOn}
      onClose={onClose}
      send={(text) =>
        ask(client.PUT('/v1/four-eyes', { body: { on: !isOn, ...(text('why') === '' ? {} : { why: text('why') }) } }))
      }
      onDone={(answer) => {
        toast(
          tellChange(
            'state' in answer ? answer : {},
            isOn ? 'Changes count at once' : 'Changes wait for somebody else',
          ),
        )
        onDone()
      }}
    >
      <p>
        {isOn
          ? 'Turning it off is a change as well: it waits for somebody else.'
          : 'From then on a change of what decides waits until an approver, who is somebody else, approves it.'}
      </p>
      <WhyField />
    </FormDialog>
  )
}
