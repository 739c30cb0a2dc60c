import type { WayOfReading } from '../../deciding/read-elsewhere.ts'
import type { SharedModel } from '../../scoring/shared-model.ts'
import type { Limits } from '../limits.ts'
import type { RingMemory } from './ring.ts'

/** What an edge is given at its start. */
export interface EdgeData {
  readonly host: string
  readonly port: number
  /** Requests of this edge go up, and their answers down. */
  readonly up: RingMemory
  readonly down: RingMemory
  /** What an edge shows of itself: an entry for each name of `edgeCells`, and for each path how many requests it refused. */
  readonly cells: Int32Array
  /** Those whose plain requests go up; all others go to where `handOver` says. */
  readonly paths: readonly EdgePath[]
  readonly limits: Limits
  readonly handOver: HandOverAddress
}

/** A path, and how many requests of it may be up at a time: more are refused by the edge. */
interface EdgePath {
  readonly path: string
  readonly mostUp: number
  /** Whether their bodies are transactions, which the edge reads as it was ordered to. */
  readonly isRead: boolean
}

/** Where the service takes connections that an edge does not keep, and what they have to say to be let in. */
export interface HandOverAddress {
  readonly path: string
  readonly secret: string
}

/** Connections that are open and that were refused, and how long one may lie idle as of now. */
export const edgeCells = { open: 0, refusedByAddress: 1, refusedInTotal: 2, keepAliveMs: 3 } as const

/** The cell that counts the requests of a path, by its place among all, that an edge refused. */
export function refusedCell(place: number): number {
  return Object.keys(edgeCells).length + place
}

/** What either side says of its ring: that there is something in it, or a message that had no room there. */
export type RingNotice = 'wake' | { readonly message: Uint8Array }

/** What an edge is told. */
export type EdgeOrder = RingNotice | 'stop listening' | 'close idle' | ReadOrder | { readonly scoreBy: ModelOrder }

/** How transactions are to be read from now on; undefined where they are not. */
export interface ReadOrder {
  readonly read: { readonly way: WayOfReading; readonly mostNames: number } | undefined
}

/** By which model rows are to be scored from now on, under the number of the order; undefined where none are. */
export interface ModelOrder {
  readonly version: number
  readonly model: SharedModel | undefined
}

/** What an edge tells. */
export type EdgeNotice =
  | RingNotice
  | 'stopped'
  | { readonly listening: number }
  | { readonly failed: { readonly message: string; readonly code: string | undefined } }
  /** It scores rows as an order said, or can't. */
  | { readonly scoresBy: number }
  | { readonly cannotScore: string }
  /** It answered something that never became a request. */
  | { readonly unparsed: { readonly route: string; readonly status: number } }

// Clocks of threads begin when they do; this one is the machine's.
const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()

/** A time of this thread's `performance.now()`, for other threads. */
export function toSharedMs(ownMs: number): number {
  return ownMs + offsetMs
}

/** A time from another thread, as this one's `performance.now()` would have had it. */
export function toOwnMs(sharedMs: number): number {
  return sharedMs - offsetMs
}
