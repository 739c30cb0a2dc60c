import type { TestDays } from './policy-figures.ts'

const dayMs = 86_400_000

/**
 * The days of 24 hours that rows took, from the first to the last of them; undefined where that is less than one.
 *
 * @param gap a stretch of time whose rows were left out.
 */
export function testDays(
  timesMs: Float64Array,
  gap?: { readonly fromMs: number; readonly toMs: number },
): TestDays | undefined {
  let first = Infinity
  let last = -Infinity
  for (const time of timesMs) {
    if (time < first) first = time
    if (time > last) last = time
  }
  const missing = gap === undefined ? 0 : Math.max(0, Math.min(last, gap.toMs) - Math.max(first, gap.fromMs))
  const count = (last - first - missing) / dayMs
  if (!(count >= 1)) return undefined
  const whole = Math.floor(count)
  const dayOf = Int32Array.from(timesMs, (time) => {
    const isBehind = gap !== undefined && time >= gap.toMs
    const day = Math.floor((time - first - (isBehind ? missing : 0)) / dayMs)
    return day < whole ? day : -1
  })
  return { count, dayOf }
}
