import { existsSync, statSync } from 'node:fs'
import { formatIsoTime } from '../../core/time-parser.ts'
import { modelIdOf } from '../../deciding/lineup.ts'
import type { Degradation } from '../../decisioning/decision.ts'
import { outcomes } from '../../detector/detector-schema.ts'
import { formatCount } from '../../pages/format.ts'
import { html, type Markup, nothing, trustMarkup } from '../../pages/html.ts'
import { pageStart } from '../../pages/page.ts'
import { sendPage } from '../browser-answers.ts'
import { DayCounter, type DayCounts } from '../day-counts.ts'
import { decisionCall, predictionCall } from '../example-call.ts'
import type { HttpContext } from '../http-context.ts'
import { findReport } from '../model-report.ts'
import { copyScript } from '../page-scripts.ts'
import type { Route } from '../route.ts'
import { transactionExample } from '../schemas/decision.ts'

/** `GET /`: how the service is, and where to go on. */
export const home: Route = {
  method: 'GET',
  path: '/',
  role: 'any key',
  summary: 'The state of the service, with links',
  bounds: ['answers'],
  isShown: true,
  answers: 'page',
  handle: (context) => {
    const today = context.decisions && new DayCounter(context.metrics.registry, Date.now)
    context.whenClosed(() => today?.close())
    return async (request, reply) =>
      sendPage(
        reply,
        renderHome(context, request.host, await today?.counts(), (await findReport(context)) !== undefined),
      )
  },
}

function renderHome(context: HttpContext, host: string, today: DayCounts | undefined, hasReport: boolean): Markup {
  const { lineup, decisions } = context
  const warning = decisions?.warnOfPolicy()
  const modelId = modelIdOf(lineup)
  return html`${pageStart('Shrike')}
<div class="page home"><main>
<header><h1>Shrike</h1>
<ul class="about"><li>${modelId === null ? 'No model: rules and lists alone decide' : html`Model <b>${modelId}</b>`}</li><li class="${stateOf(context).tone}">${stateOf(context).words}</li></ul></header>
${warning === undefined ? nothing : html`<ul class="notices"><li class="warning"><strong>Warning</strong> ${warning}</li></ul>`}
${today === undefined ? nothing : todaySection(today)}
${modelSection(context)}
${callSection(context, host)}
${linkSection(context, hasReport)}
</main></div>
<script>${trustMarkup(copyScript)}</script>
</body>
</html>
`
}

function stateOf({ decisions, isDraining, isOverloaded, whyNotReady }: HttpContext): { tone: string; words: string } {
  if (isDraining()) return { tone: 'bad', words: 'Shutting down' }
  if (decisions !== undefined && !decisions.isReady) {
    return { tone: 'bad', words: "Not ready: histories are being computed, or the log can't be written" }
  }
  const why = whyNotReady()
  if (why !== undefined) return { tone: 'bad', words: `Accepts no new work: ${why}` }
  if (isOverloaded()) return { tone: 'bad', words: 'Overloaded' }
  return { tone: 'good', words: decisions === undefined ? 'Ready for predictions' : 'Ready for decisions' }
}

function todaySection({ sinceMs, outcomes: counts, degraded, labels, lastLabelMs }: DayCounts): Markup {
  const weak = [...degraded].filter(([, count]) => count > 0)
  const decided = counts.values().some((count) => count > 0)
  const sound = decided ? 'None of them is degraded.' : 'Nothing was decided yet.'
  const figures = outcomes.map(
    (outcome) =>
      html`<div class="figure card"><dt>${outcome}</dt><dd><b>${formatCount(counts.get(outcome) ?? 0)}</b></dd></div>`,
  )
  return html`<section><h2>Decisions today</h2>
<p class="intro">Counted by this process since ${whole(sinceMs)}. ${lastLabelMs === undefined ? 'No label has arrived since then.' : html`The last label arrived at ${whole(lastLabelMs)}.`}</p>
<dl class="figures">${figures}<div class="figure card"><dt>labels</dt><dd><b>${formatCount(labels)}</b></dd></div></dl>
${
  weak.length === 0
    ? html`<p class="intro">${sound}</p>`
    : html`<ul class="notices">${weak.map(([reason, count]) => html`<li class="warning"><strong>Degraded</strong> ${formatCount(count)} by ${reason}: ${Object.entries(meanings).find(([known]) => known === reason)?.[1] ?? ''}</li>`)}</ul>`
}
</section>`
}

const meanings: Readonly<Record<Degradation, string>> = {
  'history-capped': 'a key has more transactions than its history keeps exactly',
  'history-short': 'the log does not reach back as far as the longest window, or transactions came late',
  'deadline-passed': "decided after the deadline, so the policy's fallback replaced the score",
  'features-failed': 'a feature could not be computed',
  'model-failed': 'the model could not score',
  'history-dropped': 'histories were dropped because memory was short',
  'key-missing': 'a key that the detector declares was not sent',
  'category-unknown': 'a text is not a value that the detector lists for its field',
  'histories-lost': 'the log lacks fields that histories need',
  fused: 'a fuse had tripped, and held a rule or the outcome back',
  'history-unavailable': 'a part of the row was missing, so the fallback of the policy replaced the score',
  unanswered: 'the service that took it in did not decide it, so another one did',
}

function modelSection({ lineup, decisions, bundlePath }: HttpContext): Markup {
  const written = bundlePath !== undefined && existsSync(bundlePath) ? minute(statSync(bundlePath).mtimeMs) : undefined
  const rows: [string, string][] = [['Bundle', modelIdOf(lineup) ?? 'none']]
  if (written !== undefined) rows.push(['Its file was written', written])
  if (decisions !== undefined) {
    const { detector, features } = decisions.inForce
    rows.push(
      ['Detector', detector.detector],
      ['Keys', Object.keys(detector.transaction.keys ?? {}).join(', ') || 'none'],
    )
    rows.push(['Features', formatCount(features.all.length)])
    rows.push(['Newest transaction', decisions.newestMs === undefined ? 'none yet' : minute(decisions.newestMs)])
  }
  return html`<section><h2>Model</h2><dl class="terms card">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></section>`
}

/** A time at whose hyphens no line ends. */
function whole(timeMs: number): Markup {
  return html`<time>${minute(timeMs)}</time>`
}

function minute(timeMs: number): string {
  return Number.isFinite(timeMs) ? `${formatIsoTime(timeMs).slice(0, 16).replace('T', ' ')} UTC` : 'none yet'
}

function callSection({ lineup, decisions, isGuarded }: HttpContext, host: string): Markup {
  // The host is the client's own claim, so it is shown only if it can be nothing but a host.
  const origin = `http://${/^[\w.-]+(:\d+)?$|^\[[\da-f:]+\](:\d+)?$/i.test(host) ? host : 'localhost'}`
  const [what, call] =
    decisions === undefined
      ? ['prediction', predictionCall(origin, lineup.champion.model?.example ?? {}, isGuarded())]
      : ['decision', decisionCall(origin, transactionExample(decisions.inForce, decisions.newestMs), isGuarded())]
  return html`<section><h2>Ask for a ${what}</h2>
<p class="intro">${isGuarded() ? 'A request for a shell; replace YOUR_KEY with a key that has the role score. The button copies it with the key of this tab.' : 'A request for a shell that works as it is.'}</p>
<div class="copied"><button type="button" data-copies="call">Copy</button><pre class="command"><code id="call">${call}</code></pre></div></section>`
}

function linkSection({ decisions }: HttpContext, hasReport: boolean): Markup {
  const links = [
    ['/docs', 'Docs', 'every route, to read and to try'],
    ...(hasReport ? [['/report', 'Report', "the model's figures and how they were measured"]] : []),
    ...(decisions ? [['/v1/decisions', 'Decisions', 'decisions, newest first']] : []),
    ['/openapi.json', 'OpenAPI', 'the OpenAPI document, for machines'],
    ['/healthz', 'Health', 'whether the process answers'],
    ['/readyz', 'Readiness', 'whether the service accepts new work'],
    ['/metrics', 'Metrics', 'for Prometheus'],
  ] as const
  const items = links.map(
    ([href, name, what]) => html`<div><dt><a href="${href}">${name}</a></dt><dd>${what}</dd></div>`,
  )
  return html`<section><h2>More</h2><dl class="terms card">${items}</dl></section>`
}
