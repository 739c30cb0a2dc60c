import { readFile } from 'node:fs/promises'
import { FraudError } from '../../core/errors.ts'
import { escapeHtml } from '../../core/escape-html.ts'
import { warnOfLive } from '../../scoring/live-detector.ts'
import { decisionCall, predictionCall } from '../example-call.ts'
import type { App, HttpContext } from '../http-context.ts'
import { transactionExample } from '../schemas/decision.ts'

const htmlType = 'text/html; charset=utf-8'
// Both pages hold their styles and icons inside, and run no script.
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** `GET /`: where a newcomer lands. `GET /report`: the evaluation of the model, where its file is known. */
export function homeRoutes(app: App, context: HttpContext): void {
  const { reportPath } = context
  app.get('/', (request, reply) => {
    reply
      .header('content-type', htmlType)
      .header('content-security-policy', policy)
      .header('cache-control', 'no-cache')
      .send(renderHome(context, request.host))
  })
  if (reportPath === undefined) return
  app.get('/report', async (_request, reply) => {
    const html = await readFile(reportPath).catch(() => undefined)
    if (html === undefined) throw new FraudError('ROUTE_NOT_FOUND', 'The report is not there any more')
    return reply
      .header('content-type', htmlType)
      .header('content-security-policy', policy)
      .header('cache-control', 'no-cache')
      .send(html)
  })
}

function renderHome({ model, live, reportPath, isGuarded }: HttpContext, host: string): string {
  const { modelId, example } = model.current
  // The host is the client's own claim, so it is shown only if it can be nothing but a host.
  const origin = `http://${/^[\w.-]+(:\d+)?$|^\[[\da-f:]+\](:\d+)?$/i.test(host) ? host : 'localhost'}`
  const links = [
    ['/docs', 'Docs', 'every route, to read and to try'],
    ...(reportPath === undefined ? [] : [['/report', 'Report', 'how well the model does, and how that was measured']]),
    ['/openapi.json', 'OpenAPI', 'the same, for machines'],
    ['/healthz', 'Health', 'whether the process answers'],
    ['/readyz', 'Readiness', 'whether it takes new work'],
    ['/metrics', 'Metrics', 'for Prometheus'],
  ]
  const needsKey = isGuarded()
  const calls = [
    ...(live ? [['decision', decisionCall(origin, transactionExample(live.live, live.newestMs), needsKey)]] : []),
    ['prediction', predictionCall(origin, example, needsKey)],
  ]
  const warning = live && warnOfLive(live.live)
  const items = links.map(([href, name, what]) => `<li><a href="${href}">${name}</a> <span>${what}</span></li>`)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shrike</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<h1>Shrike</h1>
<p>Card-fraud detection, serving <code>${escapeHtml(modelId)}</code></p>
${warning === undefined ? '' : `<p class="warning"><strong>Warning</strong> ${escapeHtml(warning)}</p>\n`}<ul>
${items.join('\n')}
</ul>
${calls.map(([what, call]) => `<h2>Ask for a ${what}</h2>\n<pre><code>${escapeHtml(call)}</code></pre>`).join('\n')}
</main>
</body>
</html>
`
}

const style = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d9dee5; --paper: #fff; --link: #0b57a4; --alarm: #a3260f }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7ebf0; --soft: #9aa6b4; --line: #333c47; --paper: #14181d; --link: #7db8f5; --alarm: #ff9d85 }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.6 system-ui, sans-serif }
main { max-width: 44rem; margin: 0 auto; padding: 3rem 1.25rem }
h1 { margin: 0; font-size: 2rem }
h2 { margin: 2rem 0 .5rem; font-size: 1.1rem }
ul { margin: 1.5rem 0; padding: 0; list-style: none; border-top: 1px solid var(--line) }
li { display: grid; grid-template-columns: 7rem 1fr; padding: .55rem 0; border-bottom: 1px solid var(--line) }
a { justify-self: start; color: var(--link); font-weight: 600 }
span, p { color: var(--soft) }
.warning { padding: .75rem 1rem; border: 1px solid currentColor; border-radius: 6px; color: var(--alarm) }
pre { margin: 0; padding: 1rem; border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere }
code { font: 14px/1.5 ui-monospace, monospace }
`
