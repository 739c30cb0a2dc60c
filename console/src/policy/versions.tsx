import { useState } from 'preact/hooks'
import { ask, client } from '../api/client.ts'
import { useEvents } from '../api/events.ts'
import { useQuery } from '../api/query.ts'
import type { paths } from '../api/schema.d.ts'
import { mayDo, shortName } from '../api/who.ts'
import { tellChange } from '../ui/changed.ts'
import { FormDialog, WhyField } from '../ui/form-dialog.tsx'
import { Empty, Ready } from '../ui/states.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Time } from '../ui/time.tsx'
import { toast } from '../ui/toast.tsx'

type Version =
  paths['/v1/policy/versions']['get']['responses']['200']['content']['application/json']['versions'][number]

const columns: readonly Column<Version>[] = [
  { name: 'version', title: 'Version', width: '100px', isFigure: true, value: ({ version }) => version },
  {
    name: 'at',
    title: 'When',
    width: '190px',
    shownFrom: 'medium',
    value: ({ at }) => at,
    cell: ({ at }) => <Time at={at} />,
  },
  {
    name: 'by',
    title: 'Who',
    width: '120px',
    shownFrom: 'medium',
    value: ({ by }) => by,
    cell: ({ by }) => shortName(by),
  },
  {
    name: 'diff',
    title: 'What',
    value: ({ diff }) => diff.join('; '),
    cell: ({ diff }) => <span title={diff.join('\n')}>{diff.join('; ')}</span>,
  },
  { name: 'why', title: 'Why', width: '200px', shownFrom: 'wide', value: ({ why }) => why },
]

interface PolicyVersionsProps {
  readonly title: string
  readonly exportName: string
  /** Whether a line of what a version changed is about what is looked at. */
  readonly isMeant: (line: string) => boolean
  readonly empty: string
  readonly isShort?: boolean
  readonly onChanged?: () => void
}

/** The versions of the policy in which something changed, and the way back to each. */
export function PolicyVersions({ title, exportName, isMeant, empty, isShort = true, onChanged }: PolicyVersionsProps) {
  const versions = useQuery('policy versions', (signal) =>
    ask(client.GET('/v1/policy/versions', { params: { query: { limit: 500 } }, signal })),
  )
  useEvents(['policy'], versions.refresh)
  const [back, setBack] = useState<Version>()
  return (
    <Ready of={versions} lines={3}>
      {({ versions: all, version, oldest, cursor }) => (
        <>
          <Table
            label={title}
            className={isShort ? 'short' : ''}
            exportName={exportName}
            columns={mayDo('author') ? [...columns, backColumn(version, oldest, setBack)] : columns}
            rows={all.filter(({ diff }) => diff.some(isMeant))}
            rowId={(each) => String(each.version)}
            tools={
              <>
                <h2>{title}</h2>
                {cursor !== null && <span class="muted small">of the newest {all.length} changes</span>}
              </>
            }
            empty={<Empty title={empty} />}
          />
          {back !== undefined && (
            <GoBack
              to={back}
              version={version}
              undone={all.filter((each) => each.version > back.version)}
              onClose={() => setBack(undefined)}
              onDone={() => {
                versions.refresh()
                onChanged?.()
              }}
            />
          )}
        </>
      )}
    </Ready>
  )
}

function backColumn(version: number, oldest: number, onBack: (to: Version) => void): Column<Version> {
  return {
    ...{ name: 'back', title: 'Go back', isTitleHidden: true, width: '120px', isSortable: false, isExported: false },
    value: () => null,
    cell: (each) =>
      each.version === version ? (
        <span class="badge accent">in force</span>
      ) : each.version < oldest ? null : (
        <button type="button" class="button quiet small" onClick={() => onBack(each)}>
          Go back to it
        </button>
      ),
  }
}

interface GoBackProps {
  readonly to: Version
  readonly version: number
  /** What came after. */
  readonly undone: readonly Version[]
  readonly onClose: () => void
  readonly onDone: () => void
}

const mostTold = 12

function GoBack({ to, version, undone, onClose, onDone }: GoBackProps) {
  const lines = undone.flatMap(({ diff, version: of }) => diff.map((line) => ({ line, of })))
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
      <p>Policy, rules and lists become what they were then. These changes since are taken back:</p>
      <ul class="lines">
        {lines.slice(0, mostTold).map(({ line, of }) => (
          <li key={of + line}>
            <span class="muted">{of}</span> {line}
          </li>
        ))}
        {lines.length > mostTold && <li class="muted">and {lines.length - mostTold} more</li>}
      </ul>
      <p class="muted">
        Entries of lists and snoozes stay as they are. It is a new version, so it can be taken back as well.
      </p>
      <WhyField />
    </FormDialog>
  )
}
