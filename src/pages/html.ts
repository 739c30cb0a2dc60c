import { escapeHtml } from '../core/escape-html.ts'

/** Markup that goes into a page as it is. Everything else is text, and is escaped. */
export interface Markup {
  readonly markup: string
}

export type Content = string | Markup | readonly Markup[]

/** Declares text to be markup. For what this program itself wrote, never for what it read. */
export function trustMarkup(markup: string): Markup {
  return { markup }
}

export const nothing: Markup = trustMarkup('')

function render(content: Content): string {
  if (typeof content === 'string') return escapeHtml(content)
  if ('markup' in content) return content.markup
  return content.map(({ markup }) => markup).join('')
}

/** A template whose text stays markup and whose values are escaped, unless they are markup themselves. */
export function html(template: TemplateStringsArray, ...values: readonly Content[]): Markup {
  let markup = template[0] ?? ''
  values.forEach((value, index) => {
    markup += render(value) + (template[index + 1] ?? '')
  })
  return { markup }
}

/** Text that may go on in a next line behind a sign that joins words, so that a name is not broken inside of one. */
export function breakable(text: string): Markup {
  return trustMarkup(escapeHtml(text).replace(/(?<=\w[_:/]|[^\W\d]\.)(?=\w)|(?<=\d\.)(?=[^\W\d])/g, '<wbr>'))
}
