import type { Progress } from '../../src/core/progress.ts'
import { quietRun } from '../../test/quiet-run.ts'

/** Work that nobody watches: only its warnings are told. */
export const quietSession: Progress = { ...quietRun, warn: console.warn, nowMs: Date.now }
