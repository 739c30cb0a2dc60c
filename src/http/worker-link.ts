import type { MetricObject } from 'prom-client'
import type { ErrorCode } from '../core/errors.ts'

/** What the primary says to a worker. */
export type Order =
  | { readonly order: 'reload' | 'close' }
  | { readonly order: 'report'; readonly id: number }
  | { readonly order: 'metrics'; readonly id: number; readonly text: string }

/** What a worker says to the primary. */
export type Notice =
  | { readonly notice: 'listening'; readonly url: string; readonly modelId: string | null }
  /** Another model answers from now on. */
  | { readonly notice: 'loaded'; readonly modelId: string | null }
  | { readonly notice: 'failed'; readonly code: ErrorCode; readonly message: string }
  | { readonly notice: 'report'; readonly id: number; readonly metrics: readonly MetricObject[] }
  | { readonly notice: 'metrics wanted'; readonly id: number }

/** The worker's side: what it hears and says. */
export interface WorkerLink {
  /** Resolves when the notice is on its way. */
  say(notice: Notice): Promise<void>
  /** The metrics of all workers, as text. */
  allMetrics(): Promise<string>
}

/** What the primary may ask of a worker. */
export interface WorkerDuties {
  readonly close: () => void
  readonly reload: () => void
  readonly report: () => Promise<readonly MetricObject[]>
}

/** Connects a worker to its primary. A worker whose primary is gone is ended by node:cluster. */
export function joinPrimary(on: WorkerDuties): WorkerLink {
  const waiting = new Map<number, (text: string) => void>()
  let lastId = 0
  const say = (notice: Notice) =>
    new Promise<void>((resolve) => {
      if (process.send === undefined || !process.connected) resolve()
      else process.send(notice, undefined, undefined, () => resolve())
    })
  process.on('message', (message: Order) => {
    switch (message.order) {
      case 'close':
        on.close()
        break
      case 'reload':
        on.reload()
        break
      case 'report':
        void on.report().then((metrics) => say({ notice: 'report', id: message.id, metrics }))
        break
      case 'metrics':
        waiting.get(message.id)?.(message.text)
        waiting.delete(message.id)
        break
    }
  })
  return {
    say,
    allMetrics() {
      lastId += 1
      const id = lastId
      return new Promise((resolve) => {
        waiting.set(id, resolve)
        void say({ notice: 'metrics wanted', id })
      })
    },
  }
}
