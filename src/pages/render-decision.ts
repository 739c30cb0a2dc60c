import { formatGeneral } from './format.ts'
import { breakable, html, type Markup, nothing } from './html.ts'
import { pageHead } from './page.ts'
import { type Picture, waterfall } from './render-explanation.ts'

/** What a page of a decision shows of it. */
export interface DecisionPage {
  readonly transactionId: string
  readonly outcome: string
  readonly score: number | null
  readonly model: string | null
  readonly policy: number
  readonly decidedAt: string
  readonly policyChange?: { readonly at: string; readonly by: string; readonly why: string }
  readonly reasons: readonly { readonly code: string; readonly text: string }[]
  readonly degraded: readonly { readonly code: string; readonly text: string }[]
  readonly features: readonly {
    readonly name: string
    readonly value: number | null
    readonly text: string
    readonly contribution?: number
  }[]
  /** What features' parts sum up to, where all are known. */
  readonly contributions: { readonly scale?: string; readonly base?: number; readonly output?: number }
  readonly policyParts?: {
    readonly score: { readonly text: string; readonly expectedCosts?: Readonly<Record<string, number>> }
    readonly rules: readonly RuleOfPage[]
    readonly lists: readonly { readonly name: string; readonly of: string; readonly effect: string }[]
    readonly silentRules: number
  }
  readonly control?: { readonly wouldBe: string; readonly propensity: number }
  readonly fuses?: { readonly settled: string; readonly tripped: readonly string[] }
  readonly notTold: readonly string[]
}

interface RuleOfPage {
  readonly id: string
  readonly state: string
  readonly outcome: string
  readonly reason?: string
  readonly conditions: readonly {
    readonly text: string
    readonly result: boolean | null
    readonly values: Readonly<Record<string, boolean | number | string | null>>
  }[]
  readonly snooze?: { readonly key: string; readonly until: string }
}

/** How many features are in the picture; the table has all. */
export const mostPictured = 12

/** A page that says why a decision came out as it did. */
export function renderDecision(page: DecisionPage): string {
  const picture = pictureOf(page)
  const { transactionId, outcome, score, model, policy, decidedAt, notTold } = page
  const title = `Why ${transactionId} got ${outcome}`
  const about = [
    `Score ${score === null ? 'none' : formatGeneral(score)}`,
    `Model ${model ?? 'none'}`,
    `Policy ${policy}`,
    `Decided ${decidedAt}`,
  ]
  return html`<!doctype html>
<html lang="en">
<head>${pageHead(title)}</head>
<body><div class="page"><main>
<header><h1>Why <span class="whole">${breakable(transactionId)}</span> got ${outcome}</h1><ul class="about">${about.map((each) => html`<li>${each}</li>`)}</ul>
<p>${page.reasons.map(({ text }) => text).join('. ') || 'Nothing spoke against it'}</p>${changeOf(page)}</header>
${notTold.length === 0 ? nothing : html`<ul class="notices">${notTold.map((each) => html`<li class="warning">${each}</li>`)}</ul>`}
<section class="grid">${policySections(page)}${otherSections(page)}</section>
<section>${picture === undefined ? nothing : waterfall(picture)}${featureTable(page)}</section>
</main></div></body>
</html>
`.markup
}

/** Features that say most first, where that is known. */
export function mostTelling<Feature extends { readonly contribution?: number }>(
  features: readonly Feature[],
): readonly Feature[] {
  return features.toSorted((a, b) => Math.abs(b.contribution ?? 0) - Math.abs(a.contribution ?? 0))
}

/** Where every feature's part is known. */
function pictureOf({ contributions: { scale, base, output }, features }: DecisionPage): Picture | undefined {
  if (scale === undefined || base === undefined || output === undefined) return undefined
  const sorted = mostTelling(features)
  const rest = sorted.slice(mostPictured).reduce((sum, { contribution = 0 }) => sum + contribution, 0)
  const parts = sorted
    .slice(0, mostPictured)
    .map(({ name, value, text, contribution = 0 }) => ({ feature: name, value, text, contribution }))
  const more = { features: sorted.length - mostPictured, contribution: rest }
  return { scale, base, output, parts, ...(more.features > 0 && { more }) }
}

function changeOf({ policy, policyChange }: DecisionPage): Markup {
  if (policyChange === undefined) return nothing
  const { at, by, why } = policyChange
  return html`<p class="intro">Version ${String(policy)} of the policy: by ${by}, ${at}${why === '' ? '' : `: ${why}`}</p>`
}

function card(title: string, content: Markup | readonly Markup[]): Markup {
  return html`<div class="card"><h3>${title}</h3>${content}</div>
`
}

/** How many rules had nothing to say, in words. */
export function tellSilent(rules: number): string {
  return `${rules} other rule${rules === 1 ? '' : 's'} had nothing to say`
}

function policySections({ policyParts }: DecisionPage): Markup {
  if (policyParts === undefined) return nothing
  const { score, rules, lists, silentRules } = policyParts
  const costs = Object.entries(score.expectedCosts ?? {}).map(([outcome, cost]) => `${outcome} ${cost.toFixed(2)}`)
  const none = rules.length + silentRules === 0 ? html`<p>There was no rule.</p>` : nothing
  const others = silentRules === 0 ? none : html`<p>${tellSilent(silentRules)}.</p>`
  const ofLists = lists.map(({ name, of, effect }) => html`<p>${name}: its ${of}, effect ${effect}</p>`)
  return html`${card('Score', html`<p>${score.text}</p>${costs.length === 0 ? nothing : html`<p>Expected costs: ${costs.join(', ')}</p>`}`)}
${card('Rules', [...rules.map(ruleTable), others])}${lists.length === 0 ? nothing : card('Lists', ofLists)}`
}

function ruleTable({ id, state, outcome, reason, conditions, snooze }: RuleOfPage): Markup {
  const until = snooze === undefined ? '' : `, by its ${snooze.key} until ${snooze.until}`
  const rows = conditions.map(
    ({ text, result, values }) =>
      html`<tr><td class="words"><code>${breakable(text)}</code></td><td>${result === null ? 'unknown' : String(result)}</td><td class="words">${breakable(tellValues(values))}</td></tr>
`,
  )
  return html`<p><b>${id}</b> (${outcome}): ${state}${until}${reason === undefined ? '' : `. ${reason}`}</p>
<div class="scroll"><table><thead><tr><th class="words" scope="col">Condition</th><th scope="col">Is</th><th class="words" scope="col">Of</th></tr></thead><tbody>${rows}</tbody></table></div>
`
}

/** Names with their values: `amount 1, country unknown`. */
export function tellValues(values: RuleOfPage['conditions'][number]['values']): string {
  return Object.entries(values)
    .map(
      ([name, value]) =>
        `${name} ${value === null ? 'unknown' : typeof value === 'number' ? formatGeneral(value) : value}`,
    )
    .join(', ')
}

function otherSections({ control, fuses, degraded }: DecisionPage): Markup {
  const parts: Markup[] = []
  if (fuses !== undefined) {
    const text = `Tripped: ${fuses.tripped.join(', ')}. Without them the outcome would be ${fuses.settled}.`
    parts.push(card('Fuses', html`<p>${text}</p>`))
  }
  if (control !== undefined) {
    const text = `It would be ${control.wouldBe} without the control group; what happened had a probability of ${formatGeneral(control.propensity)}.`
    parts.push(card('Control group', html`<p>${text}</p>`))
  }
  if (degraded.length > 0) {
    const all = degraded.map(({ code, text }) => html`<p><b>${code}</b>: ${text}</p>`)
    parts.push(card('Degraded', all))
  }
  return html`${parts}`
}

function featureTable({ features }: DecisionPage): Markup {
  const rows = features.map(
    ({ name, value, text, contribution }) =>
      html`<tr><th scope="row">${breakable(name)}</th><td>${value === null ? '–' : formatGeneral(value)}</td><td class="words">${breakable(text)}</td><td>${contribution === undefined ? '' : formatGeneral(contribution)}</td></tr>
`,
  )
  return html`<details class="card" open><summary>Features</summary>
<div class="scroll"><table><thead><tr><th scope="col">Feature</th><th scope="col">Value</th><th class="words" scope="col">In words</th><th scope="col">Adds</th></tr></thead>
<tbody>${rows}</tbody></table></div></details>`
}
