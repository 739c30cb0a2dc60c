import { html, type Markup, trustMarkup } from './html.ts'
import { styleSheet } from './style.ts'

/** What every page begins with: its title and looks. */
export function pageHead(title: string): Markup {
  // Even if something slipped through the escaping, the policy lets no script run and nothing be fetched.
  return html`<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trustMarkup(styleSheet)}</style>`
}
