import { signal } from '@preact/signals'
import type { Problem } from '../api/problem.ts'
import './toast.css'

interface Toast {
  readonly id: number
  readonly text: string
  readonly problem?: Problem
  readonly action?: ToastAction
}

interface ToastAction {
  readonly label: string
  readonly run: () => void
}

const toasts = signal<readonly Toast[]>([])
const shownMs = 5000
const problemShownMs = 12_000
let next = 0

/** Says that something is done, with what may be done about it: to undo it, say. */
export function toast(text: string, action?: ToastAction): void {
  add({ text, ...(action === undefined ? {} : { action }) }, action === undefined ? shownMs : problemShownMs)
}

/** Says what was refused, with the code that the reference explains. */
export function toastProblem(problem: Problem): void {
  add({ text: problem.detail, problem }, problemShownMs)
}

function add(given: Omit<Toast, 'id'>, ms: number): void {
  next += 1
  const id = next
  toasts.value = [...toasts.value.slice(-3), { ...given, id }]
  window.setTimeout(() => dismiss(id), ms)
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((each) => each.id !== id)
}

/** Where messages appear; one for the whole console. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, problem, action }) => (
        <div key={id} class={problem === undefined ? 'toast' : 'toast bad'}>
          <div>
            {problem !== undefined && <strong>{problem.title}</strong>}
            <p>{text}</p>
            {problem?.errors.map(({ field, reason }) => (
              <p key={field + reason}>
                <b>{field}</b> {reason}
              </p>
            ))}
            {problem !== undefined && <code>{problem.code}</code>}
          </div>
          {action !== undefined && (
            <button
              type="button"
              class="button small"
              onClick={() => {
                dismiss(id)
                action.run()
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" class="button quiet small" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  )
}
