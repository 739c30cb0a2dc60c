import { computed, signal } from '@preact/signals'

/** Where every address of the console begins. */
const root = '/console'

interface Place {
  /** Under `/console`, and never empty: `/cases/c-17`. */
  readonly path: string
  readonly query: URLSearchParams
}

function read(): Place {
  const path = location.pathname.slice(root.length).replace(/\/+$/, '')
  return { path: path === '' ? '/' : path, query: new URLSearchParams(location.search) }
}

/** What the address bar says. */
export const place = signal<Place>(read())
export const path = computed(() => place.value.path)

/** The address of a place in the console. Segments are encoded by `at`. */
export function at(parts: readonly string[], query: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined)
  const search = new URLSearchParams(given).toString()
  return `${root}/${parts.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`
}

/** The address of a page of the list: `/queue`. */
export function addressOf(target: string): string {
  return at(target.split('/').filter((part) => part !== ''))
}

/** Goes to an address; `replace` leaves no step behind for the browser's back. */
export function go(href: string, { replace = false } = {}): void {
  const { pathname } = location
  if (replace) history.replaceState(history.state, '', href)
  else history.pushState({}, '', href)
  place.value = read()
  if (!replace && location.pathname !== pathname) document.querySelector('.main')?.scrollTo(0, 0)
}

/** Changes parameters of the address, so that a filter can be sent to a colleague; empty ones are left out. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>): void {
  const query = new URLSearchParams(location.search)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') query.delete(name)
    else query.set(name, value)
  }
  const search = query.toString()
  go(`${location.pathname}${search === '' ? '' : `?${search}`}`, { replace: true })
}

/** Follows links within the console without loading it again. Clicks that ask for a new tab are the browser's. */
export function followLinks(): void {
  window.addEventListener('popstate', () => {
    place.value = read()
  })
  document.addEventListener('click', (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (link === null || link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) return
    if (link.pathname !== root && !link.pathname.startsWith(`${root}/`)) return
    event.preventDefault()
    go(link.href)
  })
}

/** The parameters of a path that fits a pattern: `/cases/{id}` and `/cases/c-17` give `{ id: 'c-17' }`. */
export function match(pattern: string, given: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split('/')
  const segments = given.split('/')
  if (wanted.length !== segments.length) return undefined
  const found: Record<string, string> = {}
  for (const [i, part] of wanted.entries()) {
    const segment = segments[i] ?? ''
    if (!part.startsWith('{')) {
      if (part !== segment) return undefined
      continue
    }
    try {
      found[part.slice(1, -1)] = decodeURIComponent(segment)
    } catch {
      return undefined
    }
  }
  return found
}
