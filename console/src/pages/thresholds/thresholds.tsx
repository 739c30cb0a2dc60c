import { useEffect, useMemo, useState } from 'preact/hooks'
import { ask, client, type Schemas } from '../../api/client.ts'
import { problemOf } from '../../api/problem.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { mayDo } from '../../api/who.ts'
import { useBacktest } from '../../policy/backtest.ts'
import { ChangesTable, type FieldChange } from '../../policy/changes-table.tsx'
import { PolicyVersions } from '../../policy/versions.tsx'
import { useKeys } from '../../shell/keys.ts'
import { at, go } from '../../shell/place.ts'
import { isPending, tellChange } from '../../ui/changed.ts'
import { formatCount } from '../../ui/figures.ts'
import { FormDialog, WhyField } from '../../ui/form-dialog.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty, Failed, Loading, Ready } from '../../ui/states.tsx'
import { toast } from '../../ui/toast.tsx'
import { CostsPanel } from './costs.tsx'
import { Effect } from './effect.tsx'
import { diffPolicies, moveThreshold, type PolicyBody } from './policy-body.ts'
import { Safeguards } from './safeguards.tsx'
import { ScoreCurve } from './score-curve.tsx'
import { Segments } from './segments.tsx'
import { ThresholdFields } from './threshold-fields.tsx'
import './thresholds.css'

type Decision = Schemas['DecisionPage']['decisions'][number]
type Policy = paths['/v1/policy']['get']['responses']['200']['content']['application/json']
type Found =
  paths['/v1/policy/changes/check']['post']['responses']['200']['content']['application/json']['problems'][number]

const pages = 4
const perPage = 500
const spans = { 7: '7 days', 30: '30 days', 90: '90 days' } as const
const pauseMs = 900
const checkPauseMs = 300

/** The newest decisions, for the curve of their scores. */
async function loadSample(signal: AbortSignal): Promise<readonly Decision[]> {
  const found: Decision[] = []
  let cursor: string | undefined
  for (let i = 0; i < pages; i++) {
    const query = { limit: perPage, ...(cursor === undefined ? {} : { cursor }) }
    const page = await ask(client.GET('/v1/decisions', { params: { query }, signal }))
    found.push(...page.decisions)
    if (page.cursor === null) break
    cursor = page.cursor
  }
  return found
}

/** Where scores become outcomes: dragged, with what would change, and put in force. */
export default function ThresholdsPage() {
  const policy = useQuery('policy', (signal) => ask(client.GET('/v1/policy', { signal })))
  return (
    <Page title="Thresholds and costs">
      <Ready of={policy} lines={6}>
        {(known) => <Bench key={known.version} known={known} onSaved={policy.refresh} />}
      </Ready>
      <PolicyVersions
        title="Versions"
        exportName="policy-versions"
        isMeant={(line) => !/^(?:rule|list|entries|snooze)\b/.test(line)}
        empty="The policy is as the bundle says"
        onChanged={policy.refresh}
      />
    </Page>
  )
}

interface BenchProps {
  readonly known: Policy
  readonly onSaved: () => void
}

function Bench({ known: { policy: saved, version, tripped, reviews }, onSaved }: BenchProps) {
  const [draft, setDraft] = useState<PolicyBody>(saved)
  const [isSaving, setSaving] = useState(false)
  const canWrite = mayDo('author')
  const changes = diffPolicies(saved, draft)
  const problems = useProblems(draft)
  const isSound = problems.length === 0
  const publish = () => {
    if (canWrite && isSound && changes.length > 0) setSaving(true)
  }
  useKeys(canWrite ? [{ keys: 'mod+s', does: 'Put in force', whileTyping: true, run: publish }] : [])
  const parts = { policy: draft, isReadOnly: !canWrite, onChange: setDraft }
  return (
    <>
      {draft.decideBy === 'cost' && (
        <p class="banner">
          Costs decide: the outcome is the one of least expected cost. Thresholds are kept, and do nothing until the
          policy says so.
        </p>
      )}
      <Curve draft={draft} saved={saved} isReadOnly={!canWrite} onChange={setDraft} />
      {canWrite && <Trial draft={draft} isSound={isSound} />}
      {reviews.perDay !== null && reviews.last24h > reviews.perDay && (
        <p class="banner">
          {formatCount(reviews.last24h)} reviews were asked for in the last 24 hours; people can do {reviews.perDay} a
          day.
        </p>
      )}
      <Segments {...parts} />
      <CostsPanel {...parts} />
      <Safeguards {...parts} tripped={tripped} onReset={onSaved} />
      {canWrite && (
        <div class="row save-bar">
          <button type="button" class="button primary" disabled={changes.length === 0 || !isSound} onClick={publish}>
            Put in force …
          </button>
          <button type="button" class="button" disabled={changes.length === 0} onClick={() => setDraft(saved)}>
            Discard
          </button>
          <span class="muted">
            {changes.length === 0
              ? 'Nothing is changed'
              : `${changes.length} ${changes.length === 1 ? 'figure is' : 'figures are'} changed`}
          </span>
          <Problems problems={problems} />
        </div>
      )}
      {isSaving && (
        <Publish draft={draft} version={version} changes={changes} onClose={() => setSaving(false)} onSaved={onSaved} />
      )}
    </>
  )
}

interface CurveProps {
  readonly draft: PolicyBody
  readonly saved: PolicyBody
  readonly isReadOnly: boolean
  readonly onChange: (draft: PolicyBody) => void
}

function Curve({ draft, saved, isReadOnly, onChange }: CurveProps) {
  const sample = useQuery('threshold sample', loadSample)
  const { thresholds = {} } = draft
  const scores = useMemo(
    () => (sample.data ?? []).flatMap(({ score }) => (score === null ? [] : [score])),
    [sample.data],
  )
  return (
    <section class="panel">
      <header>
        <h2>Thresholds</h2>
        <span class="muted small">share of the last {formatCount(scores.length)} scores from each score on</span>
      </header>
      <Ready of={sample} lines={6}>
        {() =>
          scores.length === 0 ? (
            <Empty title="No scores yet">
              Thresholds are about scores: without a model, or before the first decision, there are none.
            </Empty>
          ) : (
            <div class="inside stack">
              <ScoreCurve
                scores={scores}
                thresholds={thresholds}
                saved={saved.thresholds ?? {}}
                onMove={
                  isReadOnly
                    ? undefined
                    : (severity, value) =>
                        onChange({ ...draft, thresholds: moveThreshold(thresholds, severity, value) })
                }
              />
            </div>
          )
        }
      </Ready>
      <div class="inside row wrap">
        <ThresholdFields
          of=""
          thresholds={thresholds}
          isReadOnly={isReadOnly}
          onChange={(changed) => onChange({ ...draft, thresholds: changed })}
        />
      </div>
    </section>
  )
}

/** What the draft would have made of the last days, run again whenever it has stayed as it is for a moment. */
function Trial({ draft, isSound }: { readonly draft: PolicyBody; readonly isSound: boolean }) {
  const [days, setDays] = useState<keyof typeof spans>(30)
  const tested = isSound ? { policy: { policy: draft } } : undefined
  const { figures, problem, isRunning, run } = useBacktest(tested, days, pauseMs)
  return (
    <section class="panel">
      <header>
        <h2>What would change</h2>
        <div class="row">
          {isRunning && <span class="muted small">Running …</span>}
          <select
            class="input choice"
            aria-label="How far back"
            value={days}
            onChange={({ currentTarget }) =>
              setDays(currentTarget.value === '7' ? 7 : currentTarget.value === '90' ? 90 : 30)
            }
          >
            {Object.entries(spans).map(([each, words]) => (
              <option key={each} value={each}>
                last {words}
              </option>
            ))}
          </select>
        </div>
      </header>
      {problem !== undefined ? (
        <Failed problem={problem} onRetry={() => void run()} />
      ) : figures === undefined ? (
        <Loading lines={4} label="Running the backtest" />
      ) : (
        <div class={isRunning ? 'inside stack older' : 'inside stack'} aria-busy={isRunning}>
          <Effect figures={figures} capacity={draft.costs?.review?.perDay} />
        </div>
      )}
    </section>
  )
}

/** What the service finds wrong with the draft; the last answer stays until the next. */
function useProblems(draft: PolicyBody): readonly Found[] {
  const [problems, setProblems] = useState<readonly Found[]>([])
  const text = JSON.stringify(draft)
  useEffect(() => {
    const abort = new AbortController()
    const timer = window.setTimeout(() => {
      const body = { change: { kind: 'policy' as const, policy: JSON.parse(text) } }
      ask(client.POST('/v1/policy/changes/check', { body, signal: abort.signal })).then(
        (checked) => setProblems(checked.problems),
        (error: unknown) => {
          if (abort.signal.aborted) return
          const { errors, detail } = problemOf(error)
          setProblems(errors.length > 0 ? errors : [{ field: 'policy', reason: detail }])
        },
      )
    }, checkPauseMs)
    return () => {
      abort.abort()
      window.clearTimeout(timer)
    }
  }, [text])
  return problems
}

function Problems({ problems }: { readonly problems: readonly Found[] }) {
  return (
    <ul class="problems" aria-live="polite">
      {problems.map(({ field, reason }) => (
        <li key={field + reason}>
          <b>{field.replace(/^(?:change\.)?policy\./, '')}</b> {reason}
        </li>
      ))}
    </ul>
  )
}

interface PublishProps {
  readonly draft: PolicyBody
  readonly version: number
  readonly changes: readonly FieldChange[]
  readonly onClose: () => void
  readonly onSaved: () => void
}

function Publish({ draft, version, changes, onClose, onSaved }: PublishProps) {
  return (
    <FormDialog
      title="Put this policy in force"
      submit="Put in force"
      onClose={onClose}
      send={(text) =>
        ask(
          client.PUT('/v1/policy', {
            params: { header: { 'If-Match': String(version) } },
            body: { ...draft, ...(text('why') === '' ? {} : { why: text('why') }) },
          }),
        )
      }
      onDone={(answer) => {
        toast(tellChange(answer, 'The policy is changed'))
        if (isPending(answer)) go(at(['audit']))
        else onSaved()
      }}
    >
      <ChangesTable changes={changes} />
      <WhyField />
    </FormDialog>
  )
}
