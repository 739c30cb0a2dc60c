import { useState } from 'preact/hooks'
import { useAction } from '../../api/act.ts'
import { ask, client } from '../../api/client.ts'
import { useEvents } from '../../api/events.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { mayDo, shortName } from '../../api/who.ts'
import { useKeys } from '../../shell/keys.ts'
import { at, go } from '../../shell/place.ts'
import { formatCount } from '../../ui/figures.ts'
import { Page } from '../../ui/page.tsx'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { Jobs } from './jobs.tsx'
import { loadModels } from './load-models.ts'
import { Guard, type Model, metricOf, RoleOf } from './role.tsx'
import { Train } from './train.tsx'
import '../../policy/policy.css'
import './models.css'

type Version =
  paths['/v1/models/versions']['get']['responses']['200']['content']['application/json']['versions'][number]

const columnsOf = (serving: string | null): readonly Column<Model>[] => [
  {
    name: 'id',
    title: 'Model',
    width: '190px',
    value: ({ id }) => id,
    cell: ({ id }) => (
      <a href={at(['models', id])}>
        <code>{id}</code>
      </a>
    ),
  },
  {
    name: 'role',
    title: 'Role',
    width: '130px',
    value: ({ role }) => role,
    cell: (model) => <RoleOf model={model} serving={serving} />,
  },
  { name: 'learner', title: 'Learner', width: '170px', shownFrom: 'medium', value: ({ learner }) => learner },
  {
    name: 'rows',
    title: 'Learned from',
    width: '110px',
    isFigure: true,
    shownFrom: 'wide',
    value: ({ training }) => training?.rows,
    cell: ({ training }) => (training?.rows === undefined ? '–' : formatCount(training.rows)),
  },
  {
    name: 'ap',
    title: 'Avg. precision',
    width: '120px',
    isFigure: true,
    value: (model) => metricOf(model, 'averagePrecision'),
    cell: (model) => metricOf(model, 'averagePrecision')?.toFixed(3) ?? '–',
  },
  {
    name: 'auc',
    title: 'ROC AUC',
    width: '96px',
    isFigure: true,
    shownFrom: 'medium',
    value: (model) => metricOf(model, 'rocAuc'),
    cell: (model) => metricOf(model, 'rocAuc')?.toFixed(3) ?? '–',
  },
  {
    name: 'parent',
    title: 'Follows',
    shownFrom: 'wide',
    value: ({ parent }) => parent,
    cell: ({ parent }) => (parent === undefined ? '–' : <code>{parent}</code>),
  },
  {
    name: 'added',
    title: 'Added',
    width: '170px',
    shownFrom: 'medium',
    value: ({ addedAt }) => addedAt,
    cell: ({ addedAt }) => <Time at={addedAt} />,
  },
  {
    name: 'by',
    title: 'By',
    width: '100px',
    shownFrom: 'wide',
    value: ({ addedBy }) => addedBy,
    cell: ({ addedBy }) => shortName(addedBy),
  },
]

const versionColumns: readonly Column<Version>[] = [
  { name: 'version', title: 'Version', width: '90px', isFigure: true, value: ({ version }) => version },
  {
    name: 'at',
    title: 'When',
    width: '190px',
    value: ({ at: when }) => when,
    cell: ({ at: when }) => <Time at={when} />,
  },
  {
    name: 'by',
    title: 'Who',
    width: '130px',
    shownFrom: 'medium',
    value: ({ by }) => by,
    cell: ({ by }) => shortName(by),
  },
  { name: 'change', title: 'What', value: tell, cell: (version) => <span title={tell(version)}>{tell(version)}</span> },
  {
    name: 'why',
    title: 'Why',
    shownFrom: 'medium',
    value: ({ why }) => why,
    cell: ({ why }) => <span title={why}>{why}</span>,
  },
]

/** A deployment as a sentence. */
function tell({ change }: Version): string {
  const { kind, model, share, by, to } = Object(change ?? {})
  if (kind === 'canary') return `${model} is canary for ${share * 100}% of ${by}s`
  if (kind === 'rollback') return `back to version ${to}`
  return model === undefined ? String(kind) : `${model} is ${kind}`
}

/** The models that are kept, which of them decides, and how they come about. */
export default function ModelsPage() {
  const models = useQuery('models', loadModels, { everyMs: 3000 })
  const versions = useQuery('model versions', (signal) =>
    ask(client.GET('/v1/models/versions', { params: { query: { limit: 200 } }, signal })),
  )
  const [isTraining, setTraining] = useState(false)
  const refresh = () => {
    models.refresh()
    versions.refresh()
  }
  useEvents(['deployment'], refresh)
  const canWrite = mayDo('author')
  useKeys(canWrite ? [{ keys: 'n', does: 'Train again', run: () => setTraining(true) }] : [])
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
            {(versions.data?.versions.length ?? 0) > 1 && <Back version={models.data?.version ?? 0} onDone={refresh} />}
            <button type="button" class="button primary" onClick={() => setTraining(true)}>
              Train again <kbd>n</kbd>
            </button>
          </>
        )
      }
    >
      <Ready of={models} lines={6}>
        {({ models: all, serving }) => (
          <>
            <Table
              label="Models"
              className="short"
              columns={columnsOf(serving)}
              rows={all.toReversed()}
              rowId={({ id }) => id}
              onOpen={({ id }) => go(at(['models', id]))}
              tools={<span class="muted small">{formatCount(all.length)} kept</span>}
              empty={
                <Empty title="None is kept yet">
                  The bundle that the service began with decides. Train again, or add one by{' '}
                  <code>shrike models add</code>.
                </Empty>
              }
            />
            {all.map((model) => (
              <Guard key={model.id} model={model} />
            ))}
          </>
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
      {isTraining && <Train onClose={() => setTraining(false)} onStarted={(id) => go(at(['jobs', id]))} />}
    </Page>
  )
}

function Back({ version, onDone }: { readonly version: number; readonly onDone: () => void }) {
  const back = useAction(
    () => ask(client.POST('/v1/models/rollback', { params: { header: { 'If-Match': String(version) } }, body: {} })),
    { said: 'The models are those of before again', then: onDone },
  )
  return (
    <button type="button" class="button" disabled={back.isRunning} onClick={() => void back.run(undefined)}>
      Back to the models before
    </button>
  )
}
