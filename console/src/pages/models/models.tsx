import { useState } from 'preact/hooks'
import { useAction } from '../../api/act.ts'
import { ask, client } from '../../api/client.ts'
import { useEvents } from '../../api/events.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { mayDo } from '../../api/who.ts'
import { formatCount } from '../../ui/figures.ts'
import { FormDialog, Labelled } from '../../ui/form-dialog.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { takeFocus } from '../../ui/take-focus.ts'
import { Time } from '../../ui/time.tsx'
import { toast } from '../../ui/toast.tsx'
import { Deploy } from './deploy.tsx'
import { Jobs } from './jobs.tsx'

type Models = paths['/v1/models']['get']['responses']['200']['content']['application/json']
type Model = Models['models'][number]
type Version =
  paths['/v1/models/versions']['get']['responses']['200']['content']['application/json']['versions'][number]

const roleTones: Readonly<Record<string, string>> = { champion: 'accent', canary: 'review', shadow: 'challenge' }

function metricOf({ metrics }: Model, name: string): number | undefined {
  const value: unknown = Reflect.get(metrics ?? {}, name)
  return typeof value === 'number' ? value : undefined
}

const columns: readonly Column<Model>[] = [
  { name: 'id', title: 'Model', value: ({ id }) => id, cell: ({ id }) => <code>{id}</code> },
  { name: 'role', title: 'Role', width: '130px', value: ({ role }) => role, cell: (model) => <RoleOf model={model} /> },
  { name: 'learner', title: 'Learner', width: '150px', shownFrom: 'medium', value: ({ learner }) => learner },
  {
    name: 'features',
    title: 'Features',
    width: '90px',
    isFigure: true,
    shownFrom: 'wide',
    value: ({ features }) => features,
  },
  {
    name: 'ap',
    title: 'Average precision',
    width: '140px',
    isFigure: true,
    value: (model) => metricOf(model, 'averagePrecision'),
    cell: (model) => metricOf(model, 'averagePrecision')?.toFixed(3) ?? '–',
  },
  {
    name: 'added',
    title: 'Added',
    width: '190px',
    shownFrom: 'medium',
    value: ({ addedAt }) => addedAt,
    cell: ({ addedAt }) => <Time at={addedAt} />,
  },
  { name: 'by', title: 'By', width: '120px', shownFrom: 'wide', value: ({ addedBy }) => addedBy },
]

function RoleOf({ model: { role, state, progress, isMissing, error } }: { readonly model: Model }) {
  if (isMissing) return <span class="badge decline">file is missing</span>
  if (state === 'failed')
    return (
      <span class="badge decline" title={error?.detail}>
        could not be loaded
      </span>
    )
  const share =
    progress?.of === undefined || progress.of === 0
      ? ''
      : ` ${Math.floor(((progress.records ?? 0) / progress.of) * 100)}%`
  if (state === 'preparing') return <span class="badge review">preparing{share}</span>
  return role === null ? <span class="muted">none</span> : <span class={`badge ${roleTones[role] ?? ''}`}>{role}</span>
}

const versionColumns: readonly Column<Version>[] = [
  { name: 'version', title: 'Version', width: '100px', value: ({ version }) => version },
  { name: 'at', title: 'When', width: '190px', value: ({ at }) => at, cell: ({ at }) => <Time at={at} /> },
  { name: 'by', title: 'Who', width: '140px', value: ({ by }) => by },
  {
    name: 'change',
    title: 'What',
    value: ({ change }) => JSON.stringify(change ?? {}),
    cell: ({ change }) => <code>{JSON.stringify(change ?? {})}</code>,
  },
  { name: 'why', title: 'Why', shownFrom: 'medium', value: ({ why }) => why },
]

/** The models that are kept, which of them decides, and how they come about. */
export default function ModelsPage() {
  const models = useQuery(
    'models',
    (signal) => ask(client.GET('/v1/models', { params: { query: { limit: 500 } }, signal })),
    { everyMs: 5000 },
  )
  const versions = useQuery('model versions', (signal) =>
    ask(client.GET('/v1/models/versions', { params: { query: { limit: 200 } }, signal })),
  )
  const [deploying, setDeploying] = useState<Model>()
  const [isTraining, setTraining] = useState(false)
  const refresh = () => {
    models.refresh()
    versions.refresh()
  }
  useEvents(['deployment'], refresh)
  const canWrite = mayDo('author')
  const back = useAction(
    () =>
      ask(
        client.POST('/v1/models/rollback', {
          params: { header: { 'If-Match': String(models.data?.version ?? 0) } },
          body: {},
        }),
      ),
    { said: 'The models are those of before again', then: refresh },
  )
  return (
    <Page
      title="Models"
      intro={
        models.data?.serving === null
          ? 'Rules and lists alone decide.'
          : models.data && <>What decides is {<code>{models.data.serving}</code>}.</>
      }
      actions={
        canWrite && (
          <>
            {(versions.data?.versions.length ?? 0) > 0 && (
              <button type="button" class="button" disabled={back.isRunning} onClick={() => void back.run(undefined)}>
                Back to the models before
              </button>
            )}
            <button type="button" class="button primary" onClick={() => setTraining(true)}>
              Train again
            </button>
          </>
        )
      }
    >
      <Ready of={models} lines={6}>
        {({ models: all }) => (
          <Table
            label="Models"
            columns={canWrite ? [...columns, deployColumn(setDeploying)] : columns}
            rows={all}
            rowId={({ id }) => id}
            tools={<span class="muted small">{formatCount(all.length)} kept</span>}
            empty={
              <Empty title="None is kept yet">
                The bundle that the service began with decides. Train again, or add one by{' '}
                <code>shrike models add</code>.
              </Empty>
            }
          />
        )}
      </Ready>
      <Jobs />
      <Ready of={versions} lines={3}>
        {({ versions: all }) =>
          all.length === 0 ? null : (
            <Table
              label="Deployments"
              className="short"
              columns={versionColumns}
              rows={all}
              rowId={({ version }) => String(version)}
              tools={<h2>Deployments</h2>}
            />
          )
        }
      </Ready>
      {deploying !== undefined && (
        <Deploy
          model={deploying}
          version={models.data?.version ?? 0}
          onClose={() => setDeploying(undefined)}
          onDone={refresh}
        />
      )}
      {isTraining && <Train onClose={() => setTraining(false)} />}
    </Page>
  )
}

function deployColumn(onDeploy: (model: Model) => void): Column<Model> {
  return {
    ...{ name: 'deploy', title: 'Deploy', isTitleHidden: true, width: '100px', isSortable: false, isExported: false },
    value: () => null,
    cell: (model) => (
      <button type="button" class="button quiet small" onClick={() => onDeploy(model)}>
        Deploy …
      </button>
    ),
  }
}

function Train({ onClose }: { readonly onClose: () => void }) {
  return (
    <FormDialog
      title="Train again"
      submit="Start"
      onClose={onClose}
      send={(text) =>
        ask(
          client.POST('/v1/jobs', {
            body: { kind: 'training', name: text('name'), preset: text('preset') === 'recipe' ? 'recipe' : 'default' },
          }),
        )
      }
      onDone={() => toast('The training has begun')}
    >
      <p>
        On what the log holds, in a process of its own; decisions go on meanwhile. Its model is kept, and decides
        nothing until it is deployed.
      </p>
      <Labelled id="name" label="Name">
        <input
          id="name"
          name="name"
          class="input"
          required
          ref={takeFocus}
          pattern="[A-Za-z0-9][A-Za-z0-9._\-]*"
          placeholder="november"
        />
      </Labelled>
      <Labelled id="preset" label="How" hint="recipe is the random forest of the well-known recipe">
        <select id="preset" name="preset" class="input">
          <option>default</option>
          <option>recipe</option>
        </select>
      </Labelled>
    </FormDialog>
  )
}
