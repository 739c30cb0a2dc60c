import type { Progress } from '../src/core/progress.ts'

/** Progress that nobody hears of, at no time, of work that nobody ends. */
export const quietRun: Progress = {
  begin: () => ({ update() {}, end() {} }),
  note() {},
  warn() {},
  nowMs: () => 0,
  signal: new AbortController().signal,
}
