/** What a version of a rule did, live and in shadow. */
interface Counts {
  readonly fired: number
  readonly alone?: number
  readonly shadow: number
  readonly wouldChange?: number
}

/** How often it applied, live or in shadow. */
export function firedOf({ fired, shadow }: Counts): number {
  return fired + shadow
}

/** Of these, how often the outcome was the rule's alone, or would have been. */
export function aloneOf({ alone = 0, wouldChange = 0 }: Counts): number {
  return alone + wouldChange
}
