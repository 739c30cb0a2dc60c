import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { FraudError } from '../../core/errors.ts'
import { throwIfInterrupted } from '../../core/progress.ts'
import { workerScript } from '../../core/worker-script.ts'
import { makePrivate, syncFile } from '../file-access.ts'
import type { CopyFailure } from './copy-process.ts'

/**
 * Copies a log as it stands at one instant, whole and without gaps, while another process goes on writing it. SQLite does so
 * in one call, which only the end of its process stops: it has one of its own.
 *
 * @throws FraudError INTERRUPTED
 */
export async function copyLog(from: string, to: string, signal: AbortSignal): Promise<void> {
  throwIfInterrupted(signal)
  const script = fileURLToPath(workerScript('./copy-process', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, script, from, to], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const stop = () => child.kill('SIGKILL')
  signal.addEventListener('abort', stop, { once: true })
  let failure: CopyFailure | undefined
  child.on('message', (said: CopyFailure) => {
    failure = said
  })
  const [code, killed] = await once(child, 'close').finally(() => signal.removeEventListener('abort', stop))
  throwIfInterrupted(signal)
  if (failure !== undefined) throw Object.assign(new Error(failure.message), failure)
  if (code !== 0)
    throw new FraudError('FILE_UNWRITABLE', `${to}: the process that copies the log ended: ${killed ?? code}`)
  makePrivate(to)
  syncFile(to)
}
