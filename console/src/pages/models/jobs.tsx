import { useAction } from '../../api/act.ts'
import { ask, client } from '../../api/client.ts'
import { useEvents } from '../../api/events.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { mayDo, shortName } from '../../api/who.ts'
import { at, go } from '../../shell/place.ts'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { formatSpan, Time } from '../../ui/time.tsx'

export type Job = paths['/v1/jobs']['get']['responses']['200']['content']['application/json']['jobs'][number]

export const tones: Readonly<Record<string, string>> = {
  running: 'accent',
  queued: '',
  done: 'approve',
  failed: 'decline',
  interrupted: 'decline',
}
export const asked = ({ request }: Job, name: string) => {
  const value: unknown = Reflect.get(request, name)
  return typeof value === 'string' ? value : ''
}

export const isOpen = ({ state }: Job) => state === 'running' || state === 'queued'

const columns: readonly Column<Job>[] = [
  { name: 'kind', title: 'Job', width: '130px', value: (job) => asked(job, 'kind') },
  {
    name: 'name',
    title: 'Name',
    value: (job) => asked(job, 'name'),
    cell: (job) => <a href={at(['jobs', job.id])}>{asked(job, 'name')}</a>,
  },
  {
    name: 'state',
    title: 'State',
    width: '120px',
    value: ({ state }) => state,
    cell: ({ state }) => <span class={`badge ${tones[state] ?? ''}`}>{state}</span>,
  },
  {
    name: 'by',
    title: 'By',
    width: '110px',
    shownFrom: 'medium',
    value: ({ by }) => by,
    cell: ({ by }) => shortName(by),
  },
  {
    name: 'created',
    title: 'Asked for',
    width: '180px',
    shownFrom: 'medium',
    value: ({ createdMs }) => createdMs,
    cell: ({ createdMs }) => <Time at={createdMs} />,
  },
  {
    name: 'took',
    title: 'Took',
    width: '110px',
    isFigure: true,
    value: ({ startedMs, endedMs }) => (startedMs === undefined || endedMs === undefined ? null : endedMs - startedMs),
    cell: ({ startedMs, endedMs }) => (startedMs === undefined ? '–' : formatSpan((endedMs ?? Date.now()) - startedMs)),
  },
  {
    name: 'error',
    title: 'Why it failed',
    shownFrom: 'wide',
    value: ({ error }) => error?.message,
    cell: ({ error }) => <span title={error?.message}>{error?.message}</span>,
  },
]

/** Trainings, comparisons and the like, each in a process of its own; backtests are shown where they are asked for. */
export function Jobs() {
  const jobs = useQuery('jobs', (signal) => ask(client.GET('/v1/jobs', { signal })), { everyMs: 3000 })
  useEvents(['job'], jobs.refresh)
  return (
    <Ready of={jobs} lines={3}>
      {({ jobs: all }) => (
        <Table
          label="Jobs"
          className="short"
          columns={mayDo('author') ? [...columns, cancelColumn(jobs.refresh)] : columns}
          rows={all.filter(({ request }) => request.kind !== 'backtest').toReversed()}
          rowId={({ id }) => id}
          onOpen={({ id }) => go(at(['jobs', id]))}
          tools={<h2>Jobs</h2>}
          empty={<Empty title="No jobs yet" />}
        />
      )}
    </Ready>
  )
}

function cancelColumn(onDone: () => void): Column<Job> {
  return {
    ...{ name: 'cancel', title: 'Cancel', isTitleHidden: true, width: '90px', isSortable: false, isExported: false },
    value: () => null,
    cell: (job) => (isOpen(job) ? <Cancel id={job.id} onDone={onDone} /> : null),
  }
}

function Cancel({ id, onDone }: { readonly id: string; readonly onDone: () => void }) {
  const cancel = useAction(() => ask(client.DELETE('/v1/jobs/{id}', { params: { path: { id } } })), {
    said: 'The job is cancelled',
    then: onDone,
  })
  return (
    <button
      type="button"
      class="button quiet small"
      disabled={cancel.isRunning}
      onClick={() => void cancel.run(undefined)}
    >
      Cancel
    </button>
  )
}
