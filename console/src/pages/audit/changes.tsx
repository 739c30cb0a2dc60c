import { useState } from 'preact/hooks'
import { ask, client } from '../../api/client.ts'
import { useEvents } from '../../api/events.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { mayDo, shortName, who } from '../../api/who.ts'
import { tellChange } from '../../ui/changed.ts'
import { FormDialog, WhyField } from '../../ui/form-dialog.tsx'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { toast } from '../../ui/toast.tsx'

type Change = paths['/v1/changes']['get']['responses']['200']['content']['application/json']['changes'][number]
type Versions = paths['/v1/policy/versions']['get']['responses']['200']['content']['application/json']
type Version = Versions['versions'][number]
type Asked = { readonly does: 'approve' | 'reject' | 'withdraw'; readonly change: Change }

/** Who changed what, when and why; what waits for somebody else; and the way back. */
export function Changes() {
  const changes = useQuery(
    'changes',
    (signal) => ask(client.GET('/v1/changes', { params: { query: { limit: 200 } }, signal })),
    { everyMs: 20_000 },
  )
  const versions = useQuery('policy versions', (signal) =>
    ask(client.GET('/v1/policy/versions', { params: { query: { limit: 500 } }, signal })),
  )
  const [asked, setAsked] = useState<Asked>()
  const [back, setBack] = useState<Version>()
  const refresh = () => {
    changes.refresh()
    versions.refresh()
  }
  useEvents(['policy', 'deployment'], refresh)
  return (
    <>
      <Ready of={changes} lines={3}>
        {({ changes: all }) =>
          all.length === 0 ? null : (
            <Table
              label="Approvals"
              className="short"
              columns={[...changeColumns, decideColumn(setAsked)]}
              rows={all}
              rowId={({ id }) => String(id)}
              tools={<h2>Changes that need somebody else</h2>}
            />
          )
        }
      </Ready>
      <Ready of={versions} lines={6}>
        {({ versions: all, version }) => (
          <Table
            label="Policy versions"
            columns={mayDo('author') ? [...versionColumns, backColumn(version, setBack)] : versionColumns}
            rows={all}
            rowId={(each) => String(each.version)}
            tools={<h2>Versions of the policy</h2>}
            empty={<Empty title="Nothing was changed yet">The policy is as the bundle says.</Empty>}
          />
        )}
      </Ready>
      {asked !== undefined && <Decide asked={asked} onClose={() => setAsked(undefined)} onDone={refresh} />}
      {back !== undefined && (
        <GoBack to={back} version={versions.data?.version ?? 0} onClose={() => setBack(undefined)} onDone={refresh} />
      )}
    </>
  )
}

const versionColumns: readonly Column<Version>[] = [
  { name: 'version', title: 'Version', width: '100px', value: ({ version }) => version },
  { name: 'at', title: 'When', width: '180px', value: ({ at }) => at, cell: ({ at }) => <Time at={at} /> },
  { name: 'by', title: 'Who', width: '140px', value: ({ by }) => by, cell: ({ by }) => shortName(by) },
  {
    name: 'diff',
    title: 'What',
    value: ({ diff }) => diff.join('; '),
    cell: ({ diff }) => <span title={diff.join('\n')}>{diff.join('; ')}</span>,
  },
  { name: 'why', title: 'Why', width: '220px', shownFrom: 'medium', value: ({ why }) => why },
]

function backColumn(version: number, onBack: (to: Version) => void): Column<Version> {
  return {
    ...{ name: 'back', title: 'Go back', isTitleHidden: true, width: '120px', isSortable: false, isExported: false },
    value: () => null,
    cell: (each) =>
      each.version === version ? (
        <span class="badge accent">in force</span>
      ) : (
        <button type="button" class="button quiet small" onClick={() => onBack(each)}>
          Go back to it
        </button>
      ),
  }
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

interface GoBackProps {
  readonly to: Version
  readonly version: number
  readonly onClose: () => void
  readonly onDone: () => void
}

function GoBack({ to, version, onClose, onDone }: GoBackProps) {
  return (
    <FormDialog
      title={`Go back to version ${to.version}`}
      submit="Go back"
      isDangerous
      onClose={onClose}
      send={(text) =>
        ask(
          client.POST('/v1/policy/rollback', {
            params: { header: { 'If-Match': String(version) } },
            body: { to: to.version, ...(text('why') === '' ? {} : { why: text('why') }) },
          }),
        )
      }
      onDone={(answer) => {
        toast(tellChange(answer, `The policy is that of version ${to.version} again`))
        onDone()
      }}
    >
      <p>
        Policy, rules and lists become what they were then. Entries of lists and snoozes stay as they are. It is a new
        version, so it can be taken back as well.
      </p>
      <WhyField />
    </FormDialog>
  )
}
