import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

// Node's own timers count whole milliseconds. A thread that sleeps on a futex wakes within a tenth of one, and unlike a
// loop that asks for the time it leaves the core to the others.

const waitsForMain = 1

/** Calls `onTick` every `periodMs` until it is stopped; while the thread is busy, ticks are left out. */
export function startTicker(periodMs: number, onTick: () => void): { stop(): Promise<unknown> } {
  const state = new Int32Array(new SharedArrayBuffer(8))
  const worker = new Worker(new URL(import.meta.url), { workerData: { periodMs, state } })
  worker.on('message', () => {
    Atomics.store(state, waitsForMain, 0)
    onTick()
  })
  return { stop: () => worker.terminate() }
}

function tickForever(periodMs: number, state: Int32Array): void {
  for (let dueMs = performance.now(); ; dueMs += periodMs) {
    const waitMs = dueMs - performance.now()
    if (waitMs > 0) Atomics.wait(state, 0, 0, waitMs)
    if (Atomics.exchange(state, waitsForMain, 1) === 0) parentPort?.postMessage(0)
  }
}

if (!isMainThread) tickForever(workerData.periodMs, workerData.state)
