interface Changed {
  /** `pending` where somebody else has to approve it first. */
  readonly state?: string
  readonly warnings?: readonly unknown[]
}

export const isPending = ({ state }: Changed) => state === 'pending'

/** What came of a change of the policy: it is in force, or it waits for somebody else to approve it. */
export function tellChange(answer: Changed, what: string): string {
  if (isPending(answer)) return `${what}: waits for somebody else to approve it`
  const count = answer.warnings?.length ?? 0
  return count === 0 ? what : `${what}, with ${count} ${count === 1 ? 'warning' : 'warnings'}`
}
