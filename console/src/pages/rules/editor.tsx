import {
  acceptCompletion,
  autocompletion,
  type Completion,
  type CompletionContext,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { type Diagnostic, forceLinting, linter } from '@codemirror/lint'
import { Compartment, EditorState } from '@codemirror/state'
import {
  Decoration,
  EditorView,
  keymap,
  MatchDecorator,
  placeholder,
  ViewPlugin,
  type ViewUpdate,
} from '@codemirror/view'
import { useEffect, useRef } from 'preact/hooks'
import { checkLocally, declare, spell } from './check-locally.ts'
import { describeName, type Name } from './names.ts'

export interface EditorHandle {
  /** Writes a text where the cursor is. */
  readonly insert: (text: string) => void
  /** Writes another text in place of all. */
  readonly replace: (text: string) => void
  /** Marks a place of the text, and goes there. */
  readonly reveal: (start: number, end: number) => void
}

interface EditorProps {
  /** What it begins with; from then on the text is the editor's own, so that nothing that was typed is undone. */
  readonly initial: string
  readonly names: readonly Name[]
  /** What the service found, which the editor's own check can't. */
  readonly found: readonly Diagnostic[]
  readonly onChange: (value: string) => void
  readonly onReady: (handle: EditorHandle) => void
  readonly isReadOnly: boolean
}

/** The condition of a rule: completed and checked as it is typed. Its styles live in a shadow root, where the policy lets them. */
export function Editor({ initial, names, found, onChange, onReady, isReadOnly }: EditorProps) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | undefined>(undefined)
  const latest = useRef({ onChange, found })
  latest.current = { onChange, found }
  const language = useRef(new Compartment())

  useEffect(() => {
    const { current } = host
    if (current === null) return undefined
    const root = current.shadowRoot ?? current.attachShadow({ mode: 'open' })
    const editor = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: initial,
        extensions: [
          history(),
          closeBrackets(),
          EditorView.lineWrapping,
          EditorState.readOnly.of(isReadOnly),
          EditorView.contentAttributes.of({ 'aria-label': 'Condition', spellcheck: 'false' }),
          replaceBySelf,
          placeholder('amount > 500.0 && card_count_1h > 5'),
          keymap.of([
            { key: 'Tab', run: acceptCompletion },
            ...closeBracketsKeymap,
            ...defaultKeymap,
            ...historyKeymap,
            ...completionKeymap,
          ]),
          language.current.of(languageOf(names, () => latest.current.found)),
          theme,
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString())
          }),
        ],
      }),
    })
    view.current = editor
    onReady({
      insert: (text) => {
        editor.dispatch(editor.state.replaceSelection(text))
        editor.focus()
      },
      replace: (text) => editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } }),
      reveal: (start, end) => {
        const { length } = editor.state.doc
        editor.dispatch({
          selection: { anchor: Math.min(start, length), head: Math.min(end, length) },
          scrollIntoView: true,
        })
        editor.focus()
      },
    })
    return () => editor.destroy()
  }, [])

  useEffect(() => {
    view.current?.dispatch({ effects: language.current.reconfigure(languageOf(names, () => latest.current.found)) })
  }, [names])
  useEffect(() => {
    if (view.current !== undefined) forceLinting(view.current)
  }, [found])
  return <div ref={host} class="editor" />
}

/**
 * What is typed over a selection. A browser that does it by itself gives the new text the style of the old one as an
 * attribute, which the content security policy refuses.
 */
const replaceBySelf = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main } = view.state.selection
    if (event.inputType !== 'insertText' || event.data === null || main.empty || view.state.readOnly) return false
    event.preventDefault()
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: 'input.type' })
    return true
  },
})

/** Colours, completion and problems, of the names that there are. */
function languageOf(names: readonly Name[], found: () => readonly Diagnostic[]) {
  const declarations = declare(names)
  const options = [...names.map(completionOf), ...functions]
  const check = linter(
    ({ state }) => {
      const text = state.doc.toString()
      const own = checkLocally(text, declarations).map(
        ({ start, end, message }): Diagnostic => ({
          from: start,
          to: Math.min(text.length, Math.max(end, start + 1)),
          severity: 'error',
          message,
        }),
      )
      // What the service says of a text is of an older one for a moment.
      return own.length > 0 ? own : found().filter(({ to }) => to <= text.length)
    },
    { delay: 150 },
  )
  return [
    check,
    highlight(new Set(names.map(({ name }) => name))),
    // Enter takes a name as soon as it is offered: who types fast would get a new line in its place.
    autocompletion({ override: [(context) => complete(context, options)], icons: false, interactionDelay: 0 }),
  ]
}

function completionOf(name: Name): Completion {
  return { label: name.name, apply: spell(name.name), detail: describeName(name), type: 'variable' }
}

const functions: readonly Completion[] = [
  ['has', 'has(name): whether there is a value'],
  ['startsWith', '.startsWith("a")'],
  ['endsWith', '.endsWith("z")'],
  ['contains', '.contains("b")'],
  ['matches', '.matches("^[a-z]+$")'],
  ['getHours', 'time.getHours("Europe/Berlin")'],
  ['getDayOfWeek', 'time.getDayOfWeek("Europe/Berlin"), 0 is Sunday'],
  ['duration', 'duration("2h")'],
  ['size', 'size(text)'],
  ['true', 'always'],
].map(([label = '', detail = '']) => ({ label, detail, type: 'function' }))

function complete(context: CompletionContext, options: readonly Completion[]) {
  const word = context.matchBefore(/[\w.]+/)
  if (word === null && !context.explicit) return null
  return { from: word?.from ?? context.pos, options, validFor: /^[\w.]*$/ }
}

const token =
  /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\b\d+(?:\.\d+)?\b|&&|\|\||[!<>=]=|[<>!+\-*/%?:]|\b(?:true|false|in|null)\b|lists\.\w+|\b[A-Za-z_]\w*\b/g

function highlight(names: ReadonlySet<string>) {
  const classOf = (text: string) => {
    if (/^["']/.test(text)) return 'text'
    if (/^\d/.test(text)) return 'number'
    if (names.has(text)) return 'name'
    return /^(?:true|false|in|null|[^\w]+)$/.test(text) ? 'sign' : 'word'
  }
  const decorator = new MatchDecorator({
    regexp: token,
    decoration: ([text]) => Decoration.mark({ class: `t-${classOf(text)}` }),
  })
  return ViewPlugin.define(
    (view) => ({
      decorations: decorator.createDeco(view),
      update(update: ViewUpdate) {
        this.decorations = decorator.updateDeco(update, this.decorations)
      },
    }),
    { decorations: (plugin) => plugin.decorations },
  )
}

const theme = EditorView.theme({
  '&': {
    fontSize: '13px',
    backgroundColor: 'var(--panel)',
    color: 'var(--ink)',
    borderRadius: '6px',
    border: '1px solid var(--line-strong)',
  },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-1px' },
  '.cm-content': { fontFamily: 'var(--mono)', padding: '10px 0', minHeight: '76px', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 12px' },
  '.cm-placeholder': { color: 'var(--muted)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.t-text': { color: 'var(--approve)' },
  '.t-number': { color: 'var(--challenge)' },
  '.t-name': { color: 'var(--accent)' },
  '.t-sign': { color: 'var(--muted)' },
  '.cm-tooltip': {
    border: '1px solid var(--line-strong)',
    borderRadius: '6px',
    backgroundColor: 'var(--raised)',
    color: 'var(--ink)',
    boxShadow: 'var(--shadow)',
    overflow: 'hidden',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '12px', maxHeight: '15em' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': {
    padding: '4px 10px',
    display: 'flex',
    justifyContent: 'space-between',
    gap: '24px',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--active)', color: 'var(--ink)' },
  '.cm-completionDetail': { color: 'var(--muted)', fontStyle: 'normal', fontFamily: 'var(--sans)' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '600' },
  '.cm-diagnostic': {
    padding: '6px 10px',
    borderLeft: '3px solid var(--decline)',
    fontFamily: 'var(--sans)',
    fontSize: '12px',
  },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--review)' },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--decline)',
    textUnderlineOffset: '3px',
  },
  '.cm-lintRange-warning': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--review)',
    textUnderlineOffset: '3px',
  },
})
