import { hash } from 'node:crypto'

/** Under which a tab keeps the key that was typed in: until it is closed, and in no URL and no cookie. */
const keyName = 'shrike-key'

/**
 * Asks for the page again with the key, and shows what comes in place of this page. Scripts and styles that it names
 * need the key, too, so they are fetched and handed over as they came.
 */
export const keyScript = `
(() => {
  const form = document.querySelector('form'), input = document.querySelector('input'), said = document.querySelector('[role=alert]')
  const refuse = (why) => { form.hidden = false; said.textContent = why; input.value = ''; input.focus() }
  const reasonOf = async (answer) =>
    new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('.intro')?.textContent ?? ''
  const show = async (answer, ask) => {
    const text = await answer.text()
    if (!(answer.headers.get('content-type') || '').startsWith('text/html')) {
      const pre = document.createElement('pre')
      pre.textContent = text
      document.body.replaceChildren(pre)
      return
    }
    const page = new DOMParser().parseFromString(text, 'text/html')
    await Promise.all([...page.querySelectorAll('script[src], link[href]:not([href^="data:"])')].map(async (part) => {
      const at = part.hasAttribute('src') ? 'src' : 'href'
      const file = await ask(new URL(part.getAttribute(at), location.href))
      if (!file.ok) throw new Error(part.getAttribute(at) + ' came with status ' + file.status)
      part.setAttribute(at, URL.createObjectURL(await file.blob()))
    }))
    document.open()
    document.write('<!doctype html>' + page.documentElement.outerHTML)
    document.close()
  }
  const enter = async (key) => {
    if (!/^[\\x21-\\x7e]+$/.test(key)) return refuse('A key has letters, digits and signs, but no blanks.')
    const ask = (url) => fetch(url, { headers: { authorization: 'Bearer ' + key, accept: 'text/html, */*;q=0.8' }, cache: 'no-store' })
    let answer
    try {
      answer = await ask(location.href)
    } catch {
      return refuse('The service does not answer. Try again.')
    }
    try {
      if (answer.status === 401) {
        sessionStorage.removeItem('${keyName}')
        return refuse('This key is unknown. It may be mistyped or revoked.')
      }
      if (answer.status === 403) return refuse('This key may not open this page. ' + await reasonOf(answer))
      sessionStorage.setItem('${keyName}', key)
      await show(answer, ask)
    } catch (error) {
      refuse('The service answered, but the page could not be shown: ' + error.message)
    }
  }
  form.addEventListener('submit', (event) => { event.preventDefault(); void enter(input.value.trim()) })
  const kept = sessionStorage.getItem('${keyName}')
  if (kept === null) {
    form.hidden = false
    input.focus()
  } else void enter(kept)
})()
`

/** Copies the command beside the button, with the key of the tab and the address that the page was reached at. */
export const copyScript = `
document.addEventListener('click', async (event) => {
  const button = event.target.closest('button[data-copies]')
  if (button === null) return
  const key = sessionStorage.getItem('${keyName}')
  const shown = document.getElementById(button.dataset.copies).textContent
  const text = (key === null ? shown : shown.replace('YOUR_KEY', key)).replace(/http:\\/\\/[^/ ]+/, location.origin)
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    document.body.append(area)
    area.select()
    document.execCommand('copy')
    area.remove()
  }
  button.textContent = 'Copied'
  setTimeout(() => { button.textContent = 'Copy' }, 2000)
})
`

const source = (script: string) => `'sha256-${hash('sha256', script, 'base64')}'`

const rest = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The policy of pages that contain everything, and whose only script copies a text. */
export const pagePolicy = `default-src 'none'; script-src ${source(copyScript)}; style-src 'unsafe-inline'; img-src data:; ${rest}`

/** The policy of the page that asks for the key: it fetches the page behind it from here and runs nothing else. */
export const keyPagePolicy = `default-src 'none'; script-src ${source(keyScript)} ${source(copyScript)} blob:; style-src 'unsafe-inline' blob:; img-src data: blob:; connect-src 'self'; ${rest}`

/** Runs in the browser, inside Swagger UI, which is why it stands alone: gives each call the key of the tab. */
export function sendKeyOfTab<Sent>(request: Sent): Sent {
  const kept = Reflect.get(globalThis, 'sessionStorage').getItem('shrike-key')
  const headers = Object(request).headers
  if (kept !== null && headers.Authorization === undefined) headers.Authorization = `Bearer ${kept}`
  return request
}
