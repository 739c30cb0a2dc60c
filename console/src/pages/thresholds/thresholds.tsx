import { useMemo, useState } from 'preact/hooks'
import { ask, client, type Schemas } from '../../api/client.ts'
import { amountOf, detector } from '../../api/detector.ts'
import { useQuery } from '../../api/query.ts'
import type { paths } from '../../api/schema.d.ts'
import { mayDo } from '../../api/who.ts'
import { tellChange } from '../../ui/changed.ts'
import { formatCount, formatMoney, formatShare } from '../../ui/figures.ts'
import { FormDialog, WhyField } from '../../ui/form-dialog.tsx'
import { Page } from '../../ui/page.tsx'
import { Empty, Ready } from '../../ui/states.tsx'
import { toast } from '../../ui/toast.tsx'
import { ScoreCurve } from './score-curve.tsx'
import { severities, type Thresholds } from './severities.ts'
import './thresholds.css'

type PolicyBody = paths['/v1/policy']['put']['requestBody']['content']['application/json']
type Decision = Schemas['DecisionPage']['decisions'][number]

const pages = 4
const perPage = 500

/** The newest decisions, for what a threshold would have made of them. */
async function loadSample(signal: AbortSignal): Promise<readonly Decision[]> {
  const found: Decision[] = []
  let cursor: string | undefined
  for (let i = 0; i < pages; i++) {
    const page = await ask(
      client.GET('/v1/decisions', {
        params: { query: { limit: perPage, ...(cursor === undefined ? {} : { cursor }) } },
        signal,
      }),
    )
    found.push(...page.decisions)
    if (page.cursor === null) break
    cursor = page.cursor
  }
  return found
}

/** Where scores become outcomes: dragged, with what would change, and put in force. */
export default function ThresholdsPage() {
  const policy = useQuery('policy', (signal) => ask(client.GET('/v1/policy', { signal })))
  const sample = useQuery('threshold sample', loadSample)
  return (
    <Page title="Thresholds and costs">
      <Ready of={policy} lines={6}>
        {({ policy: whole, version }) => {
          // The service answers with what it takes: the document calls it an object.
          const known = whole as PolicyBody
          return (
            <>
              {known.decideBy === 'cost' && (
                <p class="banner">
                  Costs decide: the outcome is the one of least expected cost. Thresholds are kept, and do nothing until
                  the policy says so.
                </p>
              )}
              <Ready of={sample} lines={6}>
                {(decisions) => (
                  <Bench
                    key={version}
                    policy={known}
                    version={version}
                    decisions={decisions}
                    onSaved={policy.refresh}
                  />
                )}
              </Ready>
              <Costs policy={known} />
            </>
          )
        }}
      </Ready>
    </Page>
  )
}

interface BenchProps {
  readonly policy: PolicyBody
  readonly version: number
  readonly decisions: readonly Decision[]
  readonly onSaved: () => void
}

function Bench({ policy, version, decisions, onSaved }: BenchProps) {
  const saved: Thresholds = policy.thresholds ?? {}
  const [chosen, setChosen] = useState<Thresholds>(saved)
  const [isSaving, setSaving] = useState(false)
  const scored = useMemo(
    () => decisions.flatMap((decision) => (decision.score === null ? [] : [{ decision, score: decision.score }])),
    [decisions],
  )
  const isChanged = JSON.stringify(chosen) !== JSON.stringify(saved)
  const spanMs =
    decisions.length < 2
      ? 0
      : new Date(decisions[0].decidedAt).getTime() - new Date(decisions.at(-1)?.decidedAt ?? 0).getTime()
  if (scored.length === 0)
    return (
      <Empty title="No scores yet">
        Thresholds are about scores: without a model, or before the first decision, there are none.
      </Empty>
    )
  return (
    <section class="panel">
      <header>
        <h2>Thresholds</h2>
        <span class="muted small">
          tried on the last {formatCount(scored.length)} scores; rules and lists speak besides
        </span>
      </header>
      <div class="inside stack">
        <ScoreCurve scores={scored.map(({ score }) => score)} thresholds={chosen} saved={saved} />
        {severities.map((severity) => (
          <Slider
            key={severity}
            severity={severity}
            value={chosen[severity]}
            isReadOnly={!mayDo('author')}
            onChange={(value) => setChosen(order({ ...chosen, [severity]: value }, severity))}
          />
        ))}
        <Effect before={saved} after={chosen} scored={scored} perDay={spanMs === 0 ? undefined : 86_400_000 / spanMs} />
        {mayDo('author') && (
          <div class="row">
            <button type="button" class="button primary" disabled={!isChanged} onClick={() => setSaving(true)}>
              Put in force …
            </button>
            <button type="button" class="button" disabled={!isChanged} onClick={() => setChosen(saved)}>
              Discard
            </button>
          </div>
        )}
      </div>
      {isSaving && (
        <FormDialog
          title="Put these thresholds in force"
          submit="Put in force"
          onClose={() => setSaving(false)}
          send={(text) =>
            ask(
              client.PUT('/v1/policy', {
                params: { header: { 'If-Match': String(version) } },
                body: { ...policy, thresholds: chosen, ...(text('why') === '' ? {} : { why: text('why') }) },
              }),
            )
          }
          onDone={(answer) => {
            toast(tellChange(answer, 'The thresholds are changed'))
            onSaved()
          }}
        >
          <dl class="facts">
            {severities.map((severity) => (
              <div key={severity} class="fact">
                <dt>{severity}</dt>
                <dd>
                  {saved[severity] ?? 'none'} → {chosen[severity] ?? 'none'}
                </dd>
              </div>
            ))}
          </dl>
          <WhyField />
        </FormDialog>
      )}
    </section>
  )
}

/** A more severe threshold is never under a milder one: the others are pushed along. */
function order(thresholds: Thresholds, moved: (typeof severities)[number]): Thresholds {
  const value = thresholds[moved]
  if (value === undefined) return thresholds
  const place = severities.indexOf(moved)
  return Object.fromEntries(
    severities.flatMap((severity, i) => {
      const own = thresholds[severity]
      if (own === undefined) return []
      return [[severity, i < place ? Math.min(own, value) : i > place ? Math.max(own, value) : own]]
    }),
  )
}

interface SliderProps {
  readonly severity: string
  readonly value: number | undefined
  readonly isReadOnly: boolean
  readonly onChange: (value: number) => void
}

function Slider({ severity, value, isReadOnly, onChange }: SliderProps) {
  const id = `threshold-${severity}`
  return (
    <div class={`slider ${severity}`}>
      <label for={id}>{severity} from</label>
      <input
        id={id}
        type="range"
        min={0}
        max={1}
        step={0.005}
        value={value ?? 1}
        disabled={isReadOnly}
        onInput={({ currentTarget }) => onChange(Number(currentTarget.value))}
      />
      <output for={id}>{value === undefined ? 'never' : value.toFixed(3)}</output>
    </div>
  )
}

function outcomeOf(score: number, thresholds: Thresholds): string {
  return severities.findLast((severity) => score >= (thresholds[severity] ?? Number.POSITIVE_INFINITY)) ?? 'approve'
}

interface EffectProps {
  readonly before: Thresholds
  readonly after: Thresholds
  readonly scored: readonly { readonly decision: Decision; readonly score: number }[]
  readonly perDay: number | undefined
}

/** What the thresholds alone make of the sample, before and after, and what that is a day at this pace. */
function Effect({ before, after, scored, perDay }: EffectProps) {
  const { currencyField, currency, digits } = detector.value?.amount ?? {}
  const rows = ['approve', ...severities].map((outcome) => {
    const was = scored.filter(({ score }) => outcomeOf(score, before) === outcome)
    const is = scored.filter(({ score }) => outcomeOf(score, after) === outcome)
    const sum = is.reduce((total, { decision }) => total + (amountOf(decision.transaction)?.value ?? 0), 0)
    return { outcome, was: was.length, is: is.length, sum }
  })
  return (
    <table class="effect">
      <thead>
        <tr>
          <th scope="col">Outcome</th>
          <th scope="col">Was</th>
          <th scope="col">Becomes</th>
          <th scope="col">A day</th>
          <th scope="col">Amount</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ outcome, was, is, sum }) => (
          <tr key={outcome}>
            <th scope="row">
              <span class={`badge ${outcome}`}>{outcome}</span>
            </th>
            <td>
              {formatCount(was)} <span class="muted">{formatShare(was / scored.length)}</span>
            </td>
            <td>
              {formatCount(is)} <span class="muted">{formatShare(is / scored.length)}</span>
            </td>
            <td>{perDay === undefined ? '–' : formatCount(Math.round(is * perDay))}</td>
            <td>
              {currencyField === undefined ? (
                formatMoney(sum, currency, digits)
              ) : (
                <span class="muted">several currencies</span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Costs({ policy }: { readonly policy: PolicyBody }) {
  const parts = Object.entries(policy).filter(([name]) => name !== 'thresholds')
  if (parts.length === 0) return null
  return (
    <section class="panel">
      <header>
        <h2>Also in the policy</h2>
      </header>
      <div class="inside">
        <dl class="facts">
          {parts.map(([name, part]) => (
            <div key={name} class="fact">
              <dt>{name}</dt>
              <dd>
                <code>{JSON.stringify(part)}</code>
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  )
}
