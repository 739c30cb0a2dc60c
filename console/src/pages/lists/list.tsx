import { useState } from 'preact/hooks'
import { useAction } from '../../api/act.ts'
import { ask, client } from '../../api/client.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { mayDo } from '../../api/who.ts'
import { useKeys } from '../../shell/keys.ts'
import { at } from '../../shell/place.ts'
import { tellChange } from '../../ui/changed.ts'
import { formatCount } from '../../ui/figures.ts'
import { FormDialog, Labelled, WhyField } from '../../ui/form-dialog.tsx'
import { Page } from '../../ui/page.tsx'
import type { PageProps } from '../../ui/page-props.ts'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { takeFocus } from '../../ui/take-focus.ts'
import { Time } from '../../ui/time.tsx'
import { toast } from '../../ui/toast.tsx'

type EntriesPage = paths['/v1/lists/{name}/entries']['get']['responses']['200']['content']['application/json']
type Entry = EntriesPage['entries'][number]

const most = 500
const dayMs = 86_400_000

/** The entries of one list. */
export default function ListPage({ params: { name = '' } }: PageProps) {
  const [isAdding, setAdding] = useState(false)
  const path = { name }
  const list = useQuery(`list ${name}`, async (signal) => {
    const [{ lists, entries: counts }, page] = await Promise.all([
      ask(client.GET('/v1/lists', { signal })),
      ask(
        client.GET('/v1/lists/{name}/entries', {
          params: { path, query: { limit: most } },
          headers: { accept: 'application/json' },
          signal,
        }),
      ),
    ])
    // JSON is what was asked for; the same route has other forms.
    const { entries, cursor } = page as EntriesPage
    return {
      definition: lists.find((each) => each.name === name),
      count: counts[name] ?? 0,
      entries,
      hasMore: cursor !== null,
    }
  })
  const canWrite = mayDo('author')
  useKeys(canWrite ? [{ keys: 'n', does: 'Add entries', run: () => setAdding(true) }] : [])
  return (
    <Page
      title={name}
      above={[['Lists', at(['lists'])]]}
      intro={
        list.data?.definition === undefined
          ? undefined
          : `${list.data.definition.effect} of ${list.data.definition.of}. ${list.data.definition.note ?? ''}`
      }
      fills
      actions={
        canWrite && (
          <button type="button" class="button primary" onClick={() => setAdding(true)}>
            Add entries <kbd>n</kbd>
          </button>
        )
      }
    >
      <Ready of={list} lines={8}>
        {({ entries, count, hasMore }) => (
          <Table
            label="Entries"
            exportName={`${name}-entries`}
            columns={canWrite ? [...columns, removeColumn(name, list.refresh)] : columns}
            rows={entries}
            rowId={({ number }) => String(number)}
            tools={
              <span class="muted small">
                {formatCount(count)} {count === 1 ? 'entry' : 'entries'}
                {hasMore && `, the first ${formatCount(entries.length)} shown`}
              </span>
            }
            empty={
              <Empty title="Nothing is on it yet">
                Entries come from here, from a case, from a file by <code>shrike lists</code>, or over HTTP.
              </Empty>
            }
          />
        )}
      </Ready>
      {isAdding && <AddEntries name={name} onClose={() => setAdding(false)} onDone={list.refresh} />}
    </Page>
  )
}

const columns: readonly Column<Entry>[] = [
  { name: 'value', title: 'Value', value: ({ value }) => value, cell: ({ value }) => <code>{value}</code> },
  {
    name: 'added',
    title: 'Added',
    width: '180px',
    value: ({ addedAt }) => addedAt,
    cell: ({ addedAt }) => <Time at={addedAt} />,
  },
  { name: 'by', title: 'By', width: '130px', shownFrom: 'medium', value: ({ by }) => by },
  {
    name: 'expires',
    title: 'Until',
    width: '180px',
    shownFrom: 'medium',
    value: ({ expiresAt }) => expiresAt,
    cell: ({ expiresAt }) => (expiresAt === undefined ? <span class="muted">ever</span> : <Time at={expiresAt} />),
  },
  { name: 'source', title: 'Source', width: '140px', shownFrom: 'wide', value: ({ source }) => source },
  { name: 'note', title: 'Note', shownFrom: 'wide', value: ({ note }) => note },
]

function removeColumn(name: string, onDone: () => void): Column<Entry> {
  return {
    name: 'remove',
    title: 'Remove',
    isTitleHidden: true,
    width: '90px',
    isSortable: false,
    isExported: false,
    value: () => null,
    cell: ({ value }) => <Remove name={name} value={value} onDone={onDone} />,
  }
}

interface RemoveProps {
  readonly name: string
  readonly value: string
  readonly onDone: () => void
}

function Remove({ name, value, onDone }: RemoveProps) {
  const params = { path: { name } }
  const add = useAction(() => ask(client.POST('/v1/lists/{name}/entries', { params, body: { add: [value] } })), {
    then: onDone,
  })
  const remove = useAction(() => ask(client.POST('/v1/lists/{name}/entries', { params, body: { remove: [value] } })), {
    then: (answer) => {
      toast(tellChange(answer, `${value} is taken off`), { label: 'Undo', run: () => void add.run(undefined) })
      onDone()
    },
  })
  return (
    <button
      type="button"
      class="button quiet small"
      disabled={remove.isRunning}
      onClick={() => void remove.run(undefined)}
    >
      Remove
    </button>
  )
}

interface AddEntriesProps {
  readonly name: string
  readonly onClose: () => void
  readonly onDone: () => void
}

function AddEntries({ name, onClose, onDone }: AddEntriesProps) {
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
        const expiresAt =
          text('days') === '' ? {} : { expiresAt: new Date(Date.now() + Number(text('days')) * dayMs).toISOString() }
        const note = text('note') === '' ? {} : { note: text('note') }
        const why = text('why') === '' ? {} : { why: text('why') }
        return ask(
          client.POST('/v1/lists/{name}/entries', {
            params: { path: { name } },
            body: { add: values.map((value) => ({ value, source: 'console', ...expiresAt, ...note })), ...why },
          }),
        )
      }}
      onDone={(answer) => {
        toast(tellChange(answer, 'Added'))
        onDone()
      }}
    >
      <Labelled id="values" label="Values, one a line">
        <textarea id="values" name="values" class="input" rows={5} required ref={takeFocus} spellcheck={false} />
      </Labelled>
      <Labelled id="days" label="For">
        <select id="days" name="days" class="input">
          <option value="">ever</option>
          <option value="7">7 days</option>
          <option value="30">30 days</option>
          <option value="90">90 days</option>
        </select>
      </Labelled>
      <Labelled id="note" label="Note">
        <input id="note" name="note" class="input" maxLength={500} />
      </Labelled>
      <WhyField />
    </FormDialog>
  )
}
