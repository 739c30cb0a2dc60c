import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { access, send } from './client.ts'

/** One thing that happened, as `GET /v1/events` tells it. */
export type ServiceEvent = DecisionEvent | OtherEvent

export interface DecisionEvent {
  readonly type: 'decision'
  readonly transactionId: string
  readonly time: string
  readonly outcome: string
  readonly score: number | null
  readonly amount: number | null
  readonly keys: Readonly<Record<string, string | null>>
  readonly rules: readonly string[]
  readonly model: string | null
  readonly policy: number
  readonly decidedAt: string
  readonly degraded: readonly string[]
}

interface OtherEvent {
  readonly type: 'label' | 'case' | 'alert' | 'job' | 'policy' | 'deployment'
  readonly [field: string]: unknown
}

export type EventType = ServiceEvent['type']

export interface Happened {
  readonly events: readonly ServiceEvent[]
  /** How many there were besides, by type: under a flood not all are told. */
  readonly leftOut: Readonly<Partial<Record<EventType, number>>>
  /** Whether some were missed, so that what is shown has to be asked for again. */
  readonly isReset: boolean
}

/** Whether news come in at this moment. */
export const isLive = signal(false)

const name = 'shrike-events'
const mostWaitMs = 15_000
const listeners = new Set<(happened: Happened) => void>()
let isStarted = false

/** What happens, for as long as a component is shown. */
export function useEvents(types: readonly EventType[], take: (happened: Happened) => void): void {
  const latest = useRef(take)
  latest.current = take
  const wanted = types.join()
  useEffect(() => {
    const listen = (happened: Happened) => {
      const events = happened.events.filter(({ type }) => wanted.split(',').includes(type))
      const isCounted = wanted.split(',').some((type) => Object.hasOwn(happened.leftOut, type))
      if (events.length > 0 || isCounted || happened.isReset) latest.current({ ...happened, events })
    }
    listeners.add(listen)
    start()
    return () => {
      listeners.delete(listen)
    }
  }, [wanted])
}

/** One connection for all tabs of a browser: the tab with the lock reads, and passes on what it reads to the others. */
function start(): void {
  if (isStarted) return
  isStarted = true
  const channel = new BroadcastChannel(name)
  channel.addEventListener('message', ({ data }) => {
    isLive.value = data.isLive
    if (data.happened !== undefined && access.value === 'open') tell(data.happened)
  })
  const publish = (state: boolean, happened?: Happened) => {
    isLive.value = state
    channel.postMessage({ isLive: state, happened })
    if (happened !== undefined) tell(happened)
  }
  void navigator.locks.request(name, () => readForEver(publish))
}

function tell(happened: Happened): void {
  for (const listener of listeners) listener(happened)
}

type Publish = (isLive: boolean, happened?: Happened) => void

async function readForEver(publish: Publish): Promise<never> {
  let lastId = ''
  let waitMs = 500
  while (true) {
    try {
      const answer = await send(
        new Request('/v1/events', {
          headers: { accept: 'text/event-stream', ...(lastId === '' ? {} : { 'last-event-id': lastId }) },
        }),
      )
      if (answer.ok && answer.body !== null) {
        for await (const message of messagesOf(answer.body)) {
          waitMs = 500
          if (message.id !== undefined) lastId = message.id
          take(message, publish)
        }
      }
    } catch {
      // The service is away, or the network: it is tried again below.
    }
    publish(false)
    await pause(waitMs)
    waitMs = Math.min(mostWaitMs, waitMs * 2)
  }
}

function take({ event, data }: Message, publish: Publish): void {
  if (event === 'ready') publish(true)
  else if (event === 'reset') publish(true, { events: [], leftOut: {}, isReset: true })
  else if (event === 'events') {
    // The service's own answer, whose shape its document describes.
    const told = JSON.parse(data) as Pick<Happened, 'events' | 'leftOut'>
    publish(true, { ...told, isReset: false })
  }
}

/** Waits, but not when the network comes back, or somebody signs in. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      window.clearTimeout(timer)
      window.removeEventListener('online', done)
      stop()
      resolve()
    }
    const timer = window.setTimeout(done, ms)
    window.addEventListener('online', done)
    let isFirst = true
    const stop = access.subscribe((state) => {
      if (!isFirst && state === 'open') done()
      isFirst = false
    })
  })
}

interface Message {
  readonly id: string | undefined
  readonly event: string
  readonly data: string
}

/** Server-sent events out of a body. `EventSource` could not send the key of the tab. */
async function* messagesOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Message> {
  let rest = ''
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  while (true) {
    const { value, done } = await reader.read()
    if (done) return
    rest += value
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) yield readMessage(block)
  }
}

function readMessage(block: string): Message {
  let id: string | undefined
  let event = 'message'
  const data: string[] = []
  for (const line of block.split('\n')) {
    if (line.startsWith('id: ')) id = line.slice(4)
    else if (line.startsWith('event: ')) event = line.slice(7)
    else if (line.startsWith('data: ')) data.push(line.slice(6))
  }
  return { id, event, data: data.join('\n') }
}
