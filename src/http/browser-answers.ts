import type { FastifyReply, FastifyRequest } from 'fastify'
import { html, type Markup, nothing, trustMarkup } from '../pages/html.ts'
import { pageStart } from '../pages/page.ts'
import type { Problem } from './error-status.ts'
import { keyPagePolicy, keyScript, pagePolicy } from './page-scripts.ts'

export const htmlType = 'text/html; charset=utf-8'

/** Whether a browser asks for a page: `curl` and other programs, which take anything, get JSON. */
export function wantsPage({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>): boolean {
  return (method === 'GET' || method === 'HEAD') && /\btext\/html\b/i.test(headers.accept ?? '')
}

/** Sends a page that is whole in itself. */
export function sendPage(reply: FastifyReply, page: Markup, policy = pagePolicy): FastifyReply {
  return reply
    .headers({
      'content-type': htmlType,
      'content-security-policy': policy,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      vary: 'Accept',
    })
    .send(page.markup)
}

/** What a browser shows of a request that was refused: where a key is wanted, the page that asks for it. */
export function sendProblemPage(reply: FastifyReply, problem: Problem): FastifyReply {
  reply.code(problem.status)
  return problem.code === 'UNAUTHORIZED'
    ? sendPage(reply, keyPage(), keyPagePolicy)
    : sendPage(reply, problemPage(problem))
}

function problemPage({ status, title, detail, code, errors }: Problem): Markup {
  const fields = errors.map(({ field, reason }) => html`<li><b>${field}</b> ${reason}</li>`)
  return html`${pageStart(`${status} ${title}`)}
<div class="page small"><main>
<p class="eyebrow">${String(status)} · ${code}</p>
<h1>${title}</h1>
<p class="intro">${detail}</p>
${errors.length === 0 ? nothing : html`<ul class="notices">${fields}</ul>`}
<p><a href="/">To the service’s first page</a></p>
</main></div>
</body>
</html>
`
}

function keyPage(): Markup {
  return html`${pageStart('Shrike asks for a key')}
<div class="page small"><main>
<h1>This page asks for a key</h1>
<p class="intro">The key is kept for this tab until the tab is closed, and sent as a header, never in an address or as a cookie.</p>
<form class="card" hidden autocomplete="off">
<label for="key">API key</label>
<input id="key" type="password" required autocomplete="off" autocapitalize="off" spellcheck="false">
<p role="alert"></p>
<button>Open the page</button>
</form>
<noscript><p class="card">This page needs JavaScript. Without it: <code>curl -H 'Authorization: Bearer YOUR_KEY'</code> and the address.</p></noscript>
<p class="intro">Keys are made by <code>shrike keys create --role viewer</code> where the service runs, or are set in its SHRIKE_API_KEYS.</p>
</main></div>
<script>${trustMarkup(keyScript)}</script>
</body>
</html>
`
}
