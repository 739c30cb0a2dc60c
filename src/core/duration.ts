const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** A length of time as the detector file writes it, `7d` say, in milliseconds; what is wrong with it, as text, otherwise. */
export function parseDuration(text: string): number | string {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text)
  if (match === null) return 'write a number and its unit, such as 7d (ms, s, m, h, d or w)'
  const [, count, unit] = match
  if (unit === '') return `${text} needs a unit, such as ${text}d (ms, s, m, h, d or w)`
  if (!Object.hasOwn(unitsMs, unit)) return `"${unit}" is not a unit of time; use ms, s, m, h, d or w, as in ${count}d`
  const exactly = Number(count) * unitsMs[unit]
  // 8.2 is no double, so 8.2 hours come out as 29,519,999.999999996 milliseconds.
  const durationMs = Math.round(exactly)
  const isWhole = Number.isSafeInteger(durationMs) && Math.abs(durationMs - exactly) <= durationMs * Number.EPSILON
  return isWhole ? durationMs : `${text} is not a whole number of milliseconds`
}

/** The milliseconds of a duration that was checked when it was read. */
export function durationMs(text: string): number {
  const parsed = parseDuration(text)
  if (typeof parsed === 'number') return parsed
  throw new RangeError(parsed)
}

const spokenUnits = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
  [1, 'millisecond'],
] as const

/** A length of time in words, in the largest unit that it fills: "10 minutes", "1.5 days". */
export function sayDuration(lengthMs: number): string {
  const [unitMs, unit] = spokenUnits.find(([ms]) => Math.abs(lengthMs) >= ms) ?? spokenUnits[3]
  const count = Number((lengthMs / unitMs).toFixed(1))
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
