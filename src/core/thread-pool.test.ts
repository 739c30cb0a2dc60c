import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { ThreadPool } from './thread-pool.ts'

function scriptOf(source: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`)
}

test('a run whose threads all fail rejects with the first error, and the others end nothing', async () => {
  const failing = scriptOf(`throw Object.assign(new Error('no use'), { code: 'BUNDLE_INVALID' })`)
  const pool = new ThreadPool<number, undefined>(failing, undefined, { threads: 3 })
  await assert.rejects(pool.run([1, 2, 3]), { code: 'BUNDLE_INVALID', message: 'no use' })
  // Long enough for the other threads to fail, too.
  await setTimeout(500)
  await pool.close()
})

test('results are in the order of their tasks', async () => {
  const doubling = scriptOf(`
    import { parentPort } from 'node:worker_threads'
    parentPort.on('message', ({ index, task }) => parentPort.postMessage({ index, result: 2 * task }))
  `)
  const pool = new ThreadPool<number, number>(doubling, undefined, { threads: 2 })
  assert.deepEqual(await pool.run([5, 1, 4, 2]), [10, 2, 8, 4])
  await pool.close()
})

test('a thread that failed before the first run fails it, in place of keeping it waiting', async () => {
  const pool = new ThreadPool<number, undefined>(scriptOf(`throw new Error('no memory')`), undefined, { threads: 1 })
  await setTimeout(500)
  await assert.rejects(pool.run([1]), { message: 'no memory' })
  await pool.close()
})
