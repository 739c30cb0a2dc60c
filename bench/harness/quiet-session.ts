import type { Progress } from '../../src/core/progress.ts'

/** Work that nobody watches: only its warnings are told. */
export const quietSession: Progress = {
  begin: () => ({ update: () => {}, end: () => {} }),
  note: () => {},
  warn: console.warn,
  nowMs: Date.now,
  signal: new AbortController().signal,
}
