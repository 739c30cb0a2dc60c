import type { ErrorCode, FieldError } from '../core/errors.ts'
import type { JobRequest } from './request.ts'

export const openStates = ['queued', 'running'] as const
export const endStates = ['done', 'failed', 'cancelled', 'interrupted'] as const
type JobState = (typeof openStates)[number] | (typeof endStates)[number]

/** Work that takes long, asked for by a request, done by a process of its own. */
export interface Job {
  readonly id: string
  readonly request: JobRequest
  /** Who asked for it. */
  readonly by: string
  /** Whether the service that it was asked of takes its model into the registry. */
  readonly isForRegistry?: true
  readonly state: JobState
  readonly createdMs: number
  readonly startedMs?: number
  readonly endedMs?: number
  readonly result?: unknown
  /** Why it failed, and what of the request that was about. */
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly errors?: readonly FieldError[] }
}

/** What a job tells while it runs. */
export interface JobEvent {
  readonly atMs: number
  readonly kind: 'begin' | 'update' | 'end' | 'note' | 'warning'
  readonly text: string
  readonly done?: number
  readonly total?: number
}

/** An event with the place behind it, from which one who knows it goes on. */
export interface PlacedEvent {
  readonly event: JobEvent
  readonly place: number
}

export function hasEnded({ state }: Job): boolean {
  return state !== 'queued' && state !== 'running'
}
