import { useState } from 'preact/hooks'
import { ask, client, type Schemas } from '../api/client.ts'
import type { Transaction } from '../api/detector.ts'
import { useQuery } from '../api/query.ts'
import { at } from '../shell/place.ts'
import { Ready } from '../ui/states.tsx'
import { Compared } from './compared.tsx'
import './why.css'

type Explanation = Schemas['DecisionExplanation']
type Feature = Explanation['features'][number]

function useExplanation(transactionId: string | undefined) {
  return useQuery(transactionId === undefined ? undefined : `explanation ${transactionId}`, (signal) =>
    ask(client.GET('/v1/decisions/{id}/explanation', { params: { path: { id: transactionId ?? '' } }, signal })),
  )
}

interface WhyProps {
  readonly transactionId: string
  readonly transaction?: Transaction
}

/** Why a decision came out as it did: reasons, what is unusual in words, and rules with what made them true. */
export function Why({ transactionId, transaction }: WhyProps) {
  const explanation = useExplanation(transactionId)
  return (
    <section class="panel">
      <header>
        <h2>Why</h2>
      </header>
      <Ready of={explanation} lines={6}>
        {(known) => (
          <div class="inside stack">
            <ul class="reasons">
              {known.reasons.map(({ code, text }) => (
                <li key={code + text}>{text}</li>
              ))}
              {known.degraded.map(({ code, text }) => (
                <li key={code} class="degraded">
                  {text}
                </li>
              ))}
              {known.reasons.length === 0 && known.degraded.length === 0 && (
                <li class="muted">Nothing spoke against it.</li>
              )}
            </ul>
            {transaction !== undefined && <Compared transaction={transaction} transactionId={transactionId} />}
            <Comparisons features={known.features} said={known.reasons.map(({ text }) => text)} />
            <RuleParts explanation={known} />
          </div>
        )}
      </Ready>
    </section>
  )
}

const mostShown = 6

interface ComparisonsProps {
  readonly features: readonly Feature[]
  /** What the reasons say already. */
  readonly said: readonly string[]
}

function Comparisons({ features, said }: ComparisonsProps) {
  const [isAll, setAll] = useState(false)
  const weighed = features.filter(({ contribution }) => contribution !== undefined)
  const sorted = weighed.toSorted((a, b) => (b.contribution ?? 0) - (a.contribution ?? 0))
  const against = distinct(sorted.filter(({ contribution = 0, text }) => contribution > 0 && !said.includes(text)))
  const shown = isAll ? sorted : against.slice(0, mostShown)
  if (features.length === 0) return null
  // Where the model does not explain itself, everything is shown as it is.
  const listed = weighed.length === 0 ? features : shown
  return (
    <div>
      <h3>What else stands out</h3>
      <ul class="comparisons">
        {listed.map((feature) => (
          <li key={feature.name} class={(feature.contribution ?? 0) > 0 ? 'for' : 'against'} title={feature.name}>
            <span>{feature.text}</span>
            <Ratio feature={feature} />
          </li>
        ))}
      </ul>
      {weighed.length > shown.length - Number(isAll) && (
        <button type="button" class="button quiet small" onClick={() => setAll(!isAll)}>
          {isAll ? 'Only what else stands out' : `All ${features.length}`}
        </button>
      )}
    </div>
  )
}

/** Several features may say the same: that there is no device, say. */
function distinct(features: readonly Feature[]): readonly Feature[] {
  return [...new Map(features.toReversed().map((feature) => [feature.text, feature])).values()].reverse()
}

/** How far beyond the usual something is: the mark is the usual. */
function Ratio({ feature: { name, value } }: { readonly feature: Feature }) {
  if (!/_ratio_to_(?:mean|max|median)/.test(name) || value === null || value <= 0) return null
  const most = Math.max(value, 1) * 1.05
  const x = (share: number) => `${(share / most) * 100}%`
  return (
    <svg class="ratio" aria-hidden="true">
      <rect width="100%" height="4" y="4" rx="2" class="track" />
      <rect width={x(value)} height="4" y="4" rx="2" class="bar" />
      <rect x={x(1)} width="2" height="12" class="usual" />
    </svg>
  )
}

function RuleParts({ explanation }: { readonly explanation: Explanation }) {
  const rules = explanation.policyParts?.rules.filter(({ state }) => state !== 'silent') ?? []
  const lists = explanation.policyParts?.lists ?? []
  if (rules.length === 0 && lists.length === 0) return null
  return (
    <div class="stack">
      {rules.length > 0 && <h3>Rules</h3>}
      {rules.map((rule) => (
        <div key={rule.id} class="rule-part">
          <div class="row wrap">
            <a class="text" href={at(['rules', rule.id])}>
              {rule.id}
            </a>
            <span class={`badge ${rule.outcome}`}>{rule.outcome}</span>
            {rule.state !== 'live' && <span class="badge">{rule.state}</span>}
          </div>
          <ul>
            {rule.conditions.map(({ text, result, values, missing }) => (
              <li key={text}>
                <code>{text}</code>{' '}
                <span class="muted">
                  {result === null ? 'unknown' : result ? 'is true' : 'is false'}
                  {Object.entries(values).map(([name, value]) => ` · ${name} = ${String(value)}`)}
                  {missing.length > 0 && ` · missing: ${missing.join(', ')}`}
                </span>
              </li>
            ))}
          </ul>
        </div>
      ))}
      {lists.length > 0 && <h3>Lists</h3>}
      {lists.map(({ name, of, effect, note, by }) => (
        <p key={name + of}>
          The {of} is on{' '}
          <a class="text" href={at(['lists', name])}>
            {name}
          </a>{' '}
          ({effect}){by !== undefined && `, by ${by}`}
          {note !== undefined && `: ${note}`}
        </p>
      ))}
    </div>
  )
}
