import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ask, client } from '../../api/client.ts'
import { type Problem, problemOf } from '../../api/problem.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { shortName } from '../../api/who.ts'
import { place, setQuery } from '../../shell/place.ts'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { toastProblem } from '../../ui/toast.tsx'
import './entries.css'

type Page = paths['/v1/audit']['get']['responses']['200']['content']['application/json']
type Entry = Page['entries'][number]

const limit = 200
const filterNames = ['who', 'what', 'from', 'to'] as const
type Filters = Partial<Record<(typeof filterNames)[number], string>>

/** Who did what, when and from where. Filters are in the address. */
export function Entries() {
  const filters = readFilters()
  const name = JSON.stringify(filters)
  const first = useQuery(`audit ${name}`, (signal) => ask(load(filters, undefined, signal)))
  return (
    <>
      <FilterForm key={name} filters={filters} />
      <Ready of={first} lines={10}>
        {(page) => <Log key={`${name} ${page.entries[0]?.id}`} first={page} filters={filters} />}
      </Ready>
    </>
  )
}

function readFilters(): Filters {
  return Object.fromEntries(
    filterNames.flatMap((name) => {
      const value = place.value.query.get(name)
      return value === null || value === '' ? [] : [[name, value]]
    }),
  )
}

/** Days of the form are the viewer's; the last one is included. */
function load({ who, what, from, to }: Filters, cursor: number | undefined, signal?: AbortSignal) {
  const query = {
    limit,
    ...(who !== undefined && { who }),
    ...(what !== undefined && { what }),
    ...(from !== undefined && { from: dayStart(from, 0) }),
    ...(to !== undefined && { to: dayStart(to, 1) }),
    ...(cursor !== undefined && { cursor }),
  }
  return client.GET('/v1/audit', { params: { query }, ...(signal !== undefined && { signal }) })
}

function dayStart(day: string, later: number): string {
  const date = new Date(`${day}T00:00:00`)
  if (Number.isNaN(date.getTime())) return day
  date.setDate(date.getDate() + later)
  return date.toISOString()
}

function FilterForm({ filters }: { readonly filters: Filters }) {
  return (
    <form
      class="row wrap audit-filters"
      onSubmit={(event) => {
        event.preventDefault()
        const form = new FormData(event.currentTarget)
        setQuery(Object.fromEntries(filterNames.map((name) => [name, String(form.get(name) ?? '').trim()])))
      }}
    >
      <Field label="Who">
        <input class="input narrow" name="who" placeholder="user:ada" defaultValue={filters.who ?? ''} />
      </Field>
      <Field label="What">
        <input class="input narrow" name="what" placeholder="logIn, refused" defaultValue={filters.what ?? ''} />
      </Field>
      <Field label="From">
        <input class="input narrow" name="from" type="date" defaultValue={filters.from ?? ''} />
      </Field>
      <Field label="To">
        <input class="input narrow" name="to" type="date" defaultValue={filters.to ?? ''} />
      </Field>
      <button type="submit" class="button">
        Filter
      </button>
      {Object.keys(filters).length > 0 && (
        <button
          type="button"
          class="button quiet"
          onClick={() => setQuery(Object.fromEntries(filterNames.map((name) => [name, undefined])))}
        >
          Clear
        </button>
      )}
    </form>
  )
}

function Field({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is what it is given.
    <label class="row">
      <span class="muted small">{label}</span>
      {children}
    </label>
  )
}

/** More of it is asked for as the end comes in sight. */
function Log({ first, filters }: { readonly first: Page; readonly filters: Filters }) {
  const [pages, setPages] = useState<readonly Page[]>([first])
  const [isLoading, setLoading] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const rows = pages.flatMap(({ entries }) => entries)
  const cursor = pages.at(-1)?.cursor ?? null
  useEffect(() => {
    if (problem !== undefined) toastProblem(problem)
  }, [problem])
  const more = () => {
    if (cursor === null || isLoading || problem !== undefined) return
    setLoading(true)
    ask(load(filters, cursor))
      .then(
        (page) => setPages((before) => [...before, page]),
        (error: unknown) => setProblem(problemOf(error)),
      )
      .finally(() => setLoading(false))
  }
  return (
    <Table
      label="Audit log"
      columns={columns}
      rows={rows}
      rowId={({ id }) => String(id)}
      onEnd={more}
      tools={
        <>
          <h2>Who did what</h2>
          <span class="muted small">
            {rows.length} shown{cursor !== null && ', older ones follow as you scroll'}
          </span>
        </>
      }
      empty={<Empty title="Nothing was noted that fits" />}
    />
  )
}

const detailOf = ({ detail }: Entry) =>
  Object.entries(detail)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ')

const columns: readonly Column<Entry>[] = [
  { name: 'at', title: 'When', width: '180px', value: ({ at }) => at, cell: ({ at }) => <Time at={at} /> },
  { name: 'who', title: 'Who', width: '140px', value: ({ who }) => who, cell: ({ who }) => shortName(who) },
  {
    name: 'what',
    title: 'What',
    width: '150px',
    value: ({ what }) => what,
    cell: ({ what }) => <span class={what === 'refused' ? 'badge decline' : undefined}>{what}</span>,
  },
  {
    name: 'target',
    title: 'Where',
    value: ({ target }) => target,
    cell: ({ target }) => <span title={target ?? undefined}>{target}</span>,
  },
  {
    name: 'detail',
    title: 'Detail',
    shownFrom: 'medium',
    value: detailOf,
    cell: (entry) => <span title={JSON.stringify(entry.detail, null, 1)}>{detailOf(entry)}</span>,
  },
  { name: 'from', title: 'From', width: '130px', shownFrom: 'wide', value: ({ from }) => from },
]
