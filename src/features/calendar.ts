const hourMs = 3_600_000
const dayMs = 86_400_000

/** The hour that a zone's clocks show, given their time as if it were UTC. */
export function hourOf(localMs: number): number {
  return Math.floor((localMs - Math.floor(localMs / dayMs) * dayMs) / hourMs)
}

/** 0 for Monday to 6 for Sunday. */
export function weekdayOf(localMs: number): number {
  // 1970 began on a Thursday.
  return (((Math.floor(localMs / dayMs) + 3) % 7) + 7) % 7
}
