import { useState } from 'preact/hooks'
import { useAction } from '../../api/act.ts'
import { ask, client, send } from '../../api/client.ts'
import { detector } from '../../api/detector.ts'
import { ProblemError, readProblem } from '../../api/problem.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { mayDo, shortName } from '../../api/who.ts'
import { useKeys } from '../../shell/keys.ts'
import { at } from '../../shell/place.ts'
import { tellChange } from '../../ui/changed.ts'
import { download } from '../../ui/csv.ts'
import { formatCount } from '../../ui/figures.ts'
import { Page } from '../../ui/page.tsx'
import type { PageProps } from '../../ui/page-props.ts'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { toast } from '../../ui/toast.tsx'
import { AddEntries, AddFile, type Changed, RefusedLines } from './add-entries.tsx'

type EntriesPage = paths['/v1/lists/{name}/entries']['get']['responses']['200']['content']['application/json']
type Entry = EntriesPage['entries'][number]

const most = 500

/** The entries of one list. */
export default function ListPage({ params: { name = '' } }: PageProps) {
  const [asked, setAsked] = useState<'values' | 'file'>()
  const [refused, setRefused] = useState<Changed>()
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
  const exportAll = useAction(() => exportEntries(name))
  const canWrite = mayDo('author')
  const { of } = list.data?.definition ?? {}
  useKeys(canWrite ? [{ keys: 'n', does: 'Add entries', run: () => setAsked('values') }] : [])
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
        <>
          <button type="button" class="button" onClick={() => void exportAll.run(undefined)}>
            All as CSV
          </button>
          {canWrite && (
            <>
              <button type="button" class="button" onClick={() => setAsked('file')}>
                Add a file
              </button>
              <button type="button" class="button primary" onClick={() => setAsked('values')}>
                Add entries <kbd>n</kbd>
              </button>
            </>
          )}
        </>
      }
    >
      {refused !== undefined && <RefusedLines changed={refused} onClose={() => setRefused(undefined)} />}
      <Ready of={list} lines={8}>
        {({ entries, count, hasMore }) => (
          <Table
            label="Entries"
            exportName={`${name}-entries`}
            columns={[...columnsOf(of), ...(canWrite ? [removeColumn(name, list.refresh)] : [])]}
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
                Entries come from here, from a case, from a file, or over HTTP.
              </Empty>
            }
          />
        )}
      </Ready>
      {asked === 'values' && <AddEntries name={name} onClose={() => setAsked(undefined)} onDone={list.refresh} />}
      {asked === 'file' && (
        <AddFile
          name={name}
          onClose={() => setAsked(undefined)}
          onDone={(changed) => {
            setRefused((changed.refused ?? 0) > 0 ? changed : undefined)
            list.refresh()
          }}
        />
      )}
    </Page>
  )
}

/** A person's value, which the log keeps as a token alone. */
const isConcealed = (value: string) => value.startsWith('tok_')

/** All entries, with what the page does not show; a list takes the file back. */
async function exportEntries(name: string): Promise<void> {
  const path = `/v1/lists/${encodeURIComponent(name)}/entries`
  const answer = await send(new Request(path, { headers: { accept: 'text/csv' } }))
  const text = await answer.text()
  if (!answer.ok) throw new ProblemError(readProblem(answer.status, JSON.parse(text)))
  download(`${name}.csv`, text)
}

const columnsOf = (of: string | undefined): readonly Column<Entry>[] => [
  {
    name: 'value',
    title: 'Value',
    value: ({ value }) => value,
    cell: ({ value }) => (
      <>
        {of !== undefined && Object.hasOwn(detector.value?.keys ?? {}, of) ? (
          <a href={at(['keys', of, value])}>
            <code>{value}</code>
          </a>
        ) : (
          <code>{value}</code>
        )}
        {isConcealed(value) && (
          <>
            {' '}
            <span class="badge" title="A person's value: the log keeps this token in its place">
              concealed
            </span>
          </>
        )}
      </>
    ),
  },
  {
    name: 'added',
    title: 'Added',
    width: '180px',
    value: ({ addedAt }) => addedAt,
    cell: ({ addedAt }) => <Time at={addedAt} />,
  },
  {
    name: 'by',
    title: 'By',
    width: '130px',
    shownFrom: 'medium',
    value: ({ by }) => by,
    cell: ({ by }) => shortName(by),
  },
  {
    name: 'expires',
    title: 'Until',
    width: '180px',
    shownFrom: 'medium',
    value: ({ expiresAt }) => expiresAt,
    cell: ({ expiresAt }) => (expiresAt === undefined ? <span class="muted">for ever</span> : <Until at={expiresAt} />),
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
    cell: (entry) => <Remove name={name} entry={entry} onDone={onDone} />,
  }
}

interface RemoveProps {
  readonly name: string
  readonly entry: Entry
  readonly onDone: () => void
}

function Remove({ name, entry, onDone }: RemoveProps) {
  const params = { path: { name } }
  const { value, expiresAt, source, note } = entry
  // What is taken back has the expiry and the words that it had.
  const kept = Object.fromEntries(Object.entries({ expiresAt, source, note }).filter(([, each]) => each !== undefined))
  const add = useAction(
    () => ask(client.POST('/v1/lists/{name}/entries', { params, body: { add: [{ value, ...kept }] } })),
    {
      then: onDone,
    },
  )
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

function Until({ at: time }: { readonly at: string }) {
  return new Date(time).getTime() < Date.now() ? <span class="badge">expired</span> : <Time at={time} />
}
