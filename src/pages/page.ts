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

/** A page of the service up to its body. Its policy is a header. */
export function pageStart(title: string): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trustMarkup(styleSheet)}</style>
</head>
<body>`
}
