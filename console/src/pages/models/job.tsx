import { useEffect, useState } from 'preact/hooks'
import { readMessages } from '../../../../client/src/stream-messages.ts'
import { useAction } from '../../api/act.ts'
import { ask, client, send } from '../../api/client.ts'
import { useQuery } from '../../api/query.ts'
import { mayDo, shortName } from '../../api/who.ts'
import { at } from '../../shell/place.ts'
import { Page } from '../../ui/page.tsx'
import type { PageProps } from '../../ui/page-props.ts'
import { Empty, Ready } from '../../ui/states.tsx'
import { formatSpan, Time } from '../../ui/time.tsx'
import { Comparison } from './comparison.tsx'
import { asked, isOpen, type Job, tones } from './jobs.tsx'
import './models.css'

interface Said {
  readonly kind: string
  readonly text: string
  readonly done?: number
  readonly total?: number
}

const mostSaid = 100

/** One job: what it tells as it runs, and what came of it. */
export default function JobPage({ params: { id = '' } }: PageProps) {
  const path = { id }
  const job = useQuery(`job ${id}`, (signal) => ask(client.GET('/v1/jobs/{id}', { params: { path }, signal })), {
    everyMs: 1000,
  })
  const said = useSaid(id)
  const cancel = useAction(() => ask(client.DELETE('/v1/jobs/{id}', { params: { path } })), {
    said: 'The job is cancelled',
    then: job.refresh,
  })
  return (
    <Page
      title={job.data === undefined ? 'Job' : `${asked(job.data, 'kind')} ${asked(job.data, 'name')}`}
      above={[['Models', at(['models'])]]}
      actions={
        mayDo('author') &&
        job.data !== undefined &&
        isOpen(job.data) && (
          <button type="button" class="button" disabled={cancel.isRunning} onClick={() => void cancel.run(undefined)}>
            Cancel
          </button>
        )
      }
    >
      <Ready of={job} lines={6}>
        {(known) => (
          <>
            <Standing job={known} said={said} />
            <Outcome job={known} />
          </>
        )}
      </Ready>
    </Page>
  )
}

/** All that a job tells, from its beginning on: of one that has ended what it told. */
function useSaid(id: string): readonly Said[] {
  const [said, setSaid] = useState<readonly Said[]>([])
  useEffect(() => {
    const abort = new AbortController()
    setSaid([])
    const follow = async () => {
      const answer = await send(new Request(`/v1/jobs/${encodeURIComponent(id)}/events`, { signal: abort.signal }))
      if (!answer.ok) return
      for await (const { event, data } of readMessages(answer.body, () => undefined)) {
        if (event === undefined || data === undefined || event === 'job') continue
        const next: Said = { ...JSON.parse(data), kind: event }
        setSaid((before) => addSaid(before, next).slice(-mostSaid))
      }
    }
    // What became of the job is asked for by itself, so a page without its words is whole.
    follow().catch(() => undefined)
    return () => abort.abort()
  }, [id])
  return said
}

/** An update takes the place of the one before, of the same step. */
function addSaid(before: readonly Said[], next: Said): readonly Said[] {
  const last = before.at(-1)
  const isSameStep = last?.text === next.text || (last?.kind === 'update' && next.kind === 'end')
  return isSameStep ? [...before.slice(0, -1), next] : [...before, next]
}

function Standing({ job, said }: { readonly job: Job; readonly said: readonly Said[] }) {
  const { state, by, createdMs, startedMs, endedMs, error } = job
  const last = said.at(-1)
  return (
    <section class="panel">
      <header>
        <h2>Progress</h2>
        <span class={`badge ${tones[state] ?? ''}`} role="status">
          {state}
        </span>
      </header>
      <div class="inside stack">
        <p class="muted">
          Asked for <Time at={createdMs} /> by {shortName(by)}
          {startedMs !== undefined &&
            `, ${endedMs === undefined ? 'for' : 'took'} ${formatSpan((endedMs ?? Date.now()) - startedMs)}`}
        </p>
        {isOpen(job) && (
          <progress
            aria-label={last?.text ?? 'Progress'}
            max={last?.total ?? 1}
            value={last?.total === undefined ? undefined : last.done}
          />
        )}
        <ul class="said" aria-live="polite">
          {said.map(({ kind, text }, i) => (
            <li key={i} class={kind}>
              {text}
            </li>
          ))}
        </ul>
        {error !== undefined && (
          <div class="problem" role="alert">
            <p>{error.message}</p>
            {error.errors?.map(({ field, reason }) => (
              <p key={field + reason}>
                <b>{field}</b> {reason}
              </p>
            ))}
            <code>{error.code}</code>
          </div>
        )}
      </div>
    </section>
  )
}

/** What a job left: a model, or figures. */
function Outcome({ job: { id, state, request, result } }: { readonly job: Job }) {
  if (state !== 'done') return null
  if (request.kind === 'comparison')
    return (
      <section class="panel">
        <header>
          <h2>What it found</h2>
        </header>
        <div class="inside">
          <Comparison id={id} />
        </div>
      </section>
    )
  const bundle: unknown = Reflect.get(result ?? {}, 'bundle')
  const hasPage = request.kind === 'training' || request.kind === 'backtest'
  return (
    <section class="panel">
      <header>
        <h2>What it left</h2>
      </header>
      <div class="inside stack">
        {typeof bundle === 'string' ? (
          <p>
            The model{' '}
            <a href={at(['models', bundle])}>
              <code>{bundle}</code>
            </a>
            , which decides nothing until it is deployed.
          </p>
        ) : (
          !hasPage && <Empty title="Figures alone" />
        )}
        {hasPage && (
          <p>
            <a href={`/v1/jobs/${encodeURIComponent(id)}/report`} target="_blank" rel="noreferrer">
              Its page with all figures
            </a>
          </p>
        )}
      </div>
    </section>
  )
}
