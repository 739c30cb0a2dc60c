import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { EventType, LeftOut, ShrikeEvent } from '../../../client/src/events.ts'
import { shareEvents } from '../../../client/src/shared-events.ts'
import { access, send } from './client.ts'

export type DecisionEvent = Extract<ShrikeEvent, { type: 'decision' }>

export interface Happened {
  readonly events: readonly ShrikeEvent[]
  /** How many there were besides, by type: under a flood not all are told. */
  readonly leftOut: LeftOut
  /** Whether some were missed, so that what is shown has to be asked for again. */
  readonly isReset: boolean
}

/** Whether news come in at this moment. */
export const isLive = signal(false)

const listeners = new Set<(happened: Happened) => void>()
let isStarted = false

/** What happens, for as long as a component is shown. One connection serves all components, and all tabs of a browser. */
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

function start(): void {
  if (isStarted) return
  isStarted = true
  shareEvents(
    'shrike-events',
    (query, headers, abort) => send(new Request(`/v1/events${query}`, { headers, signal: abort })),
    {
      onEvents: (events, leftOut) => tell({ events, leftOut, isReset: false }),
      onReset: () => tell({ events: [], leftOut: {}, isReset: true }),
      onState: (isOpen) => {
        isLive.value = isOpen
      },
    },
  )
}

function tell(happened: Happened): void {
  if (access.value === 'refused') return
  for (const listener of listeners) listener(happened)
}
