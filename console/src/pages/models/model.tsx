import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { ask, client } from '../../api/client.ts'
import { useEvents } from '../../api/events.ts'
import { useQuery } from '../../api/query.ts'
import { mayDo, shortName } from '../../api/who.ts'
import { at, go } from '../../shell/place.ts'
import { formatCount } from '../../ui/figures.ts'
import { Page } from '../../ui/page.tsx'
import type { PageProps } from '../../ui/page-props.ts'
import { Empty, Ready } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { Compare, metricWords } from './comparison.tsx'
import { Deploy } from './deploy.tsx'
import { loadModels } from './load-models.ts'
import { Guard, type Model, nextRole, RoleOf } from './role.tsx'
import '../../policy/policy.css'
import './models.css'

type Metric = readonly [string, number]

const metricColumns: readonly Column<Metric>[] = [
  { name: 'metric', title: 'Metric', value: ([name]) => metricWords[name] ?? name },
  {
    name: 'value',
    title: 'On its test rows',
    isFigure: true,
    value: ([, value]) => value,
    cell: ([, value]) => (Number.isInteger(value) ? formatCount(value) : value.toFixed(4)),
  },
]

/** One model: where it comes from, how good it was, what it does now; and the next step. */
export default function ModelPage({ params: { id = '' } }: PageProps) {
  const known = useQuery(
    `model ${id}`,
    async (signal) => {
      const [model, { version, serving, models }] = await Promise.all([
        ask(client.GET('/v1/models/{id}', { params: { path: { id } }, signal })),
        loadModels(signal),
      ])
      return { model, version, serving, others: models.map((each) => each.id).filter((each) => each !== id) }
    },
    { everyMs: 3000 },
  )
  const [asked, setAsked] = useState<'deploy' | 'compare'>()
  useEvents(['deployment'], known.refresh)
  const { data } = known
  return (
    <Page
      title={id}
      above={[['Models', at(['models'])]]}
      actions={
        mayDo('author') &&
        data !== undefined && (
          <>
            <button type="button" class="button" onClick={() => setAsked('compare')}>
              Compare …
            </button>
            <button type="button" class="button primary" onClick={() => setAsked('deploy')}>
              Deploy …
            </button>
          </>
        )
      }
    >
      <Ready of={known} lines={8}>
        {({ model, version, serving, others }) => (
          <>
            <Facts model={model} serving={serving} />
            <Guard model={model} />
            <Table
              label="Metrics"
              exportName={`${id}-metrics`}
              columns={metricColumns}
              rows={metricsOf(model)}
              rowId={([name]) => name}
              tools={<h2>Metrics</h2>}
              empty={<Empty title="Nothing was measured">It learned without labels, or elsewhere.</Empty>}
            />
            {asked === 'deploy' && (
              <Deploy
                model={model}
                first={nextRole[model.role ?? ''] ?? 'shadow'}
                version={version}
                onClose={() => setAsked(undefined)}
                onDone={known.refresh}
              />
            )}
            {asked === 'compare' && (
              <Compare
                model={id}
                against={others.toSorted((a, b) => Number(b === serving) - Number(a === serving))}
                onClose={() => setAsked(undefined)}
                onStarted={(job) => go(at(['jobs', job]))}
              />
            )}
          </>
        )}
      </Ready>
    </Page>
  )
}

function metricsOf({ metrics }: Model): readonly Metric[] {
  return Object.entries(metrics ?? {}).flatMap(([name, value]): Metric[] =>
    typeof value === 'number' ? [[name, value]] : [],
  )
}

function Facts({ model, serving }: { readonly model: Model; readonly serving: string | null }) {
  const { learner, preset, features, bytes, detector, training, parent, addedAt, addedBy, why, deployed } = model
  const { rows, frauds, fingerprint, split, refit } = training ?? {}
  const testFrom = split?.testFrom
  return (
    <section class="panel">
      <header>
        <h2>Where it comes from</h2>
        <RoleOf model={model} serving={serving} />
      </header>
      <dl class="facts inside">
        <Fact name="Learner">
          {learner}
          {preset === undefined ? '' : `, preset ${preset}`}
        </Fact>
        <Fact name="Learned from">
          {rows === undefined || rows === 0 ? 'elsewhere' : `${formatCount(rows)} transactions`}
          {typeof frauds === 'number' && frauds > 0 && `, ${formatCount(frauds)} of them fraud`}
          {split !== undefined && `, tested by ${split.by}`}
          {typeof testFrom === 'string' && ` from ${testFrom}`}
          {refit === true && ', then learned from all'}
        </Fact>
        {fingerprint !== undefined && (
          <Fact name="Data">
            <code title="SHA-256 of what it learned from">{fingerprint.slice(0, 16)}</code>
          </Fact>
        )}
        <Fact name="Detector">
          {detector}
          {features !== undefined && `, ${formatCount(features)} features`}, {formatCount(Math.ceil(bytes / 1024))} KiB
        </Fact>
        {parent !== undefined && (
          <Fact name="Follows">
            <a href={at(['models', parent])}>
              <code>{parent}</code>
            </a>
          </Fact>
        )}
        <Fact name="Added">
          <Time at={addedAt} /> by {shortName(addedBy)}
          {why !== undefined && why !== '' && `: ${why}`}
        </Fact>
        {deployed !== undefined && (
          <Fact name="Last role">
            <Time at={deployed.at} /> by {shortName(deployed.by)}
            {deployed.why !== '' && `: ${deployed.why}`}
          </Fact>
        )}
      </dl>
    </section>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
