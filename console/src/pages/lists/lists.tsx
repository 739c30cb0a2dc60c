import { useState } from 'preact/hooks'
import { ask, client } from '../../api/client.ts'
import { detector } from '../../api/detector.ts'
import { useEvents } from '../../api/events.ts'
import { useQuery } from '../../api/query.ts'
import { mayDo } from '../../api/who.ts'
import { useKeys } from '../../shell/keys.ts'
import { at, go } from '../../shell/place.ts'
import { isPending, tellChange } from '../../ui/changed.ts'
import { formatCount } from '../../ui/figures.ts'
import { FormDialog, Labelled, WhyField } from '../../ui/form-dialog.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { takeFocus } from '../../ui/take-focus.ts'
import { toast } from '../../ui/toast.tsx'
import { effects, effectTones, effectWords } from './effects.ts'

interface Row {
  readonly name: string
  readonly of: string
  readonly effect: (typeof effects)[number]
  readonly note?: string
  readonly entries: number
}

const columns: readonly Column<Row>[] = [
  {
    name: 'name',
    title: 'List',
    value: ({ name }) => name,
    cell: ({ name }) => <a href={at(['lists', name])}>{name}</a>,
  },
  { name: 'of', title: 'Of', width: '140px', value: ({ of }) => of },
  {
    name: 'effect',
    title: 'Effect',
    width: '110px',
    value: ({ effect }) => effect,
    cell: ({ effect }) => <span class={`badge ${effectTones[effect]}`}>{effect}</span>,
  },
  {
    name: 'entries',
    title: 'Entries',
    width: '100px',
    isFigure: true,
    value: ({ entries }) => entries,
    cell: ({ entries }) => formatCount(entries),
  },
  { name: 'note', title: 'Note', shownFrom: 'medium', value: ({ note }) => note },
]

/** The lists, and what each does to what is on it. */
export default function Lists() {
  const [isAdding, setAdding] = useState(false)
  const lists = useQuery('lists', (signal) => ask(client.GET('/v1/lists', { signal })), { everyMs: 20_000 })
  useEvents(['policy'], lists.refresh)
  const canWrite = mayDo('author')
  useKeys(canWrite ? [{ keys: 'n', does: 'Make a new list', run: () => setAdding(true) }] : [])
  return (
    <Page
      title="Lists"
      fills
      actions={
        canWrite && (
          <button type="button" class="button primary" onClick={() => setAdding(true)}>
            New list <kbd>n</kbd>
          </button>
        )
      }
    >
      <Ready of={lists}>
        {({ lists: all, entries, version }) => (
          <>
            <Table
              label="Lists"
              columns={columns}
              rows={all.map((list): Row => ({ ...list, entries: entries[list.name] ?? 0 }))}
              rowId={({ name }) => name}
              onOpen={({ name }) => go(at(['lists', name]))}
              tools={<span class="muted small">{formatCount(all.length)} lists</span>}
              empty={
                <Empty title="No lists yet">
                  A list blocks, lets through or watches what is on it, or is only asked by rules.
                </Empty>
              }
            />
            {isAdding && <NewList version={version} onClose={() => setAdding(false)} />}
          </>
        )}
      </Ready>
    </Page>
  )
}

function NewList({ version, onClose }: { readonly version: number; readonly onClose: () => void }) {
  const { keys = {}, fields = {} } = detector.value ?? {}
  const [effect, setEffect] = useState<(typeof effects)[number]>('watch')
  return (
    <FormDialog
      title="New list"
      submit="Make it"
      onClose={onClose}
      send={async (text) => {
        const name = text('name')
        const params = { path: { name }, header: { 'If-Match': String(version) } }
        const note = text('note') === '' ? {} : { note: text('note') }
        const why = text('why') === '' ? {} : { why: text('why') }
        const answer = await ask(
          client.PUT('/v1/lists/{name}', { params, body: { of: text('of'), effect, ...note, ...why } }),
        )
        return { name, answer }
      }}
      onDone={({ name, answer }) => {
        toast(tellChange(answer, `The list ${name} is made`))
        go(isPending(answer) ? at(['audit']) : at(['lists', name]))
      }}
    >
      <Labelled id="name" label="Name" hint="letters, digits and _">
        <input
          id="name"
          name="name"
          class="input"
          required
          ref={takeFocus}
          pattern="[A-Za-z_][A-Za-z0-9_]*"
          placeholder="stolen_cards"
        />
      </Labelled>
      <Labelled id="of" label="Of">
        <select id="of" name="of" class="input">
          {[...Object.keys(keys), ...Object.keys(fields)].map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </Labelled>
      <Labelled id="effect" label="Effect" hint={effectWords[effect]}>
        <select
          id="effect"
          class="input"
          value={effect}
          onChange={({ currentTarget }) => setEffect(effects.find((each) => each === currentTarget.value) ?? 'none')}
        >
          {effects.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </Labelled>
      <Labelled id="note" label="Note">
        <input id="note" name="note" class="input" maxLength={500} />
      </Labelled>
      <WhyField />
    </FormDialog>
  )
}
