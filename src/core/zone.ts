/** Whether this runtime knows the IANA time zone. */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

const hourMs = 3_600_000

/** How far a zone's clocks are ahead of UTC, in milliseconds, at an instant. Remembers what it worked out. */
export function zoneOffset(zone: string): (timestampMs: number) => number {
  if (zone === 'UTC') return () => 0
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  const workOut = (secondsMs: number) => {
    const parts: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(secondsMs)) parts[type] = Number(value)
    return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) - secondsMs
  }
  const known = new Map<number, number>()
  return (timestampMs) => {
    const hour = Math.floor(timestampMs / hourMs)
    const remembered = known.get(hour)
    if (remembered !== undefined) return remembered
    const offsetMs = workOut(hour * hourMs)
    // Clocks are mostly set at hours of UTC, but Adelaide's at half past, and Newfoundland's at a minute past until 2011.
    if (workOut((hour + 1) * hourMs - 1000) !== offsetMs) return workOut(Math.floor(timestampMs / 1000) * 1000)
    // Old hours are asked for again only by late transactions.
    if (known.size > 10_000) known.clear()
    known.set(hour, offsetMs)
    return offsetMs
  }
}

/**
 * The instant at which a zone's clocks showed this time, given as if it were UTC. Of a time that came twice the first is
 * meant; one that was skipped counts on from the clock before the jump (as in RFC 5545, section 3.3.5).
 */
export function fromLocalTime(localMs: number, offsetAt: (timestampMs: number) => number): number {
  const before = offsetAt(localMs - 86_400_000)
  const candidate = localMs - before
  if (offsetAt(candidate) === before) return candidate
  const after = localMs - offsetAt(localMs + 86_400_000)
  return offsetAt(after) === localMs - after ? after : candidate
}
