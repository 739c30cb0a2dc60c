import { useState } from 'preact/hooks'
import { ask, client } from '../../api/client.ts'
import { useEvents } from '../../api/events.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { mayDo } from '../../api/who.ts'
import { FormDialog, Labelled, WhyField } from '../../ui/form-dialog.tsx'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { toast } from '../../ui/toast.tsx'

type Known = paths['/v1/alerts']['get']['responses']['200']['content']['application/json']
type Alert = Known['firing'][number]
type Definition = Known['alerts'][number]

const severities = ['info', 'warning', 'critical'] as const

/** What holds, what there was, and what is asked for. */
export function Alerts() {
  const alerts = useQuery('alerts', (signal) => ask(client.GET('/v1/alerts', { signal })), { everyMs: 30_000 })
  const [changing, setChanging] = useState<Definition>()
  useEvents(['alert'], alerts.refresh)
  return (
    <>
      <Ready of={alerts} lines={4}>
        {({ firing, changes, alerts: definitions }) => (
          <>
            <Table
              label="Alerts that hold"
              className="short"
              columns={alertColumns}
              rows={firing}
              rowId={({ alert, subject }) => `${alert} ${subject}`}
              tools={<h2>Alerts that hold</h2>}
              empty={<Empty title="No alert holds">The service looks every fifteen seconds.</Empty>}
            />
            {changes.length > 0 && (
              <Table
                label="History of alerts"
                className="short"
                columns={[stateColumn, ...alertColumns]}
                rows={changes}
                rowId={({ sequence, alert, subject }) => `${sequence} ${alert} ${subject}`}
                tools={<h2>What there was</h2>}
              />
            )}
            <Table
              label="Alert settings"
              className="tall"
              columns={mayDo('author') ? [...definitionColumns, changeColumn(setChanging)] : definitionColumns}
              rows={definitions}
              rowId={({ kind }) => kind}
              tools={<h2>What is asked for</h2>}
            />
          </>
        )}
      </Ready>
      {changing !== undefined && alerts.data !== undefined && (
        <ChangeAlert
          given={changing}
          all={alerts.data.alerts}
          onClose={() => setChanging(undefined)}
          onDone={alerts.refresh}
        />
      )}
    </>
  )
}

function SeverityBadge({ severity }: { readonly severity: string }) {
  return <span class={`badge ${{ critical: 'decline', warning: 'review' }[severity] ?? ''}`}>{severity}</span>
}

const stateColumn: Column<Alert> = {
  name: 'state',
  title: 'State',
  width: '96px',
  value: ({ state }) => state,
  cell: ({ state }) => (state === 'firing' ? <b>began</b> : <span class="muted">ended</span>),
}

const alertColumns: readonly Column<Alert>[] = [
  { name: 'at', title: 'When', width: '180px', value: ({ at }) => at, cell: ({ at }) => <Time at={at} /> },
  {
    name: 'severity',
    title: 'Severity',
    width: '96px',
    value: ({ severity }) => severity,
    cell: ({ severity }) => <SeverityBadge severity={severity} />,
  },
  { name: 'alert', title: 'Alert', width: '150px', shownFrom: 'medium', value: ({ alert }) => alert },
  { name: 'subject', title: 'Of', width: '180px', shownFrom: 'wide', value: ({ subject }) => subject },
  { name: 'text', title: 'What', value: ({ text }) => text, cell: ({ text }) => <span title={text}>{text}</span> },
]

const definitionColumns: readonly Column<Definition>[] = [
  { name: 'kind', title: 'Alert', width: '180px', value: ({ kind }) => kind },
  {
    name: 'on',
    title: 'State',
    width: '80px',
    value: ({ isOn }) => (isOn ? 'on' : 'off'),
    cell: ({ isOn }) => (isOn ? 'on' : <span class="muted">off</span>),
  },
  {
    name: 'severity',
    title: 'Severity',
    width: '100px',
    value: ({ severity }) => severity,
    cell: ({ severity }) => <SeverityBadge severity={severity} />,
  },
  { name: 'limit', title: 'Limit', width: '80px', isFigure: true, value: ({ limit }) => limit },
  { name: 'note', title: 'Note', shownFrom: 'medium', value: ({ note }) => note },
]

function changeColumn(onChange: (given: Definition) => void): Column<Definition> {
  return {
    ...{ name: 'change', title: 'Change', isTitleHidden: true, width: '90px', isSortable: false, isExported: false },
    value: () => null,
    cell: (given) => (
      <button type="button" class="button quiet small" onClick={() => onChange(given)}>
        Change
      </button>
    ),
  }
}

interface ChangeProps {
  readonly given: Definition
  readonly all: readonly Definition[]
  readonly onClose: () => void
  readonly onDone: () => void
}

/** The route takes all of them: the others go along as they are. */
function ChangeAlert({ given, all, onClose, onDone }: ChangeProps) {
  const [isOn, setOn] = useState(given.isOn)
  return (
    <FormDialog
      title={`Alert ${given.kind}`}
      submit="Change"
      onClose={onClose}
      send={(text) => {
        const { kind } = given
        const severity = severities.find((each) => each === text('severity')) ?? given.severity
        const [limit, note] = [text('limit'), text('note')]
        const changed = {
          ...{ kind, isOn, severity },
          ...(limit === '' ? {} : { limit: Number(limit) }),
          ...(note === '' ? {} : { note }),
        }
        const alerts = all.map((each) => (each.kind === kind ? changed : each))
        return ask(client.PUT('/v1/alerts', { body: { alerts, ...(text('why') === '' ? {} : { why: text('why') }) } }))
      }}
      onDone={() => {
        toast(`The alert ${given.kind} is changed`)
        onDone()
      }}
    >
      <label class="row">
        <input type="checkbox" checked={isOn} onChange={() => setOn(!isOn)} /> It is on
      </label>
      <Labelled id="severity" label="Severity">
        <select id="severity" name="severity" class="input" defaultValue={given.severity}>
          {severities.map((each) => (
            <option key={each} selected={each === given.severity}>
              {each}
            </option>
          ))}
        </select>
      </Labelled>
      {given.limit !== undefined && (
        <Labelled id="limit" label="Limit" hint="What is too much, in the unit of the alert">
          <input
            id="limit"
            name="limit"
            type="number"
            step="any"
            min="0"
            max="1000"
            class="input"
            required
            defaultValue={String(given.limit)}
          />
        </Labelled>
      )}
      <Labelled id="note" label="Note">
        <input id="note" name="note" class="input" maxLength={500} defaultValue={given.note ?? ''} />
      </Labelled>
      <WhyField />
    </FormDialog>
  )
}
