import { useState } from 'preact/hooks'
import { ask, client } from '../../api/client.ts'
import { useEvents } from '../../api/events.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { mayDo, shortName, who } from '../../api/who.ts'
import { PolicyVersions } from '../../policy/versions.tsx'
import { FormDialog, WhyField } from '../../ui/form-dialog.tsx'
import { Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { toast } from '../../ui/toast.tsx'

type Change = paths['/v1/changes']['get']['responses']['200']['content']['application/json']['changes'][number]
type Asked = { readonly does: 'approve' | 'reject' | 'withdraw'; readonly change: Change }

/** Who changed what, when and why; what waits for somebody else; and the way back. */
export function Changes() {
  const changes = useQuery('changes', load, { everyMs: 20_000 })
  const [asked, setAsked] = useState<Asked>()
  useEvents(['policy', 'deployment'], changes.refresh)
  return (
    <>
      <Ready of={changes} lines={3}>
        {({ all, hasMore }) =>
          all.length === 0 ? null : (
            <Table
              label="Approvals"
              className="short"
              columns={[...changeColumns, decideColumn(setAsked)]}
              rows={all}
              rowId={({ id }) => String(id)}
              tools={
                <>
                  <h2>Changes that need somebody else</h2>
                  {hasMore && <span class="muted small">the newest {all.length}: older ones are not shown</span>}
                </>
              }
            />
          )
        }
      </Ready>
      <PolicyVersions
        title="Versions of the policy"
        exportName="policy-versions"
        isMeant={() => true}
        empty="Nothing was changed yet: the policy is as the bundle says"
        isShort={false}
      />
      {asked !== undefined && <Decide asked={asked} onClose={() => setAsked(undefined)} onDone={changes.refresh} />}
    </>
  )
}

const perPage = 200

/** Those that wait, however old, and the newest of all. */
async function load(signal: AbortSignal) {
  const page = (query: { readonly state?: 'pending' }) =>
    ask(client.GET('/v1/changes', { params: { query: { limit: perPage, ...query } }, signal }))
  const pages = await Promise.all([page({ state: 'pending' }), page({})])
  const byId = new Map(pages.flatMap(({ changes }) => changes).map((change) => [change.id, change]))
  const all = [...byId.values()].toSorted((a, b) => b.id - a.id)
  return { all, hasMore: pages.some(({ cursor }) => cursor !== null) }
}

const changeColumns: readonly Column<Change>[] = [
  { name: 'id', title: 'Change', width: '90px', value: ({ id }) => id },
  {
    name: 'state',
    title: 'State',
    width: '110px',
    value: ({ state }) => state,
    cell: ({ state }) => <span class={`badge ${state === 'pending' ? 'review' : ''}`}>{state}</span>,
  },
  { name: 'at', title: 'When', width: '180px', value: ({ at }) => at, cell: ({ at }) => <Time at={at} /> },
  { name: 'by', title: 'Who', width: '120px', value: ({ by }) => by, cell: ({ by }) => shortName(by) },
  {
    name: 'content',
    title: 'What',
    value: ({ content }) => JSON.stringify(content),
    cell: ({ content }) => <code title={JSON.stringify(content, null, 1)}>{JSON.stringify(content)}</code>,
  },
  { name: 'why', title: 'Why', width: '160px', shownFrom: 'medium', value: ({ why }) => why },
]

function decideColumn(onAsk: (asked: Asked) => void): Column<Change> {
  return {
    ...{ name: 'decide', title: 'Decide', isTitleHidden: true, width: '170px', isSortable: false, isExported: false },
    value: ({ decidedBy }) => decidedBy,
    cell: (change) => {
      if (change.state !== 'pending')
        return <span class="muted">{change.decidedBy === null ? '' : `by ${shortName(change.decidedBy)}`}</span>
      const isOwn = change.by === who.value?.principal
      const offered = isOwn ? (['withdraw'] as const) : mayDo('approver') ? (['approve', 'reject'] as const) : []
      return (
        <span class="row">
          {offered.map((does) => (
            <button type="button" key={does} class="button small" onClick={() => onAsk({ does, change })}>
              {does}
            </button>
          ))}
        </span>
      )
    },
  }
}

interface DecideProps {
  readonly asked: Asked
  readonly onClose: () => void
  readonly onDone: () => void
}

function Decide({ asked: { does, change }, onClose, onDone }: DecideProps) {
  const params = { path: { id: String(change.id) } }
  return (
    <FormDialog
      title={`${does === 'approve' ? 'Approve' : does === 'reject' ? 'Reject' : 'Withdraw'} change ${change.id}`}
      submit={does}
      isDangerous={does !== 'approve'}
      onClose={onClose}
      send={(text) => {
        const body = { hash: change.hash, ...(text('why') === '' ? {} : { why: text('why') }) }
        if (does === 'approve') return ask(client.POST('/v1/changes/{id}/approve', { params, body }))
        if (does === 'reject') return ask(client.POST('/v1/changes/{id}/reject', { params, body }))
        return ask(client.DELETE('/v1/changes/{id}', { params }))
      }}
      onDone={(answer) => {
        toast(`Change ${change.id} is ${answer.state}`)
        onDone()
      }}
    >
      <pre class="content">{JSON.stringify(change.content, null, 2)}</pre>
      <p class="muted">
        By {change.by}: {change.why === '' ? 'no reason was given' : change.why}
      </p>
      {does !== 'withdraw' && <WhyField />}
    </FormDialog>
  )
}
