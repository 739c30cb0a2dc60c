import {
  type EventFollower,
  type EventsOptions,
  followEvents,
  followMessages,
  type OpenEvents,
  tell,
} from './events.ts'
import type { StreamMessage } from './stream-messages.ts'

/** What the tab that reads passes on, and what a new tab asks for. */
type Passed =
  | { readonly kind: 'message'; readonly message: StreamMessage }
  | { readonly kind: 'state'; readonly isOpen: boolean; readonly place: string | undefined }
  | { readonly kind: 'hello' }

/**
 * Events over one connection for all tabs of a browser, which has only six for each host. The tab that holds a lock reads,
 * and passes on what it reads; when it is closed, the browser gives the lock to another, which goes on at the place that
 * it heard of last.
 */
export function shareEvents(name: string, open: OpenEvents, options: EventsOptions): EventFollower {
  if (typeof BroadcastChannel === 'undefined' || globalThis.navigator?.locks === undefined)
    return followEvents(open, options)
  const channel = new BroadcastChannel(name)
  const closing = new AbortController()
  let place: string | undefined
  let isReading = false
  let isOpen = false

  const say = (passed: Passed) => {
    if (!closing.signal.aborted) channel.postMessage(passed)
  }
  const take = (message: StreamMessage) => {
    // A tab that took over goes on at the last place that it knows, which others may have passed.
    if (message.event === 'events' && isKnown(message.id, place)) return
    place = message.id ?? place
    tell(message, options)
  }
  const takeState = (state: boolean) => {
    isOpen = state
    options.onState?.(state)
  }
  channel.onmessage = ({ data }: { readonly data: Passed }) => {
    if (data.kind === 'message') take(data.message)
    else if (data.kind === 'hello') {
      if (isReading) say({ kind: 'state', isOpen, place })
    } else {
      place ??= data.place
      takeState(data.isOpen)
    }
  }
  say({ kind: 'hello' })

  const read = (hasWaited: boolean) =>
    new Promise<void>((resolve) => {
      isReading = true
      // The tab before may have gone without a word of where it was.
      if (hasWaited && place === undefined) options.onReset('unknown-id')
      const follower = followMessages(open, {
        after: place,
        onMessage(message) {
          say({ kind: 'message', message })
          take(message)
        },
        onState(state) {
          takeState(state)
          say({ kind: 'state', isOpen, place })
        },
        ...(options.onRefused && { onRefused: options.onRefused }),
      })
      closing.signal.addEventListener('abort', () => {
        follower.close()
        resolve()
      })
    })
  void takeTurn(name, closing.signal, read)
  return {
    close() {
      closing.abort()
      channel.close()
    },
  }
}

/** Runs `read` with the lock, and says whether another tab had it before. */
async function takeTurn(name: string, signal: AbortSignal, read: (hasWaited: boolean) => Promise<void>): Promise<void> {
  const { locks } = navigator
  const isFirst = await locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock !== null && !signal.aborted) await read(false)
    return lock !== null
  })
  // Closing ends the wait with an error.
  if (!isFirst) await locks.request(name, { signal }, () => read(true)).catch(() => {})
}

/** Whether a place is at or before another one of the same process. */
function isKnown(id: string | undefined, place: string | undefined): boolean {
  if (id === undefined || place === undefined) return false
  const [epoch, number] = id.split('-')
  const [epochNow, numberNow] = place.split('-')
  return epoch === epochNow && Number(number) <= Number(numberNow)
}
