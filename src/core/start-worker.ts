import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * Starts a thread. What its sources compile to is kept where the main thread's is, which a thread does not do by itself:
 * to compile them takes longer than starting it, and than many a thread works.
 */
export function startWorker(script: URL, options: Omit<WorkerOptions, 'env'> = {}): Worker {
  const cache = getCompileCacheDir()
  // The folder is named after the version of Node, which adds that to the name that it is told.
  return new Worker(script, {
    ...options,
    ...(cache && { env: { ...process.env, NODE_COMPILE_CACHE: dirname(cache) } }),
  })
}
