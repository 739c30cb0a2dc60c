import { lowerEnd, missingBin, upperEnd } from '../core/value-bins.ts'
import type { Compared } from './divergence.ts'
import { otherBin, unknownBin } from './monitored-features.ts'

/** What of a sample is in one group. */
export interface Group {
  /** Where its values begin and end, where it is of numbers; the ends of the outermost are null. */
  readonly from?: number | null
  readonly to?: number | null
  /** A category's text; `(missing)`, `(unknown)`, `(other)`. */
  readonly name?: string
  readonly reference: number
  readonly current: number
}

/** Groups have at least so many rows on average, and there are at most this many. */
const leastRows = 20
const mostGroups = 10
/** New values make a group where so much of the current sample has them. */
const leastNewShare = 0.01
const fewRows = 5

interface Sample {
  readonly counts: ArrayLike<number>
  readonly rows: number
}

function wantedGroups(reference: Sample, current: Sample): number {
  const rows = Math.min(reference.rows, current.rows)
  return Math.max(2, Math.min(mostGroups, Math.floor(rows / leastRows)))
}

/**
 * Bins of numbers by groups that have about as much of the reference each. Values that the reference never had are a group
 * where they are more than a few, and missing ones are one.
 */
export function groupNumbers(reference: Sample, current: Sample): readonly Group[] {
  const known = reference.rows - reference.counts[missingBin]
  const share = known / wantedGroups(reference, current)
  const leastNew = Math.max(5, leastNewShare * current.rows)
  const groups: { first: number; last: number; reference: number; current: number; isNew: boolean }[] = []
  for (const run of runsOf(reference.counts, current.counts)) {
    const last = groups.at(-1)
    const isNew = run.reference === 0 && run.current >= leastNew
    // What a single bin makes up is not hidden among others, nor are these beside it.
    const standsAlone = run.reference >= share && last !== undefined && last.reference >= fewRows
    const isOpen = last !== undefined && !last.isNew && !standsAlone && (last.reference < share || run.reference === 0)
    if (isOpen && !isNew) {
      last.last = run.last
      last.reference += run.reference
      last.current += run.current
    } else groups.push({ ...run, isNew })
  }
  const [tail, before] = [groups.at(-1), groups.at(-2)]
  // What is left over at the end is too little for a group.
  if (tail && before && !tail.isNew && !before.isNew && tail.reference < fewRows && tail.current < leastNew) {
    groups.splice(-2, 2, {
      ...before,
      last: tail.last,
      reference: before.reference + tail.reference,
      current: before.current + tail.current,
    })
  }
  const shown = groups.map(({ first, last, reference, current }, i): Group => {
    const from = i === 0 ? null : lowerEnd(first)
    const to = i === groups.length - 1 ? null : lowerEnd(groups[i + 1].first)
    return { from, to: to ?? finite(i, groups.length, last), reference, current }
  })
  return withMissing(shown, reference.counts[missingBin], current.counts[missingBin])
}

function finite(i: number, length: number, last: number): number | null {
  return i === length - 1 ? null : upperEnd(last)
}

/** Bins in order; those next to each other that the reference lacks are one. */
function* runsOf(reference: ArrayLike<number>, current: ArrayLike<number>) {
  let run: { first: number; last: number; reference: number; current: number } | undefined
  for (let bin = missingBin + 1; bin < reference.length; bin++) {
    const [before, now] = [reference[bin], current[bin]]
    if (before === 0 && now === 0) continue
    if (run !== undefined && before === 0) {
      run.last = bin
      run.current += now
      continue
    }
    if (run !== undefined) yield run
    run = undefined
    if (before === 0) run = { first: bin, last: bin, reference: 0, current: now }
    else yield { first: bin, last: bin, reference: before, current: now }
  }
  if (run !== undefined) yield run
}

function withMissing(groups: readonly Group[], reference: number, current: number): readonly Group[] {
  return reference + current === 0 ? groups : [...groups, { name: '(missing)', reference, current }]
}

/** The most frequent texts of the reference, and new ones that are more than a few; the rest is one group. */
export function groupTexts(reference: Sample, current: Sample, texts: readonly string[]): readonly Group[] {
  const leastNew = Math.max(5, leastNewShare * current.rows)
  const all = texts.map((name, i) => ({ name, reference: reference.counts[i + 1], current: current.counts[i + 1] }))
  const byReference = all.toSorted((a, b) => b.reference - a.reference || b.current - a.current)
  const most = wantedGroups(reference, current) - 1
  const shown = byReference.filter(
    (group, i) => (i < most ? group.reference > 0 : false) || (group.reference === 0 && group.current >= leastNew),
  )
  const rest = byReference.filter((group) => !shown.includes(group))
  const sum = (name: 'reference' | 'current') => rest.reduce((total, group) => total + group[name], 0)
  const other = {
    name: '(other)',
    reference: sum('reference') + reference.counts[otherBin],
    current: sum('current') + current.counts[otherBin],
  }
  const unknown = { name: '(unknown)', reference: reference.counts[unknownBin], current: current.counts[unknownBin] }
  const groups = [...shown, other, unknown].filter((group) => group.reference + group.current > 0)
  return withMissing(groups, reference.counts[missingBin], current.counts[missingBin])
}

export function comparedOf(groups: readonly Group[]): Compared {
  return { reference: groups.map(({ reference }) => reference), current: groups.map(({ current }) => current) }
}
