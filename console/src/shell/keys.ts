import { signal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** A key, `g q` for two in a row, or `mod+k` with the platform's command key. */
export interface Shortcut {
  readonly keys: string
  readonly does: string
  readonly run: () => void
  /** Under which heading the help shows it. */
  readonly group?: string
  /** Whether it works while something is being typed, too. */
  readonly whileTyping?: boolean
  readonly isHidden?: boolean
}

/** Those in force: a page's come after the shell's, and the last one that fits is run. */
export const shortcuts = signal<readonly (readonly Shortcut[])[]>([])

const sequenceMs = 900
export const isMac = /Mac|iP/.test(navigator.platform)

/** Keys that work while a component is shown. */
export function useKeys(given: readonly Shortcut[]): void {
  const latest = useRef(given)
  latest.current = given
  const names = given.map(({ keys, does }) => `${keys}:${does}`).join('|')
  // Before anything is painted: whoever sees a button may press its key.
  useLayoutEffect(() => {
    // What a key runs is looked up when it is pressed, so that it sees the newest state.
    const stable =
      names === '' ? [] : latest.current.map((each, i) => ({ ...each, run: () => latest.current[i]?.run() }))
    shortcuts.value = [...shortcuts.value, stable]
    return () => {
      shortcuts.value = shortcuts.value.filter((each) => each !== stable)
    }
  }, [names])
}

let pending: { readonly first: string; readonly atMs: number } | undefined

export function listenForKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing) return
    const name = nameOf(event)
    if (name === undefined) return
    const sequence =
      pending !== undefined && event.timeStamp - pending.atMs < sequenceMs ? `${pending.first} ${name}` : ''
    pending = undefined
    const isTyping = isTypedInto(event)
    const usable = shortcuts.value.flat().filter(({ whileTyping }) => whileTyping || !(isTyping || hasDialog()))
    const found = usable.findLast(({ keys }) => keys === sequence) ?? usable.findLast(({ keys }) => keys === name)
    if (found !== undefined) {
      event.preventDefault()
      found.run()
    } else if (usable.some(({ keys }) => keys.startsWith(`${name} `))) {
      pending = { first: name, atMs: event.timeStamp }
    }
  })
}

function nameOf({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): string | undefined {
  if (altKey || key === 'Dead' || ['Shift', 'Control', 'Meta'].includes(key)) return undefined
  const hasMod = isMac ? metaKey : ctrlKey
  if ((ctrlKey || metaKey) && !hasMod) return undefined
  return hasMod ? `mod+${key.toLowerCase()}` : key
}

/** Whether letters are for a field. Inside a shadow root the event's own target is only its host. */
function isTypedInto(event: KeyboardEvent): boolean {
  const [target] = event.composedPath()
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
}

function hasDialog(): boolean {
  return document.querySelector('dialog[open]') !== null
}

/** A shortcut as people read it. */
export function spellKeys(keys: string): readonly string[] {
  return keys.split(' ').map((key) => {
    if (key.startsWith('mod+')) return `${isMac ? '⌘' : 'Ctrl '}${key.slice(4).toUpperCase()}`
    return { ArrowDown: '↓', ArrowUp: '↑', Enter: '↵', Escape: 'Esc' }[key] ?? key
  })
}
