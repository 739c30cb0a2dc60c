import { ask } from '../../api/client.ts'
import { useQuery } from '../../api/query.ts'
import { shortName } from '../../api/who.ts'
import { at, go } from '../../shell/place.ts'
import { formatMinor, majorOf } from '../../ui/figures.ts'
import { Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { type CaseDetail, type CaseView, caseCalls, titleOf } from '../queue/cases.ts'

interface Alike {
  readonly found: CaseView
  /** What both have. */
  readonly shared: readonly string[]
}

const mostKeys = 6
const mostOfKey = 20

/** Other cases of the same card, terminal and so on, those that share most first, and what became of them. */
export function Similar({ one }: { readonly one: CaseDetail }) {
  const keys = one.similar.filter(({ cases }) => cases > 0).slice(0, mostKeys)
  const name = keys.map(({ key, value }) => `${key}=${value}`)
  const similar = useQuery(keys.length === 0 ? undefined : `similar ${one.id} ${name.join()}`, async (signal) => {
    const pages = await Promise.all(
      name.map((key) => ask(caseCalls.list({ state: 'all', key, limit: mostOfKey }, signal))),
    )
    return alike(
      one.id,
      name,
      pages.map(({ cases }) => cases),
    )
  })
  if (keys.length === 0) return null
  return (
    <Ready of={similar} lines={3}>
      {(rows) => (
        <Table
          label="Similar cases"
          className="short"
          columns={columns}
          rows={rows}
          rowId={({ found }) => found.id}
          onOpen={({ found }) => go(at(['cases', found.id]))}
          tools={<h2>Similar cases</h2>}
        />
      )}
    </Ready>
  )
}

function alike(ownId: string, keys: readonly string[], pages: readonly (readonly CaseView[])[]): readonly Alike[] {
  const all = new Map(pages.flat().map((found) => [found.id, found]))
  all.delete(ownId)
  return [...all.values()]
    .map((found) => ({ found, shared: keys.filter((_, i) => pages[i]?.some(({ id }) => id === found.id)) }))
    .toSorted((a, b) => b.shared.length - a.shared.length)
}

const columns: readonly Column<Alike>[] = [
  {
    name: 'case',
    title: 'Case',
    width: '140px',
    value: ({ found }) => titleOf(found),
    cell: ({ found }) => <a href={at(['cases', found.id])}>{titleOf(found)}</a>,
  },
  {
    name: 'shared',
    title: 'Shares',
    value: ({ shared }) => shared.join(' '),
    cell: ({ shared }) => shared.map((each) => each.replace('=', ' ')).join(', '),
  },
  {
    name: 'stake',
    title: 'Newest amount',
    width: '130px',
    isFigure: true,
    shownFrom: 'medium',
    value: ({ found: { newest } }) => {
      const amount = newest?.amountMinor ?? null
      return amount === null ? null : majorOf(amount)
    },
    cell: ({ found: { newest } }) => formatMinor(newest?.amountMinor ?? null),
  },
  {
    name: 'verdict',
    title: 'Verdict',
    width: '150px',
    value: ({ found: { verdict, state } }) => verdict?.verdict ?? state,
    cell: ({ found: { verdict, state } }) =>
      verdict === null ? (
        <span class="muted">{state}</span>
      ) : (
        <span class={`badge ${{ fraud: 'decline', legitimate: 'approve', unsure: '' }[verdict.verdict]}`}>
          {verdict.verdict} by {shortName(verdict.by)}
        </span>
      ),
  },
]
