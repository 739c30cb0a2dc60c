import { FraudError } from './errors.ts'

/** One piece of work under way. */
export interface Step {
  update(done: number, total: number): void
  end(outcome?: string): void
}

/** How work that takes long tells of itself, and is told to stop. */
export interface Progress {
  begin(what: string): Step
  note(text: string): void
  warn(text: string): void
  /** The time, in milliseconds since 1970. */
  nowMs(): number
  /** Aborted where the work is to end before its end. */
  readonly signal: AbortSignal
}

/** Ends the work between two steps once it is to stop. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new FraudError('INTERRUPTED', 'Stopped before the end; nothing was written')
}

/** The progress of work that is part of other work: only its warnings are shown. */
export function quiet({ warn, nowMs, signal }: Progress): Progress {
  const silent = { update: () => {}, end: () => {} }
  return { begin: () => silent, note: () => {}, warn, nowMs, signal }
}
