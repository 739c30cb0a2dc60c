import { useEffect, useRef } from 'preact/hooks'

/** Runs something at once, and again at most so often, however often it is asked for; the last time asked is never lost. */
export function useThrottled(run: () => void, everyMs: number): () => void {
  const latest = useRef(run)
  latest.current = run
  const state = useRef<{ timer: number | undefined; ranAtMs: number }>({ timer: undefined, ranAtMs: -everyMs })
  useEffect(() => () => window.clearTimeout(state.current.timer), [])
  return () => {
    const { current } = state
    if (current.timer !== undefined) return
    const waitMs = Math.max(0, current.ranAtMs + everyMs - performance.now())
    current.timer = window.setTimeout(() => {
      current.timer = undefined
      current.ranAtMs = performance.now()
      latest.current()
    }, waitMs)
  }
}
