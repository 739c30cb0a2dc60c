import { useId } from 'preact/hooks'
import { useAction } from '../../api/act.ts'
import { ask, client } from '../../api/client.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { takeFocus } from '../../ui/take-focus.ts'
import type { CaseDetail } from '../queue/cases.ts'

export type Asking = 'note' | 'snooze' | 'assign' | 'escalate' | 'link' | 'merge'

interface MoreActionsProps {
  readonly one: CaseDetail
  readonly asking: Asking | undefined
  readonly onAsk: (asking: Asking | undefined) => void
  readonly onChange: () => void
  readonly onClaim: () => void
}

const titles: Readonly<Record<Asking, string>> = {
  note: 'Write a note',
  snooze: 'Put off',
  assign: 'Assign',
  escalate: 'Escalate',
  link: 'Link with a case',
  merge: 'Merge into a case',
}
const keys: Readonly<Partial<Record<Asking, string>>> = { note: 'w', snooze: 's', assign: 'a', escalate: 'e' }

/** What else can be done to a case, each with the little that it needs. */
export function MoreActions({ one, asking, onAsk, onChange, onClaim }: MoreActionsProps) {
  const menuId = useId()
  const closeMenu = () => document.getElementById(menuId)?.hidePopover()
  return (
    <>
      <button type="button" class="button" popovertarget={menuId}>
        More
      </button>
      <div id={menuId} popover="auto" class="menu">
        <button
          type="button"
          onClick={() => {
            closeMenu()
            onClaim()
          }}
        >
          {one.claim === null ? 'Claim' : 'Give back'} <kbd>c</kbd>
        </button>
        {(Object.keys(titles) as Asking[]).map((each) => (
          <button
            type="button"
            key={each}
            onClick={() => {
              closeMenu()
              onAsk(each)
            }}
          >
            {titles[each]} {keys[each] !== undefined && <kbd>{keys[each]}</kbd>}
          </button>
        ))}
      </div>
      {asking !== undefined && <Form one={one} asking={asking} onClose={() => onAsk(undefined)} onDone={onChange} />}
    </>
  )
}

interface FormProps {
  readonly one: CaseDetail
  readonly asking: Asking
  readonly onClose: () => void
  readonly onDone: () => void
}

function Form({ one, asking, onClose, onDone }: FormProps) {
  const send = useAction((form: FormData) => perform(one.id, asking, form), {
    said: 'Done',
    showsProblem: true,
    then: () => {
      onClose()
      onDone()
    },
  })
  const { problem } = send
  return (
    <Dialog title={titles[asking]} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void send.run(new FormData(event.currentTarget))
        }}
      >
        <Fields asking={asking} />
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem.detail} {problem.errors.map(({ field, reason }) => `${field} ${reason}`).join('; ')}{' '}
            <code>{problem.code}</code>
          </p>
        )}
        <div class="actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={send.isRunning}>
            {titles[asking]}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function Fields({ asking }: { readonly asking: Asking }) {
  const id = useId()
  if (asking === 'note') {
    return (
      <div class="field">
        <label for={id}>Note</label>
        <textarea id={id} name="note" class="input" rows={4} required ref={takeFocus} maxLength={4000} />
        <p class="hint">It is erased with the person that the case is of. Card numbers are refused.</p>
      </div>
    )
  }
  return (
    <>
      <div class="field">
        <label for={id}>
          {{ snooze: 'For', assign: 'To', escalate: 'To', link: 'With case', merge: 'Into case' }[asking]}
        </label>
        {asking === 'snooze' ? (
          <select id={id} name="hours" class="input" ref={takeFocus}>
            <option value="1">1 hour</option>
            <option value="4">4 hours</option>
            <option value="24">1 day</option>
            <option value="72">3 days</option>
            <option value="168">1 week</option>
          </select>
        ) : (
          <input
            id={id}
            name="to"
            class="input"
            ref={takeFocus}
            required={asking === 'link' || asking === 'merge'}
            placeholder={asking === 'assign' || asking === 'escalate' ? 'user:ann, or nobody' : 'c-17'}
          />
        )}
      </div>
      <div class="field">
        <label for={`${id}-note`}>Note</label>
        <input id={`${id}-note`} name="note" class="input" maxLength={1000} />
      </div>
    </>
  )
}

function perform(id: string, asking: Asking, form: FormData): Promise<unknown> {
  const text = (name: string) => String(form.get(name) ?? '').trim()
  const params = { path: { id } }
  const note = text('note') === '' ? {} : { note: text('note') }
  const to = text('to')
  switch (asking) {
    case 'note':
      return ask(client.POST('/v1/cases/{id}/notes', { params, body: { text: text('note') } }))
    case 'snooze': {
      const until = new Date(Date.now() + Number(text('hours')) * 3_600_000).toISOString()
      return ask(client.POST('/v1/cases/{id}/snooze', { params, body: { until, ...note } }))
    }
    case 'assign':
      return ask(client.POST('/v1/cases/{id}/assign', { params, body: { to: to === '' ? null : to, ...note } }))
    case 'escalate':
      return ask(client.POST('/v1/cases/{id}/escalate', { params, body: { ...(to === '' ? {} : { to }), ...note } }))
    case 'link':
      return ask(client.POST('/v1/cases/{id}/link', { params, body: { with: to, ...note } }))
    case 'merge':
      return ask(client.POST('/v1/cases/{id}/merge', { params, body: { into: to, ...note } }))
  }
}
