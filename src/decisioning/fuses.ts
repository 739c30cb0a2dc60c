import type { Outcome } from '../detector/detector-schema.ts'
import { WindowCount } from './window-count.ts'

/** What trips a fuse: the cap of a rule, or the share that an outcome has of all decisions that are not final. */
export type Fuse =
  | { readonly kind: 'cap'; readonly rule: string; readonly count: number; readonly overMs: number }
  | {
      readonly kind: 'outcome'
      readonly outcome: Outcome
      readonly share: number
      readonly overMs: number
      readonly atLeast: number
      readonly then: Outcome
      readonly coolMs: number
    }

/** What fuses count of a decision, as its record tells it. */
export interface CountedDecision {
  readonly decidedAtMs: number
  /** What was settled on, before a fuse or the control group changed it. */
  readonly settled: Outcome
  readonly isFinal: boolean
  /** Rules that are live and had something to say, also where a fuse kept them from it. */
  readonly fired: readonly string[]
}

interface Counting {
  readonly fuse: Fuse
  /** The count of fires, or of decisions with the outcome. */
  readonly hits: WindowCount
  readonly all: WindowCount
  trippedUntilMs: number
}

/** How fuses stand, for a snapshot. */
export interface SavedFuse {
  readonly fuse: Fuse
  readonly hits: readonly number[]
  readonly all: readonly number[]
  readonly trippedUntilMs: number | null
}

export function fuseId(fuse: Fuse): string {
  return fuse.kind === 'cap' ? `rule:${fuse.rule}` : fuse.outcome
}

/**
 * Fuses count decisions in the order of their records and by `decidedAt`, so whoever takes the same records has the
 * same fuses. A fuse that has tripped stays so for as long as it takes to cool after it was last past its limit, and never comes
 * back while it is past it: what goes on misbehaving does not decline for a moment every hour, however few decisions there are.
 */
export class Fuses {
  readonly #countings = new Map<string, Counting>()

  /** Fuses that stay as they are go on counting; others begin. */
  set(fuses: readonly Fuse[]): void {
    const before = new Map(this.#countings)
    this.#countings.clear()
    for (const fuse of fuses) {
      const known = before.get(fuseId(fuse))
      const isSame = known !== undefined && JSON.stringify(known.fuse) === JSON.stringify(fuse)
      this.#countings.set(fuseId(fuse), isSame ? known : begin(fuse))
    }
  }

  get isEmpty(): boolean {
    return this.#countings.size === 0
  }

  /** Ids of fuses that have tripped. */
  trippedAt(atMs: number): readonly string[] {
    return [...this.#countings].flatMap(([id, counting]) => (isHot(counting, atMs) ? [id] : []))
  }

  /** Whether a rule that fires now has no effect. */
  holdsRule(rule: string, atMs: number): boolean {
    if (this.isEmpty) return false
    const counting = this.#countings.get(`rule:${rule}`)
    if (counting?.fuse.kind !== 'cap') return false
    return isHot(counting, atMs) || counting.hits.count(atMs) >= counting.fuse.count
  }

  /** What takes the place of an outcome; undefined where no fuse of it has tripped. */
  replace(outcome: Outcome, atMs: number): Outcome | undefined {
    const counting = this.#countings.get(outcome)
    if (counting?.fuse.kind !== 'outcome' || !isHot(counting, atMs)) return undefined
    return counting.fuse.then
  }

  /** Counts a decision; the ids of the fuses that it tripped. */
  count({ decidedAtMs, settled, isFinal, fired }: CountedDecision): readonly string[] {
    const tripped: string[] = []
    for (const [id, counting] of this.#countings) {
      const { fuse, hits, all } = counting
      const isCounted = fuse.kind === 'cap' ? fired.includes(fuse.rule) : !isFinal
      if (!isCounted) continue
      const wasHot = isHot(counting, decidedAtMs)
      all.add(decidedAtMs)
      if (fuse.kind === 'cap' || settled === fuse.outcome) hits.add(decidedAtMs)
      if (!isPast(counting, decidedAtMs)) continue
      if (!wasHot) tripped.push(id)
      counting.trippedUntilMs = decidedAtMs + (fuse.kind === 'cap' ? fuse.overMs : fuse.coolMs)
    }
    return tripped
  }

  /** Puts a fuse back as if nothing had been counted; false where there is none of this id. */
  reset(id: string): boolean {
    const counting = this.#countings.get(id)
    if (counting === undefined) return false
    this.#countings.set(id, begin(counting.fuse))
    return true
  }

  save(): readonly SavedFuse[] {
    return [...this.#countings.values()].map(({ fuse, hits, all, trippedUntilMs }) => ({
      ...{ fuse, hits: hits.save(), all: all.save() },
      trippedUntilMs: Number.isFinite(trippedUntilMs) ? trippedUntilMs : null,
    }))
  }

  load(saved: readonly SavedFuse[]): void {
    this.#countings.clear()
    for (const { fuse, hits, all, trippedUntilMs } of saved) {
      const counting = begin(fuse)
      counting.hits.load(hits)
      counting.all.load(all)
      counting.trippedUntilMs = trippedUntilMs ?? Number.NEGATIVE_INFINITY
      this.#countings.set(fuseId(fuse), counting)
    }
  }
}

/** Whether a fuse that has tripped has not cooled yet. */
function isHot(counting: Counting, atMs: number): boolean {
  const { trippedUntilMs } = counting
  return atMs < trippedUntilMs || (Number.isFinite(trippedUntilMs) && isPast(counting, atMs))
}

function isPast({ fuse, hits, all }: Counting, atMs: number): boolean {
  const count = hits.at(atMs)
  if (fuse.kind === 'cap') return count > fuse.count
  const decisions = all.at(atMs)
  return decisions >= fuse.atLeast && count > fuse.share * decisions
}

function begin(fuse: Fuse): Counting {
  const { overMs } = fuse
  return { fuse, hits: new WindowCount(overMs), all: new WindowCount(overMs), trippedUntilMs: Number.NEGATIVE_INFINITY }
}
