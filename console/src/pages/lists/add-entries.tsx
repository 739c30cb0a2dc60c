import { useState } from 'preact/hooks'
import { ask, client, send } from '../../api/client.ts'
import { ProblemError, readProblem } from '../../api/problem.ts'
import type { paths } from '../../api/schema.d.ts'
import { tellChange } from '../../ui/changed.ts'
import { formatCount } from '../../ui/figures.ts'
import { FormDialog, Labelled, WhyField } from '../../ui/form-dialog.tsx'
import { takeFocus } from '../../ui/take-focus.ts'
import { toast } from '../../ui/toast.tsx'

export type Changed = paths['/v1/lists/{name}/entries']['post']['responses']['200']['content']['application/json']

const dayMs = 86_400_000

interface AddEntriesProps {
  readonly name: string
  readonly onClose: () => void
  readonly onDone: () => void
}

/** Values that are typed in, all with the same expiry and note. */
export function AddEntries({ name, onClose, onDone }: AddEntriesProps) {
  const [until, setUntil] = useState('')
  return (
    <FormDialog
      title={`Add to ${name}`}
      submit="Add"
      onClose={onClose}
      send={(text) => {
        const values = text('values')
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line !== '')
        const expiry = expiryOf(until, text('date'))
        const note = text('note') === '' ? {} : { note: text('note') }
        const why = text('why') === '' ? {} : { why: text('why') }
        return ask(
          client.POST('/v1/lists/{name}/entries', {
            params: { path: { name } },
            body: { add: values.map((value) => ({ value, source: 'console', ...expiry, ...note })), ...why },
          }),
        )
      }}
      onDone={(answer) => {
        toast(tellChange(answer, 'Added'))
        onDone()
      }}
    >
      <Labelled
        id="values"
        label="Values, one a line"
        hint="as transactions have them; of persons a token is kept, of card numbers a hash"
      >
        <textarea id="values" name="values" class="input" rows={5} required ref={takeFocus} spellcheck={false} />
      </Labelled>
      <Labelled id="until" label="Until" hint={until === '' ? 'they stay until somebody takes them off' : ''}>
        <select id="until" class="input" value={until} onChange={({ currentTarget }) => setUntil(currentTarget.value)}>
          <option value="">for ever</option>
          <option value="7">7 days from now</option>
          <option value="30">30 days from now</option>
          <option value="90">90 days from now</option>
          <option value="date">the end of a day</option>
        </select>
      </Labelled>
      {until === 'date' && (
        <Labelled id="date" label="Last day, in your zone">
          <input id="date" name="date" class="input" type="date" required />
        </Labelled>
      )}
      <Labelled id="note" label="Note">
        <input id="note" name="note" class="input" maxLength={500} />
      </Labelled>
      <WhyField />
    </FormDialog>
  )
}

function expiryOf(until: string, date: string): { readonly expiresAt?: string } {
  if (until === '') return {}
  if (until !== 'date') return { expiresAt: new Date(Date.now() + Number(until) * dayMs).toISOString() }
  // A date and a time without a zone are the viewer's.
  const end = new Date(`${date}T00:00:00`)
  end.setDate(end.getDate() + 1)
  return { expiresAt: end.toISOString() }
}

interface AddFileProps {
  readonly name: string
  readonly onClose: () => void
  readonly onDone: (changed: Changed) => void
}

/** Entries of a file, a good line for a good line. */
export function AddFile({ name, onClose, onDone }: AddFileProps) {
  const [file, setFile] = useState<File>()
  return (
    <FormDialog
      title={`Add a file to ${name}`}
      submit="Add"
      onClose={onClose}
      send={async (text) => {
        const query = text('why') === '' ? '' : `?why=${encodeURIComponent(text('why'))}`
        // As it is: reading it as text would put another character in the place of each that is not UTF-8.
        const headers = { 'content-type': 'text/csv' }
        const path = `/v1/lists/${encodeURIComponent(name)}/entries${query}`
        const answer = await send(new Request(path, { method: 'POST', headers, body: file ?? '' }))
        const body: unknown = await answer.json()
        if (!answer.ok) throw new ProblemError(readProblem(answer.status, body))
        // The types of the client have this route's answer.
        return body as Changed
      }}
      onDone={(answer) => {
        const { added = 0, refused = 0 } = answer
        const more = refused === 0 ? '' : `, ${formatCount(refused)} are not`
        toast(tellChange(answer, `${formatCount(added)} lines are added${more}`))
        onDone(answer)
      }}
    >
      <Labelled
        id="file"
        label="File"
        hint="CSV with a header: value, and expires_at, source and note where you have them"
      >
        <input
          id="file"
          class="input"
          type="file"
          accept=".csv,text/csv"
          required
          ref={takeFocus}
          onChange={({ currentTarget }) => setFile(currentTarget.files?.[0])}
        />
      </Labelled>
      <WhyField />
    </FormDialog>
  )
}

const mostErrors = 20

/** Lines of a file that were not added, and why; the others were. */
export function RefusedLines({ changed, onClose }: { readonly changed: Changed; readonly onClose: () => void }) {
  const { errors = [], refused = 0, lines = 0 } = changed
  return (
    <section class="panel" role="alert">
      <header>
        <h2>
          {formatCount(refused)} of {formatCount(lines)} lines are not added
        </h2>
        <button type="button" class="button quiet small" onClick={onClose}>
          Dismiss
        </button>
      </header>
      <ul class="inside">
        {errors.slice(0, mostErrors).map(({ line, field, reason }) => (
          <li key={line + field}>
            <span class="muted">line {line}</span> <b>{field}</b> {reason}
          </li>
        ))}
        {errors.length > mostErrors && <li class="muted">and {formatCount(errors.length - mostErrors)} more</li>}
      </ul>
    </section>
  )
}
