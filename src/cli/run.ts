import { isDiskFull } from '../core/disk-full.ts'
import { FraudError } from '../core/errors.ts'
import type { Progress } from '../core/progress.ts'
import { unwritable } from '../data/write-file.ts'
import { damagedLog, isDamaged } from '../stores/sqlite/damaged-log.ts'
import { withFlags } from './flag-names.ts'
import { missingPackage } from './missing-package.ts'
import { createTerminal, paint, type Terminal } from './terminal.ts'

export interface CommonFlags {
  readonly json?: boolean
}

/**
 * What every verb's action gets beside its own arguments. The signal is Ctrl-C or SIGTERM; a second Ctrl-C ends at
 * once.
 */
export interface Run extends Progress {
  readonly terminal: Terminal
}

/** A Ctrl-C that follows another so soon is the same one: the terminal tells the whole group, and npm passes it on. */
const echoMs = 500

/**
 * Runs a verb's work: errors become one line on standard error and the exit code, 2 for a wrong use and 1 for a
 * failure. A bug keeps its stack, since it should be reported.
 */
export async function run(flags: CommonFlags, work: (run: Run) => Promise<void>): Promise<void> {
  const terminal = createTerminal({ json: flags.json === true })
  const controller = new AbortController()
  let stoppedMs = Number.POSITIVE_INFINITY
  const onSignal = (signal: NodeJS.Signals) => {
    if (signal === 'SIGINT' && performance.now() - stoppedMs > echoMs) {
      terminal.clear()
      process.exit(1)
    }
    stoppedMs = Math.min(stoppedMs, performance.now())
    controller.abort()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    const { begin, note, warn } = terminal
    await work({ terminal, begin, note, warn, nowMs: Date.now, signal: controller.signal })
  } catch (error) {
    terminal.clear()
    process.exitCode = report(error)
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

/** Tells a person why the work failed; the exit code. */
export function report(thrown: unknown): number {
  const error = explain(thrown)
  if (!(error instanceof FraudError)) {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    return 1
  }
  const hint = error.hint === undefined ? '' : `\n  ${error.hint}`
  process.stderr.write(`${paint('31', 'error')} ${error.code}: ${withFlags(error.message + hint)}\n`)
  return error.code === 'OPTION_INVALID' ? 2 : 1
}

/** What the machine, and not a bug, is to blame for, wherever it was met. */
export function explain(error: unknown): unknown {
  if (isDamaged(error)) return damagedLog(error)
  if (error instanceof FraudError) return error
  return isDiskFull(error) ? unwritable(error, 'A file') : (missingPackage(error) ?? error)
}
