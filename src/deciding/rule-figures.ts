import type { RuleDefinition } from '../decisioning/rule-definition.ts'
import type { Outcome } from '../detector/detector-schema.ts'

/** What is counted of a rule, in the order in which it is saved, which grows at its end only. */
export const ruleCounts = [
  /** Decisions made while it was live, and while it was in shadow. */
  'liveDecisions',
  'shadowDecisions',
  /** It applied, and had a say. */
  'fired',
  /** Without it the decision's opinions would have come to another outcome. */
  'alone',
  /** It applied in shadow. */
  'shadow',
  /** Live, it would have led to another outcome. */
  'wouldChange',
  /** It applied, and something held it back: its share was not drawn, a snooze, a fuse. */
  'undrawn',
  'snoozed',
  'fused',
] as const

type RuleCounts = Record<(typeof ruleCounts)[number], number>

/** What a rule has done since it was given its condition and its outcome; switching it from state to state goes on with it. */
export interface RuleFigures extends Readonly<RuleCounts> {
  readonly id: string
  /** The number of the record that made it what it is. */
  readonly version: number
  readonly sinceMs: number
  readonly outcome: Outcome | 'tag'
  /** Whether it is what the policy in force has. */
  readonly isCurrent: boolean
  /** Of decisions that the log keeps, and in which it fired, live or in shadow: what their newest labels say. */
  readonly frauds: number
  readonly legitimate: number
}

/** One version of a rule, counted up. Decisions are counted for all rules at once, so one that is active knows where it began. */
export class CountedRule {
  readonly version: number
  readonly sinceMs: number
  readonly counts: RuleCounts
  readonly labels = { frauds: 0, legitimate: 0 }
  /** What the policy in force has; undefined once that has another one, or none. */
  definition: RuleDefinition | undefined
  readonly id: string
  readonly outcome: Outcome | 'tag'
  #active: { readonly as: 'liveDecisions' | 'shadowDecisions'; readonly from: number } | undefined

  constructor(begun: Pick<CountedRule, 'id' | 'outcome' | 'version' | 'sinceMs' | 'definition'>, counts = noCounts()) {
    this.id = begun.id
    this.outcome = begun.outcome
    this.version = begun.version
    this.sinceMs = begun.sinceMs
    this.definition = begun.definition
    this.counts = counts
  }

  /**
   * Lets it count decisions from here on where it is active at a time; when that ends or begins, infinite if it does not.
   *
   * @param decisions how many there are so far.
   */
  review(decisions: number, atMs: number): number {
    this.stop(decisions)
    const { state, from, until } = this.definition ?? {}
    if (state !== 'live' && state !== 'shadow') return Number.POSITIVE_INFINITY
    const fromMs = from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(from)
    const untilMs = until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until)
    if (atMs < fromMs) return fromMs
    if (atMs >= untilMs) return Number.POSITIVE_INFINITY
    this.#active = { as: state === 'live' ? 'liveDecisions' : 'shadowDecisions', from: decisions }
    return untilMs
  }

  stop(decisions: number): void {
    if (this.#active !== undefined) this.counts[this.#active.as] += decisions - this.#active.from
    this.#active = undefined
  }

  figures(decisions: number): RuleFigures {
    const { id, version, sinceMs, outcome } = this
    const counts = { ...this.counts }
    if (this.#active !== undefined) counts[this.#active.as] += decisions - this.#active.from
    return { id, version, sinceMs, outcome, isCurrent: this.definition !== undefined, ...counts, ...this.labels }
  }
}

export function noCounts(): RuleCounts {
  return {
    liveDecisions: 0,
    shadowDecisions: 0,
    fired: 0,
    alone: 0,
    shadow: 0,
    wouldChange: 0,
    undrawn: 0,
    snoozed: 0,
    fused: 0,
  }
}
