const sampleMs = 50
const samplesToBelieve = 3

/** Watches how far the event loop lags behind its timers: the one queue that grows when there is too much to do. */
export interface Pressure {
  isOverloaded(): boolean
  stop(): void
}

/**
 * Overloaded is a loop that came late by more than `lagLimitMs` in each of the last three samples. One late sample is a
 * collection of garbage or a busy machine; three in a row are a queue.
 */
export function watchPressure(lagLimitMs: number, nowMs: () => number): Pressure {
  const lags = new Float64Array(samplesToBelieve)
  let sample = 0
  let dueMs = nowMs() + sampleMs
  const timer = setInterval(() => {
    const now = nowMs()
    lags[sample % samplesToBelieve] = now - dueMs
    sample += 1
    dueMs = now + sampleMs
  }, sampleMs)
  timer.unref()
  return {
    isOverloaded: () => lags[0] > lagLimitMs && lags[1] > lagLimitMs && lags[2] > lagLimitMs,
    stop: () => clearInterval(timer),
  }
}
