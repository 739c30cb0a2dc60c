import type { EventMessage } from './api.ts'
import { readProblem, type ShrikeError } from './problem.ts'
import { readMessages, type StreamMessage } from './stream-messages.ts'

export type ShrikeEvent = EventMessage['events'][number]
export type EventType = ShrikeEvent['type']
export type LeftOut = EventMessage['leftOut']

export interface EventsOptions {
  /** Those that are wanted; all by default. */
  readonly types?: readonly EventType[]
  /** What happened, oldest first, and how many there were besides. */
  readonly onEvents: (events: readonly ShrikeEvent[], leftOut: LeftOut) => void
  /** Events were missed and nobody knows them any more: what is shown has to be read anew. */
  readonly onReset: (reason: string) => void
  /** Whether events come in now. */
  readonly onState?: (isOpen: boolean) => void
  /** The service refuses: a key that is not good, say. It is asked again after a while. */
  readonly onRefused?: (error: ShrikeError) => void
}

export interface EventFollower {
  close(): void
}

/** Opens the stream. */
export type OpenEvents = (
  query: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<Response>

export interface FollowOptions extends Pick<EventsOptions, 'types' | 'onState' | 'onRefused'> {
  /** Where to go on. */
  readonly after?: string | undefined
  readonly onMessage: (message: StreamMessage) => void
}

const firstWaitMs = 500
const longestWaitMs = 15_000
const refusedWaitMs = 30_000
/** The service says something every 10 s: a connection that says nothing for longer has died without a word. */
const longestSilenceMs = 25_000

/** Reads events until it is closed; a connection that ends is opened again, where it was. */
export function followEvents(open: OpenEvents, options: EventsOptions): EventFollower {
  return followMessages(open, { ...options, onMessage: (message) => tell(message, options) })
}

export function followMessages(open: OpenEvents, options: FollowOptions): EventFollower {
  const closing = new AbortController()
  void follow(open, options, closing.signal)
  return { close: () => closing.abort() }
}

async function follow(open: OpenEvents, options: FollowOptions, closing: AbortSignal): Promise<void> {
  const { types, onMessage, onState, onRefused } = options
  const query = types === undefined ? '' : `?types=${types.join()}`
  let place = options.after
  let waitMs = firstWaitMs
  const take = (message: StreamMessage) => {
    place = message.id ?? place
    onMessage(message)
  }
  const onOpen = () => {
    waitMs = firstWaitMs
    onState?.(true)
  }
  while (!closing.aborted) {
    const headers: Record<string, string> = place === undefined ? {} : { 'last-event-id': place }
    const refusal = await readOnce((signal) => open(query, headers, signal), take, onOpen, closing)
    onState?.(false)
    if (closing.aborted) return
    if (refusal !== undefined) onRefused?.(refusal)
    await pause(refusal === undefined ? waitMs * (0.5 + Math.random()) : refusedWaitMs, closing)
    waitMs = Math.min(longestWaitMs, 2 * waitMs)
  }
}

/** Reads one connection to its end. @returns why it was refused; undefined where it may be opened again at once. */
async function readOnce(
  open: (signal: AbortSignal) => Promise<Response>,
  take: (message: StreamMessage) => void,
  onOpen: () => void,
  closing: AbortSignal,
): Promise<ShrikeError | undefined> {
  const silence = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const heard = () => {
    clearTimeout(timer)
    timer = setTimeout(() => silence.abort(), longestSilenceMs)
  }
  heard()
  try {
    const response = await open(AbortSignal.any([closing, silence.signal]))
    if (!response.ok) return response.status < 500 ? await readProblem(response) : undefined
    onOpen()
    for await (const message of readMessages(response.body, heard)) take(message)
  } catch {
    // The connection ended, or died; callbacks throw elsewhere.
  } finally {
    clearTimeout(timer)
  }
  return undefined
}

/** Hands on what a message tells, as far as it is wanted. */
export function tell({ event, data = '{}' }: StreamMessage, { types, onEvents, onReset }: EventsOptions): void {
  if (event === 'reset') {
    const { reason } = JSON.parse(data) as { readonly reason: string }
    call(() => onReset(reason))
  }
  if (event !== 'events') return
  const message = JSON.parse(data) as EventMessage
  const isWanted = (type: string) => types === undefined || types.some((wanted) => wanted === type)
  const events = message.events.filter(({ type }) => isWanted(type))
  const leftOut = Object.fromEntries(Object.entries(message.leftOut).filter(([type]) => isWanted(type)))
  if (events.length > 0 || Object.keys(leftOut).length > 0) call(() => onEvents(events, leftOut))
}

/** What a callback throws is a bug of its own: it is thrown where nobody takes it for a connection that ended. */
function call(callback: () => void): void {
  try {
    callback()
  } catch (error) {
    setTimeout(() => {
      throw error
    })
  }
}

function pause(milliseconds: number, closing: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      closing.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, milliseconds)
    closing.addEventListener('abort', end)
  })
}
