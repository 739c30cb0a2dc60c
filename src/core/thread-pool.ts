import type { Worker } from 'node:worker_threads'
import { errorCodes, FraudError } from './errors.ts'
import { startWorker } from './start-worker.ts'

export interface PoolOptions {
  readonly threads: number
  /** Aborting it ends the threads and rejects with INTERRUPTED. */
  readonly signal?: AbortSignal
}

/**
 * Threads that work off one list of tasks after another; a thread that is done takes the next task, so uneven tasks
 * balance out. The tasks of a list run in no fixed order: each must be a function of itself and the shared data.
 */
export class ThreadPool<Task, Result> {
  readonly #workers: readonly Worker[]
  readonly #signal: AbortSignal | undefined
  /** The first error of a thread, which may come before a run asks for it. */
  #failure: Error | undefined

  /** @param script the worker's module beside the caller; `workerData` reaches each thread once, shared memory unshared. */
  constructor(script: URL, workerData: unknown, { threads, signal }: PoolOptions) {
    this.#workers = Array.from({ length: threads }, () => startWorker(script, { workerData }))
    // Where several fail of one cause, the first ends the run; without a listener another's error would end the process.
    for (const worker of this.#workers) worker.on('error', (error: Error) => (this.#failure ??= error))
    this.#signal = signal
  }

  /** Runs all tasks; results stand in the order of the tasks. */
  run(tasks: readonly Task[], onResult: (result: Result, done: number) => void = () => {}): Promise<Result[]> {
    return new Promise((resolve, reject) => {
      const results: Result[] = []
      let next = 0
      let done = 0
      const stop = (error: unknown) => {
        release()
        reject(asFraudError(error))
      }
      const onAbort = () => stop(new FraudError('INTERRUPTED', 'Stopped before the end; nothing was written'))
      const assign = (worker: Worker) => {
        if (next < tasks.length) worker.postMessage({ index: next, task: tasks[next++] })
      }
      const listeners = this.#workers.map((worker) => {
        const onMessage = ({ index, result }: { index: number; result: Result }) => {
          results[index] = result
          onResult(result, ++done)
          if (done < tasks.length) return assign(worker)
          release()
          resolve(results)
        }
        worker.on('message', onMessage).on('error', stop)
        return { worker, onMessage }
      })
      const release = () => {
        for (const { worker, onMessage } of listeners) worker.off('message', onMessage).off('error', stop)
        this.#signal?.removeEventListener('abort', onAbort)
      }
      if (this.#signal?.aborted) return onAbort()
      if (this.#failure !== undefined) return stop(this.#failure)
      this.#signal?.addEventListener('abort', onAbort)
      if (tasks.length === 0) {
        release()
        return resolve(results)
      }
      for (const worker of this.#workers) assign(worker)
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}

/** An error comes from a thread without its class. */
export function asFraudError(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  const code = errorCodes.find((each) => each === error.code)
  return code === undefined ? error : new FraudError(code, error.message, { cause: error.cause })
}
