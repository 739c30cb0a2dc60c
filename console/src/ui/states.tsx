import type { ComponentChildren } from 'preact'
import type { Problem } from '../api/problem.ts'
import type { Query } from '../api/query.ts'
import './states.css'

interface EmptyProps {
  readonly title: string
  readonly children?: ComponentChildren
}

/** Where nothing is: why, and what to do about it. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <div class="state">
      <p class="state-title">{title}</p>
      {children !== undefined && <div class="muted">{children}</div>}
    </div>
  )
}

/** Bars where text will be, in the size of what is awaited. */
export function Loading({ lines = 5, label = 'Loading' }: { readonly lines?: number; readonly label?: string }) {
  return (
    <div class="loading" role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} class={`w${i % 4}`} />
      ))}
    </div>
  )
}

interface FailedProps {
  readonly problem: Problem
  readonly onRetry?: () => void
}

export function Failed({ problem, onRetry }: FailedProps) {
  return (
    <div class="state bad" role="alert">
      <p class="state-title">{problem.title}</p>
      <p class="muted">{problem.detail}</p>
      {problem.errors.map(({ field, reason }) => (
        <p key={field + reason}>
          <b>{field}</b> {reason}
        </p>
      ))}
      <p>
        <code>{problem.code}</code>
      </p>
      {onRetry !== undefined && (
        <button type="button" class="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}

interface ReadyProps<Data> {
  readonly of: Query<Data>
  readonly lines?: number
  readonly children: (data: Data) => ComponentChildren
}

/**
 * What a question was answered with, or where it stands. An answer stays on the page while a later one fails, and it is
 * said that it is not the newest.
 */
export function Ready<Data>({ of, lines, children }: ReadyProps<Data>) {
  const { data, problem, refresh } = of
  if (data === undefined) {
    return problem === undefined ? (
      <Loading {...(lines === undefined ? {} : { lines })} />
    ) : (
      <Failed problem={problem} onRetry={refresh} />
    )
  }
  return (
    <>
      {problem !== undefined && <Stale problem={problem} onRetry={refresh} />}
      {children(data)}
    </>
  )
}

function Stale({ problem, onRetry }: { readonly problem: Problem; readonly onRetry: () => void }) {
  return (
    <div class="banner" role="status">
      <span>Not the newest: {problem.detail}</span>
      <button type="button" class="button small" onClick={onRetry}>
        Try again
      </button>
    </div>
  )
}
