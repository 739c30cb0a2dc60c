import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { escapeHtml } from '../core/escape-html.ts'
import { html, trustMarkup } from './html.ts'

test('escapes every character that means something in HTML', () => {
  assert.equal(escapeHtml(`<a href="x" title='y'>&amp;`), '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;')
})

test('leaves nothing of any text that could open a tag or close an attribute', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeHtml(text)
      assert.doesNotMatch(escaped, /[<>"']/)
      assert.doesNotMatch(escaped, /&(?!amp;|lt;|gt;|quot;|#39;)/)
    }),
  )
})

test('drops control characters, which HTML has no place for, and keeps line ends', () => {
  assert.equal(escapeHtml('a\u0000b\u001bc\nd\te'), 'abc\nd\te')
})

test('escapes the values of a template and not its text, nor markup within it', () => {
  const inner = html`<b>${'<'}</b>`
  assert.equal(
    html`<p class="${'"'}">${inner}${[inner, trustMarkup('<hr>')]}</p>`.markup,
    '<p class="&quot;"><b>&lt;</b><b>&lt;</b><hr></p>',
  )
})
