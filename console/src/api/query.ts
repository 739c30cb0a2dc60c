import { useEffect, useRef, useState } from 'preact/hooks'
import { access } from './client.ts'
import { type Problem, problemOf } from './problem.ts'

export interface Query<Data> {
  /** What was last known; it stays while it is asked for again, and when that fails. */
  readonly data: Data | undefined
  readonly problem: Problem | undefined
  readonly isLoading: boolean
  readonly refresh: () => void
}

interface QueryOptions {
  /** Asked for again after this long, while the page is looked at. */
  readonly everyMs?: number
}

interface State<Data> {
  readonly name: string
  readonly data?: Data
  readonly problem?: Problem
}

/** What was answered last, so that a page that is opened again shows it at once. */
const known = new Map<string, unknown>()
const mostKnown = 60

/**
 * Asks the service for something, and again as time goes on. An answer that was overtaken by a later question is dropped.
 *
 * @param name says what is asked for: another one asks anew. Undefined asks for nothing.
 */
export function useQuery<Data>(
  name: string | undefined,
  load: (signal: AbortSignal) => Promise<Data>,
  { everyMs }: QueryOptions = {},
): Query<Data> {
  const [state, setState] = useState<State<Data>>({ name: '' })
  const [round, setRound] = useState(0)
  const current = useRef(load)
  current.current = load
  const isSignedIn = access.value !== 'refused'

  useEffect(() => {
    if (name === undefined || !isSignedIn) return undefined
    const abort = new AbortController()
    let timer: number | undefined
    const run = async () => {
      try {
        const data = await current.current(abort.signal)
        if (abort.signal.aborted) return
        remember(name, data)
        setState({ name, data })
      } catch (error) {
        if (abort.signal.aborted) return
        setState((before) => ({ ...keep(before, name), name, problem: problemOf(error) }))
      }
      if (everyMs !== undefined) timer = window.setTimeout(again, everyMs)
    }
    const again = () => {
      if (document.visibilityState === 'visible') return void run()
      timer = window.setTimeout(again, 1000)
    }
    void run()
    return () => {
      abort.abort()
      window.clearTimeout(timer)
    }
  }, [name, round, everyMs, isSignedIn])

  const kept = state.name === name ? state : name === undefined ? undefined : recall<Data>(name)
  return {
    data: kept?.data,
    problem: state.name === name ? state.problem : undefined,
    isLoading: kept?.data === undefined && state.problem === undefined && name !== undefined,
    refresh: () => setRound((before) => before + 1),
  }
}

function keep<Data>(state: State<Data>, name: string): { readonly data?: Data } {
  return state.name === name && state.data !== undefined ? { data: state.data } : {}
}

function remember(name: string, data: unknown): void {
  known.delete(name)
  known.set(name, data)
  if (known.size > mostKnown) known.delete(known.keys().next().value ?? '')
}

function recall<Data>(name: string): State<Data> | undefined {
  // What was stored under a name was loaded by a question of that name.
  return known.has(name) ? { name, data: known.get(name) as Data } : undefined
}

/** Forgets all answers: what one person may see is not the next one's. */
export function forgetAnswers(): void {
  known.clear()
}
