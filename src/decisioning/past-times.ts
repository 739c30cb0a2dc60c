import { type Change, type SingleChange, singleChanges } from './change.ts'

/** Ends that are past when a change comes: it can be put in force, and does nothing. */
export function pastTimes(
  change: Change,
  atMs: number,
): readonly { readonly field: string; readonly reason: string }[] {
  return singleChanges(change).flatMap((single) => ofOne(single, atMs))
}

function ofOne(change: SingleChange, atMs: number) {
  const isPast = (end: string | undefined) => end !== undefined && Date.parse(end) <= atMs
  switch (change.kind) {
    case 'rule': {
      const { id, until } = change.rule
      return isPast(until) ? [{ field: `rules.${id}.until`, reason: 'is past, so the rule never counts' }] : []
    }
    case 'snooze':
      return isPast(change.until) ? [{ field: 'until', reason: 'is past, so nothing is silenced' }] : []
    case 'entries': {
      const past = (change.add ?? []).filter(({ expiresAt }) => isPast(expiresAt)).length
      return past > 0 ? [{ field: 'add', reason: `${past} of the entries have expired already` }] : []
    }
    default:
      return []
  }
}
